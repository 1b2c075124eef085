import { appendFile, cp } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, it } from 'vitest'

import type { JsonObject } from '../../src/kernel/json.ts'
import { freshFolder, freshStore } from '../fresh-store.ts'
import { admit, engineOn, MAPPINGS, Sender, startEngine, type Engine } from './interface-engine.ts'

/** What was said before comes again: by a replay, or late. */

async function wholeReports(): Promise<Engine> {
  const folder = await freshFolder()
  await cp(MAPPINGS, folder, { recursive: true })
  await appendFile(join(folder, 'feeds', 'default.yaml'), "\nvariables: { snapshots: 'yes' }\n")
  return engineOn(await freshStore(), { ackAt: 'committed' }, { mappings: folder })
}

async function sent(engine: Engine, messages: readonly string[]): Promise<void> {
  const sender = new Sender(engine.port)
  for (const message of messages) expect(await sender.send(message)).toContain('MSA|AA')
}

/** Ids of the journal, in the order of arrival. */
async function idsOf(engine: Engine): Promise<readonly string[]> {
  const lines = await engine.store.records.range({ collection: 'hl7-journal', limit: 100 })
  return lines.map(({ id }) => id)
}

async function replayAll(engine: Engine): Promise<void> {
  for (const id of await idsOf(engine)) await engine.flow.processing.replay(id)
}

/** @returns references of what a commit has written since */
async function writtenBy(engine: Engine, run: () => Promise<unknown>): Promise<number> {
  const before = (await engine.commits()).length
  await run()
  return (await engine.commits()).length - before
}

const OBR = `OBR|1||F1^LAB|PAN^Panel^L|||202603010800|${'|'.repeat(17)}`
const report = (hour: string, status: string, results: Readonly<Record<string, string>>) =>
  [
    `MSH|^~\\&|LAB|NORTH|HUB|MOGRAN|20260301${hour}0000||ORU^R01^ORU_R01|R${hour}|P|2.5.1`,
    'PID|1||4711^^^NORTH^MR||Salih^Nadia',
    OBR + status,
    ...Object.entries(results).map(([code, value]) => `OBX|1|NM|${code}^Test^L||${value}||||||${status}`),
    '',
  ].join('\r')

const codeOf = ({ code }: JsonObject) =>
  ((code as JsonObject)['coding'] as readonly JsonObject[])[0]?.['code']

async function statuses(engine: Engine): Promise<Readonly<Record<string, unknown>>> {
  return Object.fromEntries((await engine.all('Observation')).map((one) => [codeOf(one), one['status']]))
}

const link = (event: string, hour: string) =>
  [
    `MSH|^~\\&|WARD|NORTH|HUB|MOGRAN|20260301${hour}0000||ADT^${event}|L${hour}|P|2.5.1`,
    `EVN||20260301${hour}0000`,
    'PID|1||1^^^NORTH^MR||Salih^Nadia',
    'PID|2||2^^^NORTH^MR||Saleh^Nadia',
    '',
  ].join('\r')

/** A report whose result says when it was observed (OBX-14). */
const at = (hour: string, status: string, time: string) =>
  `${report(hour, status, { A: hour }).trimEnd()}|||${time}\r`

it('of two messages within one second the first says nothing over the second when it comes again', async () => {
  const engine = await startEngine({ ackAt: 'committed' })
  await sent(engine, [
    admit({ id: 'A1', event: 'A28', name: 'Salih^Nadia' }),
    admit({ id: 'A2', event: 'A28', name: 'Saleh^Nadia' }),
  ])
  const [first = ''] = await idsOf(engine)
  await engine.flow.processing.replay(first)
  expect(await engine.all('Patient')).toMatchObject([
    { name: [{ family: 'Saleh' }], meta: { versionId: '2' } },
  ])
})

it('a preliminary result that was cancelled with its report stays so when it comes again', async () => {
  const engine = await startEngine({ ackAt: 'committed' })
  await sent(engine, [report('09', 'P', { A: '1' }), report('10', 'X', {})])
  expect(await statuses(engine)).toEqual({ A: 'cancelled' })
  expect(await writtenBy(engine, () => replayAll(engine))).toBe(0)
  expect(await statuses(engine)).toEqual({ A: 'cancelled' })
})

it('an earlier whole report that comes again withdraws nothing that a later one has told', async () => {
  const engine = await wholeReports()
  await sent(engine, [report('09', 'F', { A: '1' }), report('10', 'F', { A: '1', B: '2' })])
  await replayAll(engine)
  expect(await statuses(engine)).toEqual({ A: 'final', B: 'final' })
})

it('a whole report that comes late withdraws nothing; what the later one has not is for a person', async () => {
  const engine = await wholeReports()
  await sent(engine, [report('10', 'F', { A: '1', B: '2' }), report('09', 'F', { A: '1', C: '3' })])
  expect(await statuses(engine)).toEqual({ A: 'final', B: 'final', C: 'final' })
  const items = await engine.store.records.range({ collection: 'hl7-worklist', limit: 10 })
  expect(items.map(({ value }) => value)).toMatchObject([
    { element: 'status', current: '"final"', incoming: '"entered-in-error"' },
  ])
})

it('a result that a whole report has left out counts again when a later one has it', async () => {
  const engine = await wholeReports()
  const both = { A: '1', B: '2' }
  await sent(engine, [report('09', 'F', both), report('10', 'F', { A: '1' })])
  expect(await statuses(engine)).toEqual({ A: 'final', B: 'entered-in-error' })
  await sent(engine, [report('11', 'F', both)])
  expect(await statuses(engine)).toEqual({ A: 'final', B: 'final' })
})

it('patients whose link was taken away stay apart when the message that has linked them comes again', async () => {
  const engine = await startEngine({ ackAt: 'committed' })
  await sent(engine, [link('A24', '09'), link('A37', '10')])
  expect(await writtenBy(engine, () => replayAll(engine))).toBe(0)
  expect((await engine.all('Patient')).some((one) => Object.hasOwn(one, 'link'))).toBe(false)
})

it('asks a person what a correction means whose result has another time in the report, and replaces nothing by a guess', async () => {
  const engine = await startEngine({ ackAt: 'committed' })
  await sent(engine, [at('09', 'F', '202603010800'), at('10', 'C', '202603010805')])
  expect(await engine.all('Observation')).toHaveLength(2)
  const items = async () => engine.store.records.range({ collection: 'hl7-worklist', limit: 10 })
  expect((await items()).map(({ value }) => value)).toMatchObject([{ kind: 'identity', why: 'alike' }])
  await sent(engine, [at('11', 'C', '202603010805'), at('12', 'F', '202603010900')])
  expect(await engine.all('Observation')).toHaveLength(3)
  expect(await items()).toHaveLength(1)
})
