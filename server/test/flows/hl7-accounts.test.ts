import { expect, it } from 'vitest'

import type { JsonObject } from '../../src/kernel/json.ts'
import { Sender, type Engine } from './interface-engine.ts'
import { after, items, textOf, type Message } from './order-day.ts'

const PID = `PID|1||M1^^^NORTH^MR||Okoye^Ada||19870402|F${'|'.repeat(10)}ACC1^^^NORTH^AN`
const VISIT = `PV1|1|I|W1^05^A${'|'.repeat(16)}V1^^^NORTH^VN`

const about = (event: string, ...segments: readonly string[]): Message => [event, PID, VISIT, ...segments]
const guarantor = (number: string, name = 'Okoye^Sam') => `GT1|1|${number && `${number}^^^NORTH`}|${name}`
const charge = (number: string, kind: string) => `FT1|1|${number}||20260301||${kind}|1001^Bed^L|||1|20&USD`
const procedure = (time: string, code = '4701^Appendectomy^L') => `PR1|1||${code}||${time}`

/** What somebody has to look at. */
const asked = async (engine: Engine) => (await items(engine)).map(({ why, element }) => why ?? element)

const numbersOf = ({ identifier = [] }: JsonObject) =>
  (identifier as readonly JsonObject[]).map(({ value }) => value)

it.each([
  ['with a number, then without', ['G1', '']],
  ['without a number, then with one', ['', 'G1']],
])('knows a guarantor that is told %s', async (_, [first = '', second = '']) => {
  const engine = await after(about('BAR^P01', guarantor(first)), about('BAR^P05', guarantor(second)))
  const people = await engine.all('RelatedPerson')
  expect(people.map(numbersOf)).toEqual([['G1']])
  expect(await engine.all('Account')).toMatchObject([
    { guarantor: [{ party: { reference: `RelatedPerson/${people[0]?.['id'] as string}` } }] },
  ])
  expect(await asked(engine)).toEqual([])
})

it('tells two guarantors of one name apart by their numbers', async () => {
  const engine = await after(about('BAR^P01', guarantor('G1')), about('BAR^P05', guarantor('G2')))
  expect((await engine.all('RelatedPerson')).map(numbersOf)).toEqual([['G1'], ['G2']])
  expect(await asked(engine)).toEqual([])
})

it('asks whether a procedure without a number is the one of before at another time', async () => {
  const engine = await after(
    about('ADT^A01', procedure('20260301100000')),
    about('ADT^A08', procedure('20260301103000')),
    about('ADT^A08', procedure('20260301103000'), procedure('20260301120000', '8703^Scan^L')),
  )
  const done = (await engine.all('Procedure')).map(({ performedDateTime }) => performedDateTime)
  expect(done).toEqual([
    '2026-03-01T10:00:00+00:00',
    '2026-03-01T10:30:00+00:00',
    '2026-03-01T12:00:00+00:00',
  ])
  expect(await asked(engine)).toEqual(['alike'])
})

it('takes two procedures of one code in one message for two', async () => {
  const both = [procedure('20260301100000'), procedure('20260301103000')]
  const engine = await after(about('ADT^A01', ...both), about('ADT^A08', ...both))
  expect(await engine.all('Procedure')).toHaveLength(2)
  expect(await asked(engine)).toEqual([])
})

/** States of the charges, and what somebody has to look at. */
const CREDITS: readonly (readonly [string, readonly [string, string][], readonly string[]])[] = [
  [
    'its number',
    [
      ['T1', 'CG'],
      ['T1', 'CD'],
    ],
    ['aborted'],
  ],
  [
    'a number of its own',
    [
      ['T1', 'CG'],
      ['T2', 'CD'],
    ],
    ['billable', 'aborted', 'alike'],
  ],
  [
    'a number of its own, as a reversal',
    [
      ['T1', 'CG'],
      ['T2', 'R'],
    ],
    ['billable', 'aborted', 'alike'],
  ],
  [
    'no number',
    [
      ['T1', 'CG'],
      ['', 'CD'],
    ],
    ['aborted'],
  ],
]

it.each(CREDITS)('ends a charge by a credit with %s, or asks', async (_, told, expected) => {
  const engine = await after(...told.map(([number, kind]) => about('DFT^P03', charge(number, kind))))
  const states = (await engine.all('ChargeItem')).map(({ status }) => status)
  expect([...states, ...(await asked(engine))]).toEqual(expected)
})

it('takes two charges of one service with numbers of their own for two', async () => {
  const engine = await after(about('DFT^P03', charge('T1', 'CG')), about('DFT^P03', charge('T2', 'CG')))
  expect((await engine.all('ChargeItem')).map(({ status }) => status)).toEqual(['billable', 'billable'])
  expect(await asked(engine)).toEqual([])
})

it.each([
  ['open again', ['active'], ['BAR^P01', 'BAR^P02', 'BAR^P01']],
  ['purged, changed', ['entered-in-error', 'status'], ['BAR^P01', 'BAR^P02', 'BAR^P05']],
  ['ended, opened', ['inactive', 'status'], ['BAR^P01', 'BAR^P06', 'BAR^P01']],
  ['purged, ended', ['entered-in-error', 'status'], ['BAR^P01', 'BAR^P02', 'BAR^P06']],
  ['ended, changed', ['inactive'], ['BAR^P01', 'BAR^P06', 'BAR^P05', 'ADT^A08']],
])('knows whether an account is %s', async (_, expected, events) => {
  const engine = await after(...events.map((event) => about(event)))
  const states = (await engine.all('Account')).map(({ status }) => status)
  expect([...states, ...(await asked(engine))]).toEqual(expected)
})

it('knows what the opening of an account alone has said, though it comes behind its end', async () => {
  const late = textOf(about('BAR^P01', guarantor('G1')), 0)
  const engine = await after(about('BAR^P01'), about('BAR^P06'))
  expect(await new Sender(engine.port).send(late.replace('|M0|', '|M9|'))).toContain('MSA|AA')
  expect(await engine.all('Account')).toMatchObject([{ status: 'inactive', guarantor: [{}] }])
  expect(await asked(engine)).toEqual([])
})

it('counts that somebody asks for protection', async () => {
  const engine = await after(['ADT^A01', PID, `PD1${'|'.repeat(12)}Y`, VISIT])
  expect(engine.flow.tally.unmappedOf('default')).toMatchObject([{ at: 'PD1-12' }, { at: 'EVN-2' }])
  const other = await after(['ADT^A01', PID, `PD1${'|'.repeat(12)}N`, VISIT])
  expect(other.flow.tally.unmappedOf('default')).toMatchObject([{ at: 'EVN-2' }])
})

it.each([
  ['the null deletes an amount', '""', undefined],
  ['the null deletes no other amount', '""|30&USD', { value: 30, currency: 'USD' }],
  ['what is no amount deletes nothing', 'much', { value: 20, currency: 'USD' }],
])('knows what a charge costs: %s', async (_, price, expected) => {
  const told = charge('T1', 'CG')
  const engine = await after(about('DFT^P03', told), about('DFT^P03', told.replace('20&USD', price)))
  expect((await engine.all('ChargeItem')).map(({ priceOverride }) => priceOverride)).toEqual([expected])
})

const insured = (policy: string) => `IN1|1|PLAN1|C1^^^NORTH|Company${'|'.repeat(32)}${policy}`

it.each([
  ['without a policy, then with one', ['', 'P1'], ['', 'P1']],
  ['with a policy, then without', ['P1', ''], ['P1', '']],
  ['with another policy', ['P1', 'P2'], ['P1', 'P2']],
  ['with the same policy', ['P1', 'P1'], ['P1']],
])('asks once whether a coverage is the one of before that is told %s', async (_, told, expected) => {
  const engine = await after(...told.map((policy) => about('BAR^P05', insured(policy))))
  const coverages = await engine.all('Coverage')
  expect(coverages.map(({ subscriberId }) => subscriberId ?? '')).toEqual(expected)
  expect(await asked(engine)).toEqual(expected.length > 1 ? ['alike'] : [])
  const found = await engine.store.records.range({ collection: 'hl7-worklist', limit: 1 })
  for (const { id } of found)
    await engine.store.records.apply([{ op: 'delete', collection: 'hl7-worklist', id }])
  const again = textOf(about('BAR^P05', insured(told[1] ?? '')), 40)
  expect(await new Sender(engine.port).send(again)).toContain('MSA|AA')
  expect(await asked(engine)).toEqual([])
})

it('takes two policies of one plan in a message for two', async () => {
  const engine = await after(about('BAR^P05', insured('P1'), insured('P2').replace('IN1|1', 'IN1|2')))
  expect(await engine.all('Coverage')).toHaveLength(2)
  expect(await asked(engine)).toEqual([])
})

const line = (kind: string, code: string) => charge('T1', kind).replace('1001', code)

it.each([
  ['two lines', [[line('CG', '1001'), line('CG', '2002')]], ['1001 billable', '2002 billable']],
  [
    'a credit of the second',
    [[line('CG', '1001'), line('CG', '2002')], [line('CD', '2002')]],
    ['1001 billable', '2002 aborted'],
  ],
  [
    'a line and its credit',
    [[line('CG', '1001'), line('CG', '2002'), line('CD', '1001')]],
    ['1001 aborted', '2002 billable'],
  ],
  ['a line that is corrected later', [[line('CG', '1001')], [line('CG', '2002')]], ['2002 billable']],
])('tells charges of one number apart by their services: %s', async (_, messages, expected) => {
  const told = messages.flatMap((lines) => [about('DFT^P03', ...lines), about('DFT^P03', ...lines)])
  const engine = await after(...told)
  const charges = (await engine.all('ChargeItem')) as readonly (JsonObject & {
    code: { coding: JsonObject[] }
  })[]
  expect(
    charges.map(({ code, status }) => `${code.coding[0]?.['code'] as string} ${status as string}`),
  ).toEqual(expected)
  expect(await asked(engine)).toEqual([])
})
