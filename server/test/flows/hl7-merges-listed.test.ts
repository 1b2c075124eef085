import { fastify } from 'fastify'
import { validatorCompiler } from 'fastify-type-provider-zod'
import { expect, it, onTestFinished } from 'vitest'

import { systemCaller } from '../../src/auth/caller.ts'
import { createMerging } from '../../src/hl7/merging/create-merging.ts'
import { mergesApi } from '../../src/hl7/merging/merges-api.ts'
import { MergeDetail, Merges } from '../../src/hl7/merging/merges.contract.ts'
import { putMerge } from '../../src/hl7/record/merge-record.ts'
import { uuid7 } from '../../src/kernel/ids.ts'
import { limits } from '../../src/kernel/limits.ts'
import { Sender, startEngine, type Engine } from './interface-engine.ts'

const told = (event: string, id: string, ...lines: readonly string[]) =>
  [
    `MSH|^~\\&|ADT|NORTH|HUB|MAIN|202603010800${id.padStart(2, '0')}||ADT^${event}|${id}|P|2.5.1`,
    `EVN|${event}`,
    ...lines,
  ].join('\r')
const person = (number: string) => `PID|1||${number}^^^HOSP^MR||Okoye^Ada`
const visit = (number: string) => `PV1|1|I|W1${'|'.repeat(16)}${number}^^^HOSP^VN`

function report(error: unknown): never {
  throw error
}

async function merges(...messages: readonly string[]) {
  const engine = await startEngine({ ackAt: 'committed' })
  const { records, resources: reader } = engine.store
  const merging = createMerging({ records, reader, resources: engine.resources, report })
  const peer = new Sender(engine.port)
  for (const message of messages) expect(await peer.send(message)).toMatch(/MSA\|AA/)
  await merging.run()
  const app = fastify()
  app.setValidatorCompiler(validatorCompiler)
  await app.register(mergesApi, {
    merging,
    callerOf: () => systemCaller('test', 'system'),
    authorise: () => undefined,
  })
  onTestFinished(async () => app.close())
  const list = async (query: string) => Merges.parse((await app.inject(`/merges?${query}`)).json())
  return { engine, merging, app, list }
}

/** Later than what was merged before. */
async function addMoves({ store: { records } }: Engine, count: number): Promise<void> {
  const made = { kind: 'move', from: 'Patient/a', to: 'Patient/b', state: 'done', feed: 'default' } as const
  const none = { aliases: [], identifiers: [], wasActive: true, moved: 0, left: [], scope: [] }
  const time = Date.now() + 1000
  const puts = Array.from({ length: count }, (_, at) =>
    putMerge({ ...made, ...none, id: uuid7(time + at), message: String(at), time: time + at }),
  )
  await records.apply(puts.flat())
}

it('lists merges in pages, the newest first', async () => {
  const { engine, app, list } = await merges()
  await addMoves(engine, 45)
  const pages: string[][] = []
  let next: string | undefined = ''
  while (next !== undefined) {
    const page: Merges = await list(`count=15${next === '' ? '' : `&cursor=${next}`}`)
    pages.push(page.merges.map(({ message }) => message))
    next = page.next
  }
  // What is no id of a merge would read as the end of the list.
  expect((await app.inject('/merges?cursor=x')).statusCode).toBe(400)
  expect(pages.map(({ length }) => length)).toEqual([15, 15, 15])
  expect(pages.flat()).toEqual(Array.from({ length: 45 }, (_, at) => String(44 - at)))
})

it('finds merges by the number of either patient, and by that of a visit that was moved', async () => {
  const { engine, list } = await merges(
    told('A01', '1', person('4711'), visit('V1')),
    told('A01', '2', person('99'), visit('V2')),
    told('A01', '3', person('500'), visit('V3')),
    told('A40^ADT_A39', '4', person('4711'), 'MRG|99^^^HOSP^MR'),
    told('A45^ADT_A45', '5', person('4711'), 'MRG|500^^^HOSP^MR', visit('V3')),
  )
  const kinds = async (query: string) => (await list(query)).merges.map(({ kind }) => kind)
  expect(await kinds('number=99')).toEqual(['move', 'merge'])
  expect(await kinds('number=500')).toEqual(['move'])
  expect(await kinds('number=v3')).toEqual(['move'])
  expect(await list('number=none')).toEqual({ merges: [] })
  // Behind more than one page looks at.
  await addMoves(engine, limits.hl7.merges.lookedAt + 1)
  const first = await list('number=500')
  expect(first).toEqual({ merges: [], next: expect.any(String) as string })
  expect(await kinds(`number=500&cursor=${first.next}`)).toEqual(['move'])
})

it('tells what a merge changed, and takes it back once for whoever asks twice', async () => {
  const { app, list } = await merges(
    told('A01', '1', person('4711'), visit('V1')),
    told('A01', '2', person('99'), visit('V2')),
    told('A40^ADT_A39', '3', person('4711'), 'MRG|99^^^HOSP^MR'),
  )
  const [merge] = (await list('number=4711')).merges
  const detail = MergeDetail.parse((await app.inject(`/merges/${merge?.id}`)).json())
  expect(detail).toMatchObject({ state: 'done', moved: 1, changed: [expect.stringMatching(/^Encounter\//)] })
  const undo = async () => app.inject({ method: 'POST', url: `/merges/${merge?.id}/undo` })
  const answers = await Promise.all([undo(), undo()])
  for (const answer of answers) expect(answer.json()).toMatchObject({ state: 'undone', left: [] })
  expect((await app.inject(`/merges/${uuid7(0)}`)).statusCode).not.toBe(200)
})
