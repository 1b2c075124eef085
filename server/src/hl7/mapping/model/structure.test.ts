import { expect, it } from 'vitest'

import { parseMessage } from '../../message/parse-message.ts'
import { compileStructure, type Occurrence } from './structure.ts'

const RESULTS = compileStructure(`
  MSH { RESULT: [ PATIENT: PID [{NTE}] [ VISIT: PV1 [PV2] ] ]
    { ORDER: [ COMMON: ORC ] OBR [{NTE}] [{ OBSERVATION: OBX [{NTE}] }] [{ SPECIMEN: SPM [{OBX}] }] } } [DSC]`)

/** `ORDER(OBR COMMON(ORC) …)`: own segments first, then inner brackets. */
function shape({ name, segments, inner }: Occurrence): string {
  return `${name}(${[...segments.map((segment) => segment.name), ...inner.map(shape)].join(' ')})`
}

const arrange = (names: string, structure = RESULTS): string =>
  shape(
    structure.arrange(
      parseMessage(
        `MSH|^~\\&\r${names
          .split(' ')
          .map((name) => `${name}|1`)
          .join('\r')}`.replace('&\r', '&|\r'),
      ).segments,
    ),
  )

it.each([
  [
    'PID PV1 ORC OBR OBX OBX NTE',
    'message(MSH RESULT(PATIENT(PID VISIT(PV1)) ORDER(OBR COMMON(ORC) OBSERVATION(OBX) OBSERVATION(OBX NTE))))',
  ],
  ['PID NTE OBR NTE OBX', 'message(MSH RESULT(PATIENT(PID NTE) ORDER(OBR NTE OBSERVATION(OBX))))'],
  [
    'PID OBR OBX OBR OBX',
    'message(MSH RESULT(PATIENT(PID) ORDER(OBR OBSERVATION(OBX)) ORDER(OBR OBSERVATION(OBX))))',
  ],
  ['PID OBR PID OBR', 'message(MSH RESULT(PATIENT(PID) ORDER(OBR)) RESULT(PATIENT(PID) ORDER(OBR)))'],
  [
    'PID OBR OBX SPM OBX SPM',
    'message(MSH RESULT(PATIENT(PID) ORDER(OBR OBSERVATION(OBX) SPECIMEN(SPM OBX) SPECIMEN(SPM))))',
  ],
  ['OBR OBX', 'message(MSH RESULT(ORDER(OBR OBSERVATION(OBX))))'],
  ['PID OBR ZZZ OBX DSC', 'message(MSH DSC RESULT(PATIENT(PID) ORDER(OBR ZZZ OBSERVATION(OBX))))'],
  ['PID OBR OBX PV2', 'message(MSH RESULT(PATIENT(PID) ORDER(OBR OBSERVATION(OBX PV2))))'],
  [
    'PID OBR DSC OBR OBX',
    'message(MSH DSC RESULT(PATIENT(PID) ORDER(OBR)) RESULT(ORDER(OBR OBSERVATION(OBX))))',
  ],
  ['PID OBX OBX', 'message(MSH RESULT(PATIENT(PID) ORDER(OBSERVATION(OBX) OBSERVATION(OBX))))'],
  ['PV2 OBR OBX NTE', 'message(MSH RESULT(PATIENT(VISIT(PV2)) ORDER(OBR OBSERVATION(OBX NTE))))'],
])('arranges %s', (names, expected) => {
  expect(arrange(names)).toBe(expected)
})

it.each([
  ['ORC OBR NTE PRT OBX', 'message(MSH ORDER(ORC OBR NTE PRT OBSERVATION(OBX)))'],
  ['ORC OBR TQ1 OBX', 'message(MSH ORDER(ORC OBR TIMING(TQ1) OBSERVATION(OBX)))'],
  ['ORC OBR ORC PRT OBR', 'message(MSH ORDER(ORC OBR) ORDER(ORC PRT OBR))'],
  ['OBR OBX OBR OBX', 'message(MSH ORDER(OBR OBSERVATION(OBX)) ORDER(OBR OBSERVATION(OBX)))'],
  ['NTE OBR OBX', 'message(MSH ORDER(NTE OBR OBSERVATION(OBX)))'],
])('of an order whose parts may all be missing, reads %s', (names, expected) => {
  const orders = compileStructure(`
    MSH { ORDER: [ORC] [{NTE}] [{PRT}] [{ TIMING: TQ1 }] [OBR] [RXO] [{ OBSERVATION: OBX [{NTE}] }] }`)
  expect(arrange(names, orders)).toBe(expected)
})

it.each(['MSH [PID', 'MSH PID]', 'MSH { PID PV1 }', 'MSH pid', '[ ]'])('refuses %j', (text) => {
  expect(() => compileStructure(text)).toThrow(SyntaxError)
})
