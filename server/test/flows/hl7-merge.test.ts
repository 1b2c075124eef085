import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, it } from 'vitest'

import { systemCaller } from '../../src/auth/caller.ts'
import { createMerging } from '../../src/hl7/merging/create-merging.ts'
import { putMerge } from '../../src/hl7/record/merge-record.ts'
import { uuid7 } from '../../src/kernel/ids.ts'
import type { JsonObject } from '../../src/kernel/json.ts'
import { freshFolder, freshStore } from '../fresh-store.ts'
import { engineOn, MAPPINGS, Sender, startEngine, type Engine } from './interface-engine.ts'

const header = (type: string, id: string, time: string) =>
  `MSH|^~\\&|ADT|NORTH|HUB|MAIN|${time}||${type}|${id}|P|2.5.1`
const visit = (number: string) => `PV1|1|I|W1${'|'.repeat(16)}${number}^^^HOSP^VN`
const text = (...lines: readonly string[]) => lines.join('\r')

const ADMIT_KEPT = text(
  header('ADT^A01', '1', '20260301080000'),
  'EVN|A01',
  'PID|1||4711^^^HOSP^MR||Okoye^Ada',
  visit('V1'),
)
const ADMIT_DOUBLE = text(
  header('ADT^A01', '2', '20260301081000'),
  'EVN|A01',
  'PID|1||99^^^HOSP^MR||Okoye^Adah',
  visit('V2'),
)
const RESULT = text(
  header('ORU^R01', '3', '20260301082000'),
  'PID|1||99^^^HOSP^MR||Okoye^Adah',
  'OBR|1||F1^LAB|X^Panel|||||||||||||||||||||F',
  'OBX|1|NM|A^Test||7.10|mmol/L|||||F',
)
const MERGE = text(
  header('ADT^A40^ADT_A39', '4', '20260301083000'),
  'EVN|A40',
  'PID|1||4711^^^HOSP^MR||Okoye^Ada',
  'MRG|99^^^HOSP^MR',
)
const EVERYTHING = [ADMIT_KEPT, ADMIT_DOUBLE, RESULT, MERGE]

async function engineWith(messages: readonly string[]) {
  const engine = await startEngine({ ackAt: 'committed' })
  const { records, resources: reader } = engine.store
  const reported: unknown[] = []
  const report = (error: unknown) => void reported.push(error)
  const merging = createMerging({ records, reader, resources: engine.resources, report })
  const peer = new Sender(engine.port)
  const send = async (list: readonly string[]) => {
    for (const message of list) expect(await peer.send(message)).toMatch(/MSA\|AA/)
  }
  await send(messages)
  return { engine, merging, send, reported }
}

const wholeReport = (id: string, status: string, ...results: readonly string[]) =>
  text(
    header('ORU^R01', id, `2026030108000${id}`),
    'PID|1||4711^^^HOSP^MR||Okoye^Ada',
    `OBR|1||F1^LAB|X^Panel${'|'.repeat(21)}${status}`,
    ...results,
  )
const referenceTo = (patient: JsonObject | undefined) => `Patient/${patient?.['id'] as string}`
const numbered = async (engine: Engine, number: string): Promise<JsonObject | undefined> =>
  (await engine.all('Patient')).find(({ identifier }) =>
    JSON.stringify(identifier).includes(`"${number}","system"`),
  )
const refer = (resources: readonly JsonObject[], element: string) =>
  new Set(resources.map((one) => (one[element] as JsonObject)['reference']))

it('makes one patient of two: links, numbers, aliases, and every reference', async () => {
  const { engine, merging, reported } = await engineWith(EVERYTHING)
  await merging.run()
  expect(reported).toEqual([])
  const patients = await engine.all('Patient')
  const [kept, double] = [true, false].map((isKept) =>
    patients.find(({ active }) => (active !== false) === isKept),
  )
  expect(kept).toMatchObject({
    link: [{ other: { reference: referenceTo(double) }, type: 'replaces' }],
  })
  expect(kept?.['identifier']).toEqual([
    expect.objectContaining({ value: '4711' }),
    expect.objectContaining({ value: '99', use: 'old' }),
  ])
  expect(double).toMatchObject({
    active: false,
    link: [{ other: { reference: referenceTo(kept) }, type: 'replaced-by' }],
  })
  const survivor = new Set([referenceTo(kept)])
  expect(refer(await engine.all('Encounter'), 'subject')).toEqual(survivor)
  expect(refer(await engine.all('Observation'), 'subject')).toEqual(survivor)
  expect(refer(await engine.all('DiagnosticReport'), 'subject')).toEqual(survivor)
  expect(JSON.stringify((await engine.all('Observation'))[0])).toContain('7.1')
})

it('writes nothing when everything is sent again after a merge', async () => {
  const { engine, merging, send } = await engineWith(EVERYTHING)
  await merging.run()
  const before = await engine.commits()
  const again = EVERYTHING.map((message) => message.replace(/\|(\d)\|P\|/, '|again$1|P|'))
  await send(again)
  await merging.run()
  const after = await engine.commits()
  const changed = after.slice(before.length).flatMap(({ changes }) => changes.map(({ type }) => type))
  expect(changed).toEqual([])
})

it('takes a merge back, as far as nobody has changed it since', async () => {
  const { engine, merging } = await engineWith(EVERYTHING)
  await merging.run()
  const [merge] = (await merging.list()).merges
  expect(merge).toMatchObject({ kind: 'merge', state: 'done', moved: 3 })
  const undone = await merging.undo(systemCaller('test', 'system'), merge?.id ?? '')
  expect(undone).toMatchObject({ state: 'undone', left: [] })
  const patients = await engine.all('Patient')
  expect(patients.map(({ active, link }) => [active ?? true, link])).toEqual([
    [true, undefined],
    [true, undefined],
  ])
  const double = await numbered(engine, '99')
  expect(refer(await engine.all('Observation'), 'subject')).toEqual(new Set([referenceTo(double)]))
  await expect(merging.undo(systemCaller('test', 'system'), merge?.id ?? '')).rejects.toMatchObject({
    kind: 'conflict',
  })
})

it('gives the survivor the number of one that nobody knew', async () => {
  const late = text(
    header('ORU^R01', '9', '20260301090000'),
    'PID|1||99^^^HOSP^MR||Okoye^Adah',
    'OBR|1||F9^LAB|X^Panel|||||||||||||||||||||F',
  )
  const { engine } = await engineWith([ADMIT_KEPT, MERGE, late])
  const patients = await engine.all('Patient')
  expect(patients).toHaveLength(1)
  expect(refer(await engine.all('DiagnosticReport'), 'subject')).toEqual(new Set([referenceTo(patients[0])]))
})

it('knows a patient whose number was changed by both numbers', async () => {
  const changed = text(
    header('ADT^A47^ADT_A30', '5', '20260301083000'),
    'EVN|A47',
    'PID|1||1000^^^HOSP^MR||Okoye^Ada',
    'MRG|4711^^^HOSP^MR',
  )
  const old = text(
    header('ORU^R01', '6', '20260301084000'),
    'PID|1||4711^^^HOSP^MR||Okoye^Ada',
    'OBR|1||F2^LAB|X^Panel|||||||||||||||||||||F',
  )
  const { engine } = await engineWith([ADMIT_KEPT, changed, old])
  expect(await engine.all('Patient')).toHaveLength(1)
})

it('moves a visit with everything that refers to it, and leaves the rest', async () => {
  const moved = text(
    header('ADT^A45^ADT_A45', '5', '20260301083000'),
    'EVN|A45',
    'PID|1||4711^^^HOSP^MR||Okoye^Ada',
    'MRG|99^^^HOSP^MR',
    visit('V2'),
  )
  const { engine, merging } = await engineWith([ADMIT_KEPT, ADMIT_DOUBLE, RESULT, moved])
  await merging.run()
  const kept = await numbered(engine, '4711')
  const double = await numbered(engine, '99')
  expect(refer(await engine.all('Encounter'), 'subject')).toEqual(new Set([referenceTo(kept)]))
  expect(refer(await engine.all('Observation'), 'subject')).toEqual(new Set([referenceTo(double)]))
  expect((await engine.all('Patient')).map(({ active }) => active ?? true)).toEqual([true, true])
})

/** Chapter 3, A44 and A45: PID and MRG name what is above the thing that moves, in its new and its old place. */
const admitted = (mrn: string, account: string) =>
  text(
    header('ADT^A01', `${mrn}${account}`, '20260301080000'),
    'EVN|A01',
    `PID|1||${mrn}^^^HOSP^MR||Okoye^Ada${'|'.repeat(13)}${account}^^^HOSP^AN`,
    visit(`V${account}`),
  )
const ofVisit = text(
  header('ORU^R01', 'r', '20260301082000'),
  'PID|1||99^^^HOSP^MR||Okoye^Adah',
  visit('VA2'),
  'OBR|1||F1^LAB|X^Panel|||||||||||||||||||||F',
  'OBX|1|NM|A^Test||7.10|mmol/L|||||F',
)
const move = (event: string, account: string, ...more: readonly string[]) =>
  text(
    header(event, 'm', '20260301083000'),
    'EVN|A44',
    `PID|1||4711^^^HOSP^MR||Okoye^Ada${'|'.repeat(13)}${account}^^^HOSP^AN`,
    ...more,
  )

it.each([
  ['with its number', 'A2'],
  ['under a new number', 'A9'],
])('moves an account %s, with its visits and what was found in them', async (_how, account) => {
  const moved = move('ADT^A44^ADT_A43', account, 'MRG|99^^^HOSP^MR||A2^^^HOSP^AN')
  const { engine, merging, reported } = await engineWith([
    admitted('4711', 'A1'),
    admitted('99', 'A2'),
    ofVisit,
    moved,
  ])
  await merging.run()
  expect(reported).toEqual([])
  const kept = new Set([referenceTo(await numbered(engine, '4711'))])
  const accounts = (await engine.all('Account')).filter(({ status }) => status === 'active')
  expect(new Set(accounts.map(({ subject }) => JSON.stringify(subject)))).toHaveProperty('size', 1)
  expect(refer(await engine.all('Encounter'), 'subject')).toEqual(kept)
  expect(refer(await engine.all('Observation'), 'subject')).toEqual(kept)
  expect(refer(await engine.all('DiagnosticReport'), 'subject')).toEqual(kept)
})

it('a rehearsal of a merge says what it would do', async () => {
  const { engine } = await engineWith([ADMIT_KEPT, ADMIT_DOUBLE])
  const [, double] = await engine.store.records.range({ collection: 'hl7-journal', limit: 9 })
  const plan = await engine.flow.processing.rehearse(double?.id ?? '', Buffer.from(MERGE))
  const changes = plan.changes().map(({ element, after }) => [element, after])
  expect(changes).toContainEqual(['active', false])
  expect(changes).toContainEqual(['link[0].type', 'replaced-by'])
  expect(changes).toContainEqual(['link[0].type', 'replaces'])
})

it('a merge that a person has taken back is not done again by its message, but by another one', async () => {
  const { engine, merging, send } = await engineWith([ADMIT_KEPT, ADMIT_DOUBLE, MERGE])
  await merging.run()
  const [merge] = (await merging.list()).merges
  await merging.undo(systemCaller('test', 'system'), merge?.id ?? '')
  const living = async () => (await engine.all('Patient')).filter(({ active }) => active !== false)
  await engine.flow.processing.replay(merge?.message ?? '')
  expect(await living()).toHaveLength(2)
  await send([MERGE.replace('|4|P', '|5|P')])
  expect(await living()).toHaveLength(1)
})

it('moves a visit to another account of the same patient', async () => {
  const moved = move('ADT^A45^ADT_A45', 'A2', 'MRG|4711^^^HOSP^MR||A1^^^HOSP^AN||VA1^^^HOSP^VN', visit('VA1'))
  const { engine, merging } = await engineWith([admitted('4711', 'A1'), admitted('4711', 'A2'), moved])
  await merging.run()
  const visits = await engine.all('Encounter')
  expect(visits).toHaveLength(2)
  expect(new Set(visits.map(({ account }) => JSON.stringify(account)))).toHaveProperty('size', 1)
})

it('withdraws a result that a corrected report leaves out, when the feed sends whole reports', async () => {
  const folder = await freshFolder()
  await cp(MAPPINGS, folder, { recursive: true })
  const feed = join(folder, 'feeds', 'default.yaml')
  await writeFile(feed, `${await readFile(feed, 'utf8')}\nvariables: { snapshots: 'yes' }\n`)
  const engine = await engineOn(await freshStore(), { ackAt: 'committed' }, { mappings: folder })
  const peer = new Sender(engine.port)
  await peer.send(wholeReport('1', 'F', 'OBX|1|NM|A^Test||1||||||F', 'OBX|2|NM|B^Test||2||||||F'))
  await peer.send(wholeReport('2', 'C', 'OBX|1|NM|A^Test||1.5||||||C'))
  const states = (await engine.all('Observation')).map(({ code, status }) => [
    ((code as JsonObject)['coding'] as readonly JsonObject[])[0]?.['code'],
    status,
  ])
  expect(Object.fromEntries(states as [string, string][])).toEqual({ A: 'corrected', B: 'entered-in-error' })
})

const merged = (kept: string, gone: string, id: string) =>
  text(
    header('ADT^A40^ADT_A39', id, `2026030109000${id}`),
    'EVN|A40',
    `PID|1||${kept}^^^HOSP^MR`,
    `MRG|${gone}^^^HOSP^MR`,
  )

it('does not take who was merged for who is now: a message by the number of before moves the visit, and nobody is renamed', async () => {
  const { engine, merging, send, reported } = await engineWith([
    ADMIT_KEPT,
    ADMIT_DOUBLE,
    merged('4711', '99', '5'),
  ])
  await merging.run()
  await send([
    text(header('ADT^A28', '6', '20260301090006'), 'EVN|A28', 'PID|1||1^^^HOSP^MR||Okoye^Ada Mary'),
    merged('1', '4711', '7'),
  ])
  await merging.run()
  await send([
    text(
      header('ADT^A02', '8', '20260301090008'),
      'EVN|A02',
      'PID|1||99^^^HOSP^MR||Okoye^Adah',
      visit('V2').replace('W1', 'W2'),
    ),
  ])
  await merging.run()
  await send([text(header('ADT^A31', '9', '20260301090009'), 'EVN|A31', 'PID|1||1^^^HOSP^MR||Okoye^Mary')])
  expect(reported).toEqual([])
  const living = (await engine.all('Patient')).filter(({ active }) => active !== false)
  expect(living).toMatchObject([{ name: [{ given: ['Mary'] }] }])
  expect(refer(await engine.all('Encounter'), 'subject')).toEqual(new Set([referenceTo(living[0])]))
  expect(JSON.stringify(await engine.all('Location'))).toContain('W2')
  const items = await engine.store.records.range({ collection: 'hl7-worklist', limit: 10 })
  expect(items.map(({ value }) => (value as JsonObject)['incoming'])).toEqual([
    '{"system":"urn:mogran:assigner:HOSP","value":"99"}',
  ])
})

async function threeOfWhomTwoAreMerged() {
  const third = text(header('ADT^A28', '3', '20260301082500'), 'EVN|A28', 'PID|1||500^^^HOSP^MR||Okoye^A')
  const hub = await engineWith([ADMIT_KEPT, ADMIT_DOUBLE, third, merged('4711', '99', '4')])
  await hub.merging.run()
  return hub
}

it('merges others into who was merged before without asking anybody, but asks when the number of before shall survive', async () => {
  const { engine, merging, send } = await threeOfWhomTwoAreMerged()
  await send([merged('99', '500', '5')])
  await merging.run()
  const living = (await engine.all('Patient')).filter(({ active }) => active !== false)
  expect(living).toMatchObject([{ identifier: [{ value: '4711' }, { value: '99' }, { value: '500' }] }])
  const items = async () =>
    (await engine.store.records.range({ collection: 'hl7-worklist', limit: 10 })).length
  expect(await items()).toBe(0)
  await send([merged('99', '4711', '6')])
  expect(await items()).toBe(1)
})

it('asks somebody when two are unlinked who were merged, and unlinks who were only linked', async () => {
  const [one, two] = ['4711', '99'].map((number) => `PID|1||${number}^^^HOSP^MR||Okoye^Ada`)
  const both = (event: string, id: string) =>
    text(header(`ADT^${event}`, id, `2026030109000${id}`), `EVN|${event}`, one ?? '', two ?? '')
  const { engine, merging, send } = await engineWith([
    ADMIT_KEPT,
    ADMIT_DOUBLE,
    both('A24', '4'),
    both('A37', '5'),
  ])
  const links = async () => (await engine.all('Patient')).map(({ link }) => link)
  const items = async () => engine.store.records.range({ collection: 'hl7-worklist', limit: 10 })
  expect(await links()).toEqual([undefined, undefined])
  expect(await items()).toEqual([])
  await send([merged('4711', '99', '6')])
  await merging.run()
  await send([both('A37', '7')])
  expect(await links()).toMatchObject([[{ type: 'replaces' }], [{ type: 'replaced-by' }]])
  expect((await items()).map(({ value }) => value)).toMatchObject([
    { why: 'former', incoming: '{"system":"urn:mogran:assigner:HOSP","value":"99"}' },
  ])
})

/** Later than what was merged before. */
async function addMoves({ store: { records } }: Engine, count: number): Promise<void> {
  const made = { kind: 'move', from: 'Patient/a', to: 'Patient/b', state: 'done', feed: 'default' } as const
  const none = { aliases: [], identifiers: [], wasActive: true, moved: 0, left: [], scope: [] }
  const time = Date.now() + 1000
  for (let at = 0; at < count; at += 1)
    await records.apply(
      putMerge({ ...made, ...none, id: uuid7(time + at), message: String(at), time: time + at }),
    )
}

it('takes a merge back only when those behind it are taken back', async () => {
  const { engine, merging, send } = await threeOfWhomTwoAreMerged()
  await send([merged('500', '4711', '5')])
  await merging.run()
  const caller = systemCaller('test', 'system')
  const [last, first] = (await merging.list()).merges.map(({ id }) => id)
  await addMoves(engine, 250)
  await expect(merging.undo(caller, first ?? '')).rejects.toMatchObject({ kind: 'conflict' })
  await merging.undo(caller, last ?? '')
  expect(await merging.undo(caller, first ?? '')).toMatchObject({ state: 'undone', left: [] })
  const patients = await engine.all('Patient')
  expect(patients.map(({ active, link }) => [active ?? true, link])).toEqual([
    [true, undefined],
    [true, undefined],
    [true, undefined],
  ])
})

it('knows a visit by its new number, however often it gets one', async () => {
  const renamed = (event: string, [from, to]: readonly [string, string], id: string) =>
    text(
      header(`ADT^${event}`, id, `2026030109000${id}`),
      `EVN|${event}`,
      'PID|1||4711^^^HOSP^MR||Okoye^Ada',
      `MRG|4711^^^HOSP^MR||||${from}^^^HOSP^VN`,
      visit(to),
    )
  const left = text(header('ADT^A03', '7', '20260301090007'), 'EVN|A03', 'PID|1||4711^^^HOSP^MR', visit('V9'))
  const told = [renamed('A50', ['V1', 'V8'], '5'), renamed('A51', ['V8', 'V9'], '6')]
  const { engine } = await engineWith([ADMIT_KEPT, ...told, left])
  const visits = await engine.all('Encounter')
  expect(visits).toMatchObject([
    {
      status: 'finished',
      identifier: [{ value: 'V9' }, { value: 'V8', use: 'old' }, { value: 'V1', use: 'old' }],
    },
  ])
})

const withAccount = (account: string) =>
  `PID|1||4711^^^HOSP^MR||Okoye^Ada${'|'.repeat(13)}${account}^^^HOSP^AN`

it.each(['A06', 'A07'])('knows a visit and an account by the numbers that %s gives them', async (event) => {
  const changed = text(
    header(`ADT^${event}`, '5', '20260301090005'),
    `EVN|${event}`,
    withAccount('ACC2'),
    'MRG|4711^^^HOSP^MR||ACC1^^^HOSP^AN||V1^^^HOSP^VN',
    visit('V2'),
  )
  const first = text(header('ADT^A04', '1', '20260301080000'), 'EVN|A04', withAccount('ACC1'), visit('V1'))
  const left = text(header('ADT^A03', '7', '20260301090007'), 'EVN|A03', withAccount('ACC2'), visit('V2'))
  const { engine } = await engineWith([first, changed, left, changed])
  expect(await engine.all('Encounter')).toMatchObject([
    { status: 'finished', identifier: [{ value: 'V2' }, { value: 'V1', use: 'old' }] },
  ])
  expect(await engine.all('Account')).toMatchObject([
    { status: 'active', identifier: [{ value: 'ACC2' }, { value: 'ACC1', use: 'old' }] },
  ])
})
