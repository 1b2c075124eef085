import { expect, it } from 'vitest'

import { systemCaller } from '../../src/auth/caller.ts'
import { createMerging } from '../../src/hl7/merging/create-merging.ts'
import type { JsonObject } from '../../src/kernel/json.ts'
import { Sender, startEngine, type Engine } from './interface-engine.ts'

interface Sent {
  readonly event: string
  readonly minute: number
  readonly segments: readonly string[]
}

const at = (minute: number, event: string, ...segments: readonly string[]): Sent => ({
  event,
  minute,
  segments,
})

function textOf({ event, minute, segments }: Sent, id: string): string {
  const time = `2026030108${String(minute).padStart(2, '0')}`
  const evn = event.startsWith('ORU') ? [] : [`EVN||${time}`]
  return [`MSH|^~\\&|ADT|NORTH|HUB|MAIN|${time}||${event}|${id}|P|2.5.1`, ...evn, ...segments, ''].join('\r')
}

const NAMES: Readonly<Record<string, string>> = { '1': 'Okoye^Ada', '2': 'Bello^Ben' }
const pid = (number: string, account = '') =>
  `PID|1||${number}^^^HOSP^MR||${NAMES[number] ?? ''}${account && `${'|'.repeat(13)}${account}^^^HOSP^AN`}`
const VISIT = `PV1|1|I|W1${'|'.repeat(16)}V1^^^HOSP^VN`
const VISIT_2 = VISIT.replace('V1^', 'V2^')
const report = (number: string, status: string, value: string) => [
  `OBR|1||${number}^LAB|${number}^Panel${'|'.repeat(21)}${status}`,
  `OBX|1|NM|A^Test||${value}|mmol/L|||||${status}`,
]

const BEFORE: readonly Sent[] = [
  at(0, 'ADT^A01', pid('1', 'ACC1'), VISIT),
  at(1, 'ADT^A28', pid('2')),
  at(2, 'ORU^R01', pid('1', 'ACC1'), VISIT, ...report('F1', 'F', '7.1')),
  at(3, 'ORU^R01', pid('1'), ...report('F2', 'F', '8.2')),
  at(4, 'DFT^P03', pid('1', 'ACC1'), VISIT, 'FT1|1|T1||20260301||CG|1001^Visit^L'),
]
const VISIT_MOVES = at(5, 'ADT^A45^ADT_A45', pid('2'), 'MRG|1^^^HOSP^MR||||V1^^^HOSP^VN', VISIT)
const ACCOUNT_MOVES = at(5, 'ADT^A44^ADT_A43', pid('2', 'ACC1'), 'MRG|1^^^HOSP^MR||ACC1^^^HOSP^AN')

async function after(messages: readonly Sent[]) {
  const engine = await startEngine({ ackAt: 'committed' })
  const { records, resources: reader } = engine.store
  const reported: unknown[] = []
  const merging = createMerging({
    records,
    reader,
    resources: engine.resources,
    report: (error) => void reported.push(error),
  })
  const peer = new Sender(engine.port)
  let sent = 0
  const send = async (list: readonly Sent[]) => {
    for (const one of list) expect(await peer.send(textOf(one, `M${++sent}`)), one.event).toContain('MSA|AA')
    await merging.run()
    expect(reported).toEqual([])
  }
  await send(messages)
  return { engine, merging, send }
}

/** Number of each resource of a type, and whose it is. */
async function owners(engine: Engine, type: string): Promise<readonly string[]> {
  const patients = new Map(
    (await engine.all('Patient')).map(({ id, identifier }) => [
      `Patient/${id as string}`,
      numberOf(identifier),
    ]),
  )
  const all = (await engine.all(type)).map(({ identifier, subject }) => {
    const [owner] = Array.isArray(subject) ? (subject as readonly JsonObject[]) : [subject as JsonObject]
    return `${numberOf(identifier)} of ${patients.get(owner?.['reference'] as string) ?? 'nobody'}`
  })
  return all.toSorted()
}

function numberOf(identifier: unknown): string {
  return (identifier as readonly { readonly value: string }[])[0]?.value ?? ''
}

const items = async ({ store }: Engine) => store.records.range({ collection: 'hl7-worklist', limit: 10 })

it.each([
  ['visit', VISIT_MOVES],
  ['account', ACCOUNT_MOVES],
])('writes nothing when everything is sent again after the move of a %s', async (_what, move) => {
  const { engine, send } = await after([...BEFORE, move])
  expect(await owners(engine, 'Encounter')).toEqual(['V1 of 2'])
  expect(await owners(engine, 'DiagnosticReport')).toEqual(['F1 of 2', 'F2 of 1'])
  expect(await owners(engine, 'ChargeItem')).toEqual(['T1 of 2'])
  const before = await engine.commits()
  await send([...BEFORE, move])
  const changed = (await engine.commits()).slice(before.length).flatMap(({ changes }) => changes)
  expect(changed.map(({ type }) => type)).toEqual([])
  expect(await items(engine)).toEqual([])
})

it('takes what is late to the patient who has the visit now, and asks about what was said behind the move', async () => {
  const { engine, send } = await after([...BEFORE, VISIT_MOVES])
  await send([at(4, 'ORU^R01', pid('1'), VISIT, ...report('F3', 'F', '9'))])
  expect(await owners(engine, 'DiagnosticReport')).toEqual(['F1 of 2', 'F2 of 1', 'F3 of 2'])
  expect(await items(engine)).toEqual([])
  await send([at(9, 'ORU^R01', pid('1'), ...report('F1', 'C', '7.9'))])
  expect(await owners(engine, 'DiagnosticReport')).toEqual(['F1 of 2', 'F2 of 1', 'F3 of 2'])
  expect(JSON.stringify(await engine.all('Observation'))).toContain('7.9')
  expect((await items(engine)).map(({ value }) => value)).toMatchObject([
    { incoming: expect.stringContaining('F1|LAB') as string, why: 'moved' },
  ])
  expect(await owners(engine, 'Encounter')).toEqual(['V1 of 2'])
})

it('takes the move of an account back as a whole', async () => {
  const { engine, merging } = await after([...BEFORE, ACCOUNT_MOVES])
  expect(await owners(engine, 'Account')).toEqual(['ACC1 of 2'])
  const [move] = (await merging.list()).merges
  expect(await merging.undo(systemCaller('test', 'system'), move?.id ?? '')).toMatchObject({ left: [] })
  for (const type of ['Account', 'Encounter', 'DiagnosticReport', 'ChargeItem'])
    expect(new Set((await owners(engine, type)).map((one) => one.slice(-1))), type).toEqual(new Set(['1']))
})

it('follows a thing that moves on, and whoever was merged meanwhile', async () => {
  const back = at(6, 'ADT^A45^ADT_A45', pid('1'), 'MRG|2^^^HOSP^MR||||V1^^^HOSP^VN', VISIT)
  const merge = at(7, 'ADT^A40^ADT_A39', pid('3'), 'MRG|1^^^HOSP^MR')
  const { engine, send } = await after([...BEFORE, VISIT_MOVES, back])
  expect(await owners(engine, 'Encounter')).toEqual(['V1 of 1'])
  await send([VISIT_MOVES, merge])
  const before = await owners(engine, 'DiagnosticReport')
  await send(BEFORE)
  expect(await owners(engine, 'DiagnosticReport')).toEqual(before)
  expect(await engine.all('Encounter')).toHaveLength(1)
})

const NUMBERS = (...numbers: readonly string[]) =>
  `PID|1||${numbers.map((one) => `${one}^^^HOSP^MR`).join('~')}`
const CLINIC = '9^^^CLINIC^PI'

it('moves one number of several to the right patient, and leaves everything else where it is', async () => {
  const both = at(0, 'ADT^A28', `${NUMBERS('1')}~${CLINIC}||Okoye^Ada`)
  const move = at(5, 'ADT^A43^ADT_A43', pid('2'), `MRG|${CLINIC}`)
  const { engine, send } = await after([both, ...BEFORE.slice(1), move])
  const state = async () =>
    (await engine.all('Patient')).map(({ active, identifier, link }) => [
      active ?? true,
      (identifier as readonly { value: string }[]).map(({ value }) => value).toSorted(),
      link,
    ])
  const moved = [
    [true, ['2', '9'], undefined],
    [true, ['1'], undefined],
  ]
  expect(new Set(await state())).toEqual(new Set(moved))
  expect((await items(engine)).map(({ value }) => value)).toMatchObject([
    { incoming: '{"system":"urn:mogran:assigner:CLINIC","value":"9"}', why: 'given' },
  ])
  const before = (await engine.commits()).length
  await send([both, ...BEFORE.slice(1), move])
  const changed = (await engine.commits()).slice(before).flatMap(({ changes }) => changes)
  expect(changed.map(({ type }) => type)).toEqual([])
  expect(await items(engine)).toHaveLength(1)
  await send([at(7, 'ORU^R01', `PID|1||${CLINIC}||Bello^Ben`, ...report('F9', 'F', '5'))])
  expect(await owners(engine, 'DiagnosticReport')).toEqual(['F1 of 1', 'F2 of 1', 'F9 of 2'])
})

it('moves all that a patient has whose only number was filed wrongly', async () => {
  const move = at(5, 'ADT^A43^ADT_A43', pid('2'), 'MRG|1^^^HOSP^MR')
  const { engine } = await after([...BEFORE, move])
  expect(await owners(engine, 'DiagnosticReport')).toEqual(['F1 of 2', 'F2 of 2'])
  expect(await items(engine)).toEqual([])
})

it.each([
  ['accounts', at(6, 'ADT^A41^ADT_A39', pid('2', 'ACC2'), 'MRG|1^^^HOSP^MR||ACC1^^^HOSP^AN'), 'MRG^1^3^1'],
  ['visits', at(6, 'ADT^A42^ADT_A39', pid('2'), 'MRG|1^^^HOSP^MR||||V1^^^HOSP^VN', VISIT_2), 'MRG^1^5^1'],
])('makes no one of %s of two patients', async (_what, merge, place) => {
  const { engine } = await after([...BEFORE, at(1, 'ADT^A01', pid('2', 'ACC2'), VISIT_2)])
  const before = [await owners(engine, 'Account'), await owners(engine, 'Encounter')]
  const ack = await new Sender(engine.port).send(textOf(merge, 'X'))
  expect(ack).toContain('MSA|AE|X')
  expect(ack).toContain(`ERR||${place}|204^`)
  expect([await owners(engine, 'Account'), await owners(engine, 'Encounter')]).toEqual(before)
})
