import { expect, it } from 'vitest'

import type { JsonObject } from '../../src/kernel/json.ts'
import { Sender, startEngine, type Engine } from './interface-engine.ts'

/** Event, then the segments behind PID. */
type Message = readonly [event: string, ...segments: readonly string[]]

const PID = 'PID|1||4711^^^NORTH^MR||Salih^Nadia||19870402|F'
const VISIT = `PV1|1|I|W1^05^A${'|'.repeat(16)}V1^^^NORTH^VN`
const diagnosis = ({ code = 'I10', number = '', action = '' }) =>
  `DG1|1||${code}^Text^I10|||A${'|'.repeat(14)}${number}|${action}`

async function after(...messages: readonly Message[]): Promise<Engine> {
  const engine = await startEngine({ ackAt: 'committed' })
  const sender = new Sender(engine.port)
  for (const [at, [event, ...segments]] of messages.entries()) {
    const time = `202603010900${10 + at}`
    const header = `MSH|^~\\&|WARD|NORTH|HUB|MOGRAN|${time}||${event}|M${at}|P|2.6`
    const text = [header, `EVN||${time}`, PID, ...segments, ''].join('\r')
    expect(await sender.send(text), event).toContain('MSA|AA')
  }
  return engine
}

const told = ({ code, verificationStatus }: JsonObject) => {
  const concepts = [code, verificationStatus] as ({ coding?: { code: string }[] } | undefined)[]
  return concepts.flatMap((concept) => concept?.coding?.[0]?.code ?? []).join(' ')
}

async function items({ store }: Engine): Promise<readonly unknown[]> {
  const found = await store.records.range({ collection: 'hl7-worklist', limit: 100 })
  return found.map(({ value }) => (value as JsonObject)['incoming'])
}

it.each(['BAR^P12', 'ADT^A08'])('%s deletes by number a diagnosis that came without one', async (event) => {
  const engine = await after(
    ['ADT^A01', VISIT, diagnosis({}), diagnosis({ code: 'J45' })],
    [event, VISIT, diagnosis({ number: 'D1^NORTH', action: 'D' })],
  )
  expect((await engine.all('Condition')).map(told).toSorted()).toEqual(['I10 entered-in-error', 'J45'])
  expect(await items(engine)).toEqual([])
})

it.each(['BAR^P12', 'ADT^A08'])(
  '%s makes nothing of a deleted diagnosis that nobody knows',
  async (event) => {
    const engine = await after(
      ['ADT^A01', VISIT, diagnosis({ number: 'D2^NORTH' })],
      [event, VISIT, diagnosis({ number: 'D1^NORTH', action: 'D' })],
    )
    expect((await engine.all('Condition')).map(told)).toEqual(['I10'])
    expect(await items(engine)).toEqual([expect.stringContaining('D1')])
  },
)

const procedure = (number: string, action: string) =>
  `PR1|1||4711^Text^OPS||202603010800${'|'.repeat(14)}${number}|${action}`

it.each(['BAR^P12', 'ADT^A08'])(
  '%s deletes a procedure, and makes nothing of an unknown one',
  async (event) => {
    const engine = await after(
      ['ADT^A01', VISIT, procedure('C1^NORTH', 'A')],
      [event, VISIT, procedure('C2^NORTH', 'D')],
    )
    expect(await engine.all('Procedure')).toMatchObject([{ status: 'completed' }])
    expect(await items(engine)).toEqual([expect.stringContaining('C2')])
    const known = await after(
      ['ADT^A01', VISIT, procedure('C1^NORTH', 'A'), procedure('', '')],
      [event, VISIT, procedure('C1^NORTH', 'D'), procedure('', 'D')],
    )
    expect(await known.all('Procedure')).toMatchObject([
      { status: 'entered-in-error' },
      { status: 'entered-in-error' },
    ])
    expect(await items(known)).toEqual([])
  },
)

it('knows a diagnosis again that is added behind its deletion', async () => {
  const [added, deleted] = ['A', 'D'].map((action) => diagnosis({ number: 'D1^NORTH', action }))
  const engine = await after(
    ['BAR^P12', VISIT, added ?? ''],
    ['BAR^P12', VISIT, deleted ?? ''],
    ['BAR^P12', VISIT, added ?? ''],
  )
  expect((await engine.all('Condition')).map(told)).toEqual(['I10'])
  expect(await items(engine)).toEqual([])
})

it('ends none of several diagnoses that fit', async () => {
  const engine = await after(
    ['ADT^A01', VISIT, diagnosis({}), diagnosis({}).replace('Text', 'Other')],
    ['BAR^P12', VISIT, diagnosis({ number: 'D1^NORTH', action: 'D' })],
  )
  expect((await engine.all('Condition')).map(told)).toEqual(['I10', 'I10'])
  expect(await items(engine)).toEqual([expect.stringContaining('D1')])
})

const PLAIN = diagnosis({})
const [D1, D2] = [diagnosis({ number: 'D1^NORTH' }), diagnosis({ number: 'D2^NORTH' })]

it.each([
  ['is the one of its visit and code that came without it', [[PLAIN], [D1], [D1], [PLAIN]], ['D1'], 0],
  ['is another one than that with another number', [[D2], [D1], [D1]], ['D1', 'D2'], 0],
  ['is one of two when the other takes the one of before', [[PLAIN], [D1, D2], [D2, D1]], ['D1', 'D2'], 0],
  ['is another one behind that which took the one of before', [[PLAIN], [D1], [D2], [D2]], ['D1', 'D2'], 0],
  [
    'is another one where it may be one of several',
    [[PLAIN, PLAIN.replace('Text', 'Other')], [D1]],
    ['', '', 'D1'],
    1,
  ],
  ['is another one than that of another code', [[diagnosis({ code: 'J45' })], [D1]], ['', 'D1'], 0],
] as const)('a diagnosis with a number %s', async (...[, messages, numbers, count]) => {
  const engine = await after(...messages.map(([one, two = '']): Message => ['ADT^A08', VISIT, one, two]))
  const found = (await engine.all('Condition')).map(
    ({ identifier }) => (identifier as readonly { value: string }[] | undefined)?.[0]?.value ?? '',
  )
  expect(found.toSorted()).toEqual(numbers)
  expect(await items(engine)).toHaveLength(count)
})

const ofOne = (code: string, action = '') => diagnosis({ code, number: 'D1^NORTH', action })

it.each<[string, readonly (readonly string[])[], readonly string[]]>([
  ['keeps both', [[ofOne('I10'), ofOne('J45')]], ['I10', 'J45']],
  [
    'deletes the one that is named',
    [[ofOne('I10'), ofOne('J45')], [ofOne('J45', 'D')]],
    ['I10', 'J45 entered-in-error'],
  ],
  ['keeps the one that is corrected', [[ofOne('I10')], [ofOne('J45')]], ['J45']],
  [
    'deletes the one of before by another code',
    [[ofOne('I10')], [ofOne('J45', 'D')]],
    ['J45 entered-in-error'],
  ],
  [
    'keeps what is deleted and told in one message',
    [[ofOne('I10')], [ofOne('I10', 'D'), ofOne('I10', 'A')]],
    ['I10'],
  ],
])('of diagnoses with one number %s', async (_, messages, expected) => {
  const all = messages.flatMap((segments): Message[] => [
    ['ADT^A08', VISIT, ...segments],
    ['ADT^A08', VISIT, ...segments],
  ])
  const engine = await after(...all)
  expect((await engine.all('Condition')).map(told).toSorted()).toEqual(expected)
  expect(await items(engine)).toEqual([])
})

it('keeps two diagnoses of one number and code that are told otherwise, and asks', async () => {
  const message: Message = ['ADT^A08', VISIT, D1, D1, D1.replace('Text', 'Other')]
  const engine = await after(message, message)
  expect((await engine.all('Condition')).map(told)).toEqual(['I10', 'I10'])
  expect(await items(engine)).toHaveLength(1)
})

it('keeps procedures of other codes or times that have one number', async () => {
  const [one, two] = [procedure('C1^NORTH', 'A'), procedure('C1^NORTH', 'A').replace('4711', '4712')]
  const deleted: Message = ['ADT^A08', VISIT, two.replace('|A', '|D')]
  const engine = await after(['ADT^A08', VISIT, one, two], ['ADT^A08', VISIT, one, two], deleted)
  const states = (await engine.all('Procedure')).map((each) => `${told(each)} ${each['status'] as string}`)
  expect(states.toSorted()).toEqual(['4711 completed', '4712 entered-in-error'])
  expect(await items(engine)).toEqual([])
  const again: Message = ['ADT^A08', VISIT, one, one.replace('0800', '0900')]
  expect(await (await after(again, again)).all('Procedure')).toHaveLength(2)
})

it.each(['BAR^P01', 'BAR^P02', 'BAR^P05', 'BAR^P06'])('%s without an account says so', async (event) => {
  const engine = await after([event, VISIT])
  const [line] = await engine.store.records.range({ collection: 'hl7-journal', limit: 1 })
  expect(line?.value).toMatchObject({ warnings: [{ kind: 'bad-value', at: 'PID-18' }] })
  expect(await engine.all('Account')).toEqual([])
})
