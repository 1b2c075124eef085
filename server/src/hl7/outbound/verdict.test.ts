import { expect, it } from 'vitest'

import { answeredId } from './mllp-sender.ts'
import { verdictOf } from './verdict.ts'

const answer = (code: string, ...lines: readonly string[]) =>
  Buffer.from(['MSH|^~\\&|LAB||HUB||2026||ORL^O22|1|P|2.5.1', `MSA|${code}|C1|no`, ...lines].join('\r'))

it.each([
  ['AA', 'taken', 'answered', undefined],
  ['CA', 'taken', 'sent', undefined],
  ['AE', 'refused', 'dead', 'AE no'],
  ['CE', 'refused', 'dead', 'CE no'],
  ['AR', 'rejected', 'dead', 'AR no'],
  ['CR', 'rejected', 'dead', 'CR no'],
  ['', 'unknown', 'dead', 'no'],
])('%s is %s', (code, ...[outcome, state, reason]) => {
  expect(verdictOf(answer(code))).toEqual({ code, outcome, state, ...(reason && { reason }) })
})

it('reads the fields of a receiver that fills them up with blanks', () => {
  const padded = Buffer.from('MSH|^~\\&|LAB||HUB||2026||ACK|1|P|2.3\rMSA|AA  |C1                  |\r')
  expect(verdictOf(padded)).toEqual({ code: 'AA', outcome: 'taken', state: 'answered' })
  expect(answeredId(padded)).toBe('C1')
})

it('an answer without a code says what is missing', () => {
  expect(verdictOf(Buffer.from('MSH|^~\\&|LAB\rMSA||C1')).reason).toBe('MSA-1 is missing')
})

it.each([
  ['its code', 'ERR|||101', 'AE no 101'],
  [
    'its place and text',
    'ERR||PV1^1^2|103^Not in table|E||||Class is not set up',
    'AE no PV1-2 103 Class is not set up',
  ],
  ['the words of its code', 'ERR||OBX^3^5^1^2|103^Not in table|E', 'AE no OBX[3]-5[1].2 103 Not in table'],
  ['the first of several places', 'ERR||PID^1^5~PID^1^7|101|E', 'AE no PID-5 101'],
  ['its place, and no text twice', 'ERR||PID^1^3|101|E||||no', 'AE no PID-3 101'],
  [
    'what 2.4 puts into its first field',
    'ERR|PID^1^5^101&Required field missing',
    'AE no PID-5 101 Required field missing',
  ],
  ['nothing where it says nothing', 'ERR|', 'AE no'],
])('names an error of a refusal by %s', (_what, line, reason) => {
  expect(verdictOf(answer('AE', line)).reason).toBe(reason)
})

it('reads the texts of a receiver in the letters that it writes', () => {
  expect(verdictOf(answer('AE', 'ERR||PID^1^5|101|E||||الاسم ناقص')).reason).toBe('AE no PID-5 101 الاسم ناقص')
})

it.each([
  ['UC', 'unable to cancel'],
  ['UD', 'unable to discontinue'],
  ['UH', 'unable to put on hold'],
  ['UR', 'unable to release'],
  ['UX', 'unable to change'],
])('a message that was taken, and is answered by %s, waits for a person', (control, words) => {
  const verdict = verdictOf(answer('AA', 'ORC|OK|P1', `ORC|${control}|P2`))
  expect(verdict).toMatchObject({
    outcome: 'taken',
    state: 'dead',
    reason: `AA no ORC-1 ${control}: ${words}`,
  })
})

it('a message about an order that its receiver does not find waits for a person', () => {
  const verdict = verdictOf(answer('AA', 'ORC|SC|P1|||ER'))
  expect(verdict).toMatchObject({ state: 'dead', reason: 'AA no ORC-5 ER: order not found' })
})

it('an order that is not accepted is over, which the order itself says', () => {
  expect(verdictOf(answer('AA', 'ORC|UA|P1'))).toMatchObject({ state: 'answered' })
})

it('reads an answer with other delimiters', () => {
  const text = 'MSH!^~\\&!LAB!!HUB!!2026!!ORR^O02!1!P!2.3\rMSA!AA!C1\rORC!UC!P1'
  expect(verdictOf(Buffer.from(text)).reason).toBe('AA ORC-1 UC: unable to cancel')
})
