import { fastify, type FastifyInstance } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { expect, it, onTestFinished } from 'vitest'

import { authoriseCommand } from '../../src/auth/authorise.ts'
import { systemCaller } from '../../src/auth/caller.ts'
import { interopApi } from '../../src/hl7/api/interop.ts'
import { Feed, Feeds, LearnedProfile, Statistics } from '../../src/hl7/feeds.contract.ts'
import { MessageDetail, MessageList, ReplayAnswer } from '../../src/hl7/hl7.contract.ts'
import { DeadLetters, Discarded, ReplayJob, ReplayJobs, TesterAnswer } from '../../src/hl7/replay.contract.ts'
import { freshStore } from '../fresh-store.ts'
import {
  admit,
  auditOf,
  engineOn,
  result,
  Sender,
  settled,
  startEngine,
  type Engine,
} from './interface-engine.ts'

const committed = { ackAt: 'committed' }
/** Replays of a feed that runs again are looked for once a second. */
const SOON = { timeout: 10_000 }

/** The API as the console uses it. */
async function consoleOf(engine: Engine) {
  const app: FastifyInstance = fastify()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  const { flow, listeners, folders, outbound, store, resources } = engine
  await app.register(interopApi, {
    flow,
    listeners,
    problemOf: (feed) => listeners.problemOf(feed) ?? folders.problemOf(feed),
    outbound,
    records: store.records,
    resources,
    audit: await auditOf(engine),
    clock: Date.now,
    since: Date.now(),
    nameOf: async () => undefined,
    prefix: '/api/v1/interop',
    callerOf: () => systemCaller('analyst', 'system'),
    authorise: authoriseCommand,
  })
  onTestFinished(async () => app.close())
  return async (path: string, payload?: object): Promise<unknown> => {
    const method = payload ? 'POST' : 'GET'
    const response = await app.inject({
      url: `/api/v1/interop${path}`,
      method,
      ...(payload ? { payload } : {}),
    })
    expect([response.statusCode, response.body]).toEqual([
      expect.toSatisfy((code: number) => code < 300),
      response.body,
    ])
    if (path.endsWith('/raw')) return response.body
    return JSON.parse(response.body) as unknown
  }
}

/** A result that cannot be mapped: it does not say whose it is. */
function broken(parts: Parameters<typeof result>[0] = {}): string {
  return result(parts).replace(/\d+\^\^\^NORTH\^MR/, '')
}

async function controlIds(ask: (path: string) => Promise<unknown>, query: string) {
  return MessageList.parse(await ask(`/messages?${query}`)).messages.map(({ controlId }) => controlId)
}

it('finds messages by control id, sender, number of the patient, type and time of arrival, also right after they came', async () => {
  const engine = await startEngine(committed)
  const sender = new Sender(engine.port)
  await sender.send(admit({ id: 'A1' }))
  const between = new Date()
  await new Promise((resolve) => setTimeout(resolve, 2))
  await sender.send(result({ id: 'R1' }))
  await sender.send(admit({ id: 'A2', mrn: '9' }))
  const ask = await consoleOf(engine)
  const look = async () => ({
    id: await controlIds(ask, 'controlId=A2'),
    sender: await controlIds(ask, 'sender=LAB%20NORTH'),
    number: await controlIds(ask, 'number=9'),
    event: await controlIds(ask, 'type=ADT%5EA01'),
    feed: await controlIds(ask, 'feed=default&count=2'),
    since: await controlIds(ask, `from=${between.toISOString()}`),
    until: await controlIds(ask, `to=${between.toISOString()}`),
  })
  const found = {
    id: ['A2'],
    sender: ['R1'],
    number: ['A2'],
    event: ['A2', 'A1'],
    feed: ['A2', 'R1'],
    since: ['A2', 'R1'],
    until: ['A1'],
  }
  expect(await look()).toEqual(found)
  // What was in memory is in the store now.
  await engine.flow.index.stop()
  expect(await look()).toEqual(found)
})

it('gives the whole text of a message that repeats another', async () => {
  const engine = await startEngine(committed)
  const sender = new Sender(engine.port)
  const text = admit({ id: 'A1' })
  await sender.send(text)
  await sender.send(text)
  const ask = await consoleOf(engine)
  const { messages } = MessageList.parse(await ask('/messages?controlId=A1'))
  expect(messages.map(({ state }) => state)).toEqual(['duplicate', 'committed'])
  for (const { id } of messages) expect(await ask(`/messages/${id}/raw`)).toBe(text)
})

it('journals and acknowledges while a feed is paused, and processes when it runs again', async () => {
  const engine = await startEngine()
  const ask = await consoleOf(engine)
  expect(Feed.parse(await ask('/feeds/default/mode', { mode: 'paused' }))).toMatchObject({ mode: 'paused' })
  expect(await new Sender(engine.port).send(admit())).toContain('MSA|AA|A1')
  const { feeds } = Feeds.parse(await ask('/feeds'))
  expect(feeds).toMatchObject([{ state: 'listening', waiting: { count: 1, isMore: false }, perHour: 1 }])
  expect(await engine.all('Patient')).toEqual([])
  await ask('/feeds/default/mode', { mode: 'running' })
  await settled(engine, 'A1', 'committed')
  const statistics = Statistics.parse(await ask('/statistics'))
  expect(statistics.minutes.at(-1)).toMatchObject({ received: 1, committed: 1, failed: 0 })
})

it('knows after a restart when the last message of a feed came', async () => {
  const store = await freshStore()
  const first = await engineOn(store, committed)
  await new Sender(first.port).send(admit({ id: 'A1' }))
  const before = Feeds.parse(await (await consoleOf(first))('/feeds')).feeds[0]?.lastReceived
  await first.stop()
  const ask = await consoleOf(await engineOn(store, committed))
  const after = Feeds.parse(await ask('/feeds')).feeds[0]?.lastReceived
  expect(Math.abs(Date.parse(after ?? '') - Date.parse(before ?? ''))).toBeLessThan(1000)
})

it('closes the port of a stopped feed, and opens the same one again', async () => {
  const engine = await startEngine(committed)
  const ask = await consoleOf(engine)
  const stopped = Feed.parse(await ask('/feeds/default/mode', { mode: 'stopped' }))
  expect(stopped.state).toBe('closed')
  await expect(new Sender(engine.port).send(admit())).rejects.toThrow('closed')
  const running = Feed.parse(await ask('/feeds/default/mode', { mode: 'running' }))
  expect(running).toMatchObject({ state: 'listening', port: engine.port })
  expect(await new Sender(engine.port).send(admit())).toContain('MSA|AA|A1')
})

it('groups dead letters by cause, and brings a mended one and those behind it through', async () => {
  const engine = await startEngine()
  const ask = await consoleOf(engine)
  const sender = new Sender(engine.port)
  await sender.send(broken({ id: 'R1' }))
  await sender.send(broken({ id: 'R2', mrn: '9' }))
  await settled(engine, 'R1', 'dead')
  await settled(engine, 'R2', 'dead')
  const { groups } = DeadLetters.parse(await ask('/dead-letters'))
  expect(groups).toMatchObject([{ feed: 'default', type: 'ORU^R01', count: 2 }])
  expect(await controlIds(ask, `cause=${groups[0]?.key ?? ''}`)).toEqual(['R2', 'R1'])

  const [message] = MessageList.parse(await ask('/messages?controlId=R1')).messages
  const path = `/messages/${message?.id ?? ''}`
  const text = result({ id: 'R1' }).replaceAll('\r', '\n')
  const rehearsal = ReplayAnswer.parse(await ask(`${path}/edit?dryRun=true`, { text }))
  expect(rehearsal).toMatchObject({ dryRun: true, state: 'dead' })
  expect(rehearsal.changes).toContainEqual(
    expect.objectContaining({ element: 'valueQuantity.value', after: '6.90' }),
  )
  expect(await engine.all('Observation')).toEqual([])
  expect(ReplayAnswer.parse(await ask(`${path}/edit?dryRun=false`, { text })).state).toBe('committed')
  expect(await engine.all('Observation')).toHaveLength(1)
  const detail = MessageDetail.parse(await ask(path))
  expect(detail).toMatchObject({ raw: result({ id: 'R1' }), edits: [{ by: 'analyst' }] })
  expect(detail.numbers).toHaveLength(1)
  expect(await controlIds(ask, `number=${detail.numbers[0] ?? ''}`)).toEqual(['R1'])
  expect(DeadLetters.parse(await ask('/dead-letters')).groups).toMatchObject([{ count: 1 }])

  const [other] = MessageList.parse(await ask('/messages?controlId=R2')).messages
  const discarded = await ask(`/messages/${other?.id ?? ''}/discard`, { reason: 'sent in error' })
  expect(Discarded.parse(discarded).state).toBe('discarded')
  expect(DeadLetters.parse(await ask('/dead-letters')).groups).toEqual([])
})

it('replays the messages of a time span and says what changed', async () => {
  const engine = await startEngine(committed)
  const ask = await consoleOf(engine)
  const sender = new Sender(engine.port)
  const from = new Date(Date.now() - 1000).toISOString()
  for (let at = 0; at < 5; at++) await sender.send(admit({ id: `A${at}`, mrn: `7${at}` }))
  // Who looked is written down a little later, in a commit that changes nothing.
  const changes = async () => engine.commits()
  const before = await changes()
  const to = new Date(Date.now() + 1000).toISOString()
  const span = { feed: 'default', from, to, type: 'ADT' }
  const expected = { count: 5, isCut: false }
  expect(await ask('/replays?dryRun=true', span)).toEqual(expected)
  expect(await ask('/replays?dryRun=true', { ...span, type: 'ORU' })).toEqual({ ...expected, count: 0 })
  expect(ReplayJobs.parse(await ask('/replays')).jobs).toEqual([])
  await ask('/feeds/default/mode', { mode: 'paused' })
  const job = ReplayJob.parse(await ask('/replays', span))
  expect(job).toMatchObject({ state: 'running', isHeld: true, done: 0 })
  await ask('/feeds/default/mode', { mode: 'running' })
  const now = async () => ReplayJob.parse(await ask(`/replays/${job.id}`))
  await expect.poll(async () => (await now()).state, SOON).toBe('done')
  expect(await now()).toMatchObject({
    done: 5,
    changed: 0,
    unchanged: 5,
    failed: 0,
    progress: 1,
    by: 'analyst',
    expected,
  })
  expect(await changes()).toEqual(before)
  expect(ReplayJobs.parse(await ask('/replays')).jobs).toHaveLength(1)
  const learned = LearnedProfile.parse(await ask('/feeds/default/learn'))
  expect(learned).toMatchObject({
    messages: 5,
    profile: expect.stringContaining('ADT^A01:') as string,
    overlay: { name: 'default', files: [], fields: [], codes: [] },
  })
})

it('counts what a replay has done when it was stopped half-way', async () => {
  const engine = await startEngine(committed)
  const ask = await consoleOf(engine)
  const sender = new Sender(engine.port)
  for (let at = 0; at < 50; at++) await sender.send(admit({ id: `A${at}`, mrn: `7${at}` }))
  const span = { feed: 'default', from: '2026-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' }
  const { id } = ReplayJob.parse(await ask('/replays', span))
  const cancelled = ReplayJob.parse(await ask(`/replays/${id}/cancel`, {}))
  expect(cancelled).toMatchObject({ state: 'cancelled', done: 0 })
  await expect.poll(async () => ReplayJob.parse(await ask(`/replays/${id}`)).done, SOON).toBe(50)
  expect(await ask(`/replays/${id}`)).toMatchObject({ state: 'cancelled', unchanged: 50, failed: 0 })
})

it('gives up all messages of one cause with a reason, and leaves the others', async () => {
  const engine = await startEngine({ ...committed, onFailure: 'skip' })
  const ask = await consoleOf(engine)
  const sender = new Sender(engine.port)
  for (let at = 0; at < 3; at++) await sender.send(broken({ id: `R${at}` }))
  await sender.send(admit({ id: 'A9' }).replace(/\d+\^\^\^NORTH\^MR/, ''))
  const { groups } = DeadLetters.parse(await ask('/dead-letters'))
  const group = groups.find(({ count }) => count === 3)
  const span = { feed: 'default', from: '2026-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' }
  const discard = 'a test of the sender'
  const job = ReplayJob.parse(await ask('/replays', { ...span, cause: group?.key, discard }))
  await expect.poll(async () => ReplayJob.parse(await ask(`/replays/${job.id}`)).state).toBe('done')
  expect(await ask(`/replays/${job.id}`)).toMatchObject({ done: 3, changed: 0, unchanged: 3, failed: 0 })
  const { messages } = MessageList.parse(await ask('/messages?state=discarded'))
  expect(messages.map(({ controlId, reason }) => [controlId, reason])).toEqual(
    ['R2', 'R1', 'R0'].map((id) => [id, 'a test of the sender (analyst)']),
  )
  const left = DeadLetters.parse(await ask('/dead-letters')).groups
  expect(left).toMatchObject([{ type: 'ADT^A01', count: 1 }])
  await expect(ask('/replays', { ...span, discard })).rejects.toThrow('400')
})

it('learns from what can be read, past what cannot any more', async () => {
  const store = await freshStore()
  const before = await engineOn(store, committed)
  const sender = new Sender(before.port)
  await sender.send(admit({ id: 'A1', name: 'M\u00fcller^J\u00f6rg' }))
  await sender.send(admit({ id: 'A2', mrn: '2' }))
  await before.stop()
  const ask = await consoleOf(await engineOn(store, { ...committed, charset: 'ASCII' }))
  expect(LearnedProfile.parse(await ask('/feeds/default/learn'))).toMatchObject({ messages: 1 })
})

it('shows what the rules make of a pasted message, and what is wrong with it', async () => {
  const ask = await consoleOf(await startEngine())
  const good = TesterAnswer.parse(await ask('/tester', { text: result().replaceAll('\r', '\n') }))
  const observation = good.resources.find(({ key }) => key.startsWith('observation'))
  expect(observation?.resource).toContain('"value":6.90')
  expect(observation?.trace).toContainEqual(expect.objectContaining({ source: 'OBX-5' }))
  const bad = TesterAnswer.parse(await ask('/tester', { text: 'PID|1' }))
  expect(bad).toMatchObject({ resources: [], errors: [{ at: 'MSH', severity: 'E' }] })
})
