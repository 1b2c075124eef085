import { expect, it } from 'vitest'

import { Sender, startEngine } from './interface-engine.ts'

const PID = 'PID|1||4711^^^NORTH^MR||Salih^Nadia||19870402|F'
const ORC = 'ORC|NW|P1^CLINIC||G1^CLINIC'
const OBR = 'OBR|1|P1^CLINIC||24323-8^Metabolic panel^LN'
const RXO = 'RXO|723^Amoxicillin^L|500||mg'
const RXE = 'RXE||723^Amoxicillin^L|500||mg'

interface Parts {
  readonly type: string
  readonly lines: readonly string[]
  readonly version?: string
  readonly id?: string
  /** MSH-15, MSH-16. */
  readonly wants?: string
}

function message({ type, lines, version = '2.5.1', id = 'M1', wants = '|||AL|AL' }: Parts): string {
  const msh = `MSH|^~\\&|CLINIC|NORTH|HUB|MOGRAN|20261128090000||${type}|${id}|P|${version}${wants}`
  return [msh, ...lines, ''].join('\r')
}

/** The two answers of enhanced mode. */
async function exchange(text: string): Promise<readonly string[]> {
  const engine = await startEngine()
  const sender = new Sender(engine.port)
  const both = [sender.next(), sender.next()]
  sender.write(text)
  return Promise.all(both)
}

const namesOf = (answer: string) =>
  answer
    .split('\n')
    .filter(Boolean)
    .map((line) => line.slice(0, 3))
const typeOf = (answer: string) => answer.split('|')[8]

it.each([
  ['ORM^O01^ORM_O01', 'ORR^O02^ORR_O02', [PID, ORC, OBR, OBR], 'PID ORC OBR'],
  ['OMG^O19^OMG_O19', 'ORG^O20^ORG_O20', [PID, ORC, OBR], 'PID ORC'],
  ['OML^O21^OML_O21', 'ORL^O22^ORL_O22', [PID, ORC, OBR], 'PID ORC'],
  ['OML^O33^OML_O33', 'ORL^O34^ORL_O34', [PID, 'SPM|1|S1^CLINIC||BLD', ORC, OBR], 'PID SPM ORC'],
  [
    'OML^O35^OML_O35',
    'ORL^O36^ORL_O36',
    [PID, 'SPM|1|S1^CLINIC||BLD', 'SAC|||C1', ORC, OBR],
    'PID SPM SAC ORC',
  ],
  ['OMI^O23^OMI_O23', 'ORI^O24^ORI_O24', [PID, ORC, OBR, 'IPC|A1|R1|S1|P1'], 'PID ORC OBR IPC'],
  ['OMP^O09^OMP_O09', 'ORP^O10^ORP_O10', [PID, ORC, RXO, 'RXR|PO'], 'PID ORC'],
  ['RDE^O11^RDE_O11', 'RRE^O12^RRE_O12', [PID, ORC, RXE, 'RXR|PO'], 'PID ORC'],
  ['RDE^O25^RDE_O11', 'RRE^O26^RRE_O12', [PID, ORC, RXE, 'RXR|PO'], 'PID ORC'],
  ['RDS^O13^RDS_O13', 'RRD^O14^RRD_O14', [PID, ORC, 'RXD|1|723^Amoxicillin^L|20261128|20|||RX1'], 'PID ORC'],
  [
    'RGV^O15^RGV_O15',
    'RRG^O16^RRG_O16',
    [PID, ORC, 'RXG|1|1||723^Amoxicillin^L|500||mg', 'RXR|IV'],
    'PID ORC',
  ],
  [
    'RAS^O17^RAS_O17',
    'RRA^O18^RRA_O18',
    [PID, ORC, 'RXA|0|1|20261128|20261128|723^Amoxicillin^L|500|mg', 'RXR|PO'],
    'PID ORC',
  ],
  [
    'ORU^R40^ORU_R40',
    'ORA^R41^ORA_R41',
    [PID, 'OBR|1||A1^PUMP|196616^Alert^MDC', 'OBX|1|ST|196616^Event^MDC|1.0.0.0.1|low||||||R'],
    '',
  ],
])('answers %s with %s behind the transport', async (...[type, answer, lines, group]) => {
  const [first = '', second = ''] = await exchange(message({ type, lines }))
  expect(first).toContain('MSA|CA|M1')
  expect(second).toContain('MSA|AA|M1')
  expect(typeOf(second)).toBe(answer)
  expect(namesOf(second).join(' ')).toBe(['MSH MSA', group].filter(Boolean).join(' '))
  const replies = second.split('\n').filter((line) => line.startsWith('ORC'))
  expect(replies).toEqual(group === '' ? [] : ['ORC|OK|P1^CLINIC||G1^CLINIC'])
})

it.each([
  ['2.3', 'ORM^O01', 'ORR^O02'],
  ['2.3', 'RDE^O01', 'RRE^O02'],
  ['2.3.1', 'ORM^O01', 'ORR^O02^ORR_O02'],
  ['2.6', 'RDE^O25^RDE_O11', 'RRE^O26^RRE_O12'],
  ['2.8', 'RDE^O25^RDE_O25', 'RRE^O26^RRE_O26'],
])('names the answer as version %s does: %s by %s', async (version, type, answer) => {
  const lines = [PID, ORC, ...(type.startsWith('RDE') ? [RXE, 'RXR|PO'] : [OBR])]
  const [, second = ''] = await exchange(message({ type, lines, version }))
  expect(typeOf(second)).toBe(answer)
})

it('says what became of each control code', async () => {
  const engine = await startEngine({ answers: 'application' })
  const sender = new Sender(engine.port)
  const replies: string[] = []
  for (const [at, code] of ['NW', 'XO', 'HD', 'RL', 'SS', 'CA'].entries()) {
    const lines = [PID, `ORC|${code}|P1^CLINIC`, OBR]
    const answer = await sender.send(message({ type: 'OML^O21^OML_O21', lines, id: `M${at}`, wants: '' }))
    expect(typeOf(answer)).toBe('ORL^O22^ORL_O22')
    replies.push(/\nORC\|(\w+)\|P1\^CLINIC\n/.exec(answer)?.[1] ?? '')
  }
  expect(replies).toEqual(['OK', 'XR', 'HR', 'OR', 'RR', 'CR'])
})

it('answers an order that cannot be taken without a group, with what is wrong and where', async () => {
  const engine = await startEngine({ answers: 'application' })
  const lines = ['PID|1||||Salih^Nadia', ORC, OBR]
  const answer = await new Sender(engine.port).send(message({ type: 'OML^O21^OML_O21', lines, wants: '' }))
  expect(typeOf(answer)).toBe('ORL^O22^ORL_O22')
  expect(namesOf(answer)).toEqual(['MSH', 'MSA', 'ERR'])
  expect(answer).toContain('MSA|AE|M1')
  expect(answer).toContain('ERR||PID')
})

it('says in MSA-3 alone what is wrong with an order before 2.3, whose answer has no ERR', async () => {
  const engine = await startEngine({ answers: 'application' })
  const lines = ['PID|1||||Salih^Nadia', ORC, OBR]
  const order = message({ type: 'ORM^O01', lines, version: '2.2', wants: '' })
  const answer = await new Sender(engine.port).send(order)
  expect(typeOf(answer)).toBe('ORR^O02')
  expect(namesOf(answer)).toEqual(['MSH', 'MSA'])
  expect(answer).toMatch(/MSA\|AE\|M1\|\w+/)
})

it('answers with a plain acknowledgement in original mode unless the feed wants otherwise', async () => {
  const engine = await startEngine()
  const lines = [PID, ORC, OBR]
  const answer = await new Sender(engine.port).send(message({ type: 'OML^O21^OML_O21', lines, wants: '' }))
  expect(typeOf(answer)).toBe('ACK^O21^ACK')
})

it('answers a point of care device that has an order made with the numbers of the order, since 2.6', async () => {
  const lines = [
    PID,
    'ORC|NW|P1^POCT',
    'OBR|1|P1^POCT||GLU^Glucose',
    'OBX|1|NM|GLU^Glucose||5.5|mmol/L|||||F',
  ]
  const [, answer = ''] = await exchange(message({ type: 'ORU^R30^ORU_R30', version: '2.6', lines }))
  expect(typeOf(answer)).toBe('ORA^R33^ORA_R33')
  expect(namesOf(answer)).toEqual(['MSH', 'MSA', 'ORC'])
  expect(answer).toContain('ORC|OK|P1^POCT')
  const [, before = ''] = await exchange(message({ type: 'ORU^R30^ORU_R30', version: '2.5.1', lines }))
  expect(typeOf(before)).toBe('ACK^R30^ACK')
})
