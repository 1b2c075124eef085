import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { ConfigResourceTypes, type IHeaders, Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest'

import { createKafkaSink, type KafkaSinkOptions } from '../../src/events/kafka/kafka-sink.ts'
import { type Relay, startRelay } from '../../src/events/relay.ts'
import { loadTopics } from '../../src/events/topics/topics.ts'
import { commitOf, keysOf, writeOf } from '../../src/store/contract-bench.ts'
import type { ResourceWrite, Store } from '../../src/store/port.ts'
import { freshStore } from '../fresh-store.ts'

const SCRIPT = fileURLToPath(new URL('../../../scripts/services/kafka', import.meta.url))
const DEFINITIONS = fileURLToPath(new URL('../../../fhir-profiles/topics', import.meta.url))
const DATA = join(tmpdir(), 'hub-kafka', `data-test-${process.pid}`)
const TOPICS = ['patient.created', 'lab.result.critical']
const PATIENTS = ['a', 'b', 'c', 'd']
const ROUNDS = 150
const WAIT = { timeout: 60_000, interval: 50 }

let port = 0

beforeAll(async () => {
  port = await freePort()
  await broker('start')
})
afterAll(async () => {
  await broker('stop')
  await Promise.all([DATA, `${DATA}.run`].map((folder) => rm(folder, { recursive: true, force: true })))
})

it('promises what a second client reads: topics, keys, CloudEvents headers and references only', async () => {
  const { store, relay, source } = await started()
  const created = await commit(store, patient('p1'))
  const critical = await commit(store, result('p1', { id: 'o1', value: 7, code: 'HH' }))
  const last = await commit(store, result('p1', { id: 'o2', value: 1, code: 'N' }))
  await reached(relay, last)
  const reader = await readFrom(source)
  await vi.waitFor(() => expect(reader).toHaveLength(2), WAIT)
  expect(reader.toSorted((a, b) => a.id.localeCompare(b.id))).toEqual([
    {
      topic: 'patient.created',
      id: `${created}-0`,
      key: 'Patient/p1',
      headers: headersOf({ topic: 'patient.created', source, subject: 'Patient/p1' }),
      data: { reference: 'Patient/p1', version: 1, patient: 'Patient/p1', facility: 'Organization/a' },
    },
    {
      topic: 'lab.result.critical',
      id: `${critical}-0`,
      key: 'Patient/p1',
      headers: headersOf({ topic: 'lab.result.critical', source, subject: 'Observation/o1' }),
      data: { reference: 'Observation/o1', version: 1, patient: 'Patient/p1', facility: 'Organization/a' },
    },
  ])
})

it('loses nothing and keeps the order of each patient while the broker is killed, stopped and started', async () => {
  const { store, relay, source } = await started()
  const write = async (round: number): Promise<number> => {
    const ids = PATIENTS.map((id) =>
      commit(store, result(id, { id: `${id}-${round}`, value: round, code: 'LL' })),
    )
    return Math.max(...(await Promise.all(ids)))
  }
  const events: Readonly<Record<number, () => Promise<void>>> = {
    50: () => broker('kill9'),
    70: () => broker('start'),
    100: () => broker('stop'),
    110: () => broker('start'),
  }
  let last = 0
  let outage = Promise.resolve()
  for (let round = 0; round < ROUNDS; round += 1) {
    last = await write(round)
    // The hub goes on writing while the broker comes and goes.
    outage = outage.then(() => events[round]?.())
    if (round === 49) await reached(relay, 1)
  }
  await outage
  await reached(relay, last)
  const reader = await readFrom(source)
  const expected = PATIENTS.map((id) =>
    Array.from({ length: ROUNDS }, (_, round) => `Observation/${id}-${round}`),
  )
  await vi.waitFor(
    () => expect(PATIENTS.map((id) => firstReads(reader, `Patient/${id}`))).toEqual(expected),
    {
      timeout: 60_000,
      interval: 100,
    },
  )
})

it('lets the key of a refused event wait with all that follows, and no other key', async () => {
  const clock = { now: Date.now() }
  const parked: string[] = []
  const { store, relay, source } = await started({
    clock: () => clock.now,
    onParked: (key) => parked.push(key),
  })
  await commit(store, result('q', { id: 'first', value: 1, code: 'HH' }))
  const large = 'x'.repeat(64)
  await limitMessages('600')
  onTestFinished(() => limitMessages('1048588'))
  await commit(store, result(large, { id: large, value: 1, code: 'HH' }))
  await commit(store, result(large, { id: 'second', value: 2, code: 'HH' }))
  const last = await commit(store, result('q', { id: 'third', value: 3, code: 'HH' }))
  await reached(relay, last)
  const reader = await readFrom(source)
  const references = (key: string): readonly string[] => firstReads(reader, `Patient/${key}`)
  await vi.waitFor(() => expect(references('q')).toEqual(['Observation/first', 'Observation/third']), WAIT)
  expect(references(large)).toEqual([])
  expect(parked).toEqual([`Patient/${large}`])

  await limitMessages('1048588')
  clock.now += 120_000
  await vi.waitFor(
    () => expect(references(large)).toEqual([`Observation/${large}`, 'Observation/second']),
    WAIT,
  )
  await reached(relay, await commit(store, result(large, { id: 'fourth', value: 4, code: 'HH' })))
  await vi.waitFor(() => expect(references(large).at(-1)).toBe('Observation/fourth'), WAIT)
})

it('tells the events of a merged patient under the one who lives on', async () => {
  const { store, relay, source } = await started()
  await commit(store, patient('lives'))
  const link = [{ type: 'replaced-by', other: { reference: 'Patient/lives' } }]
  const body = JSON.stringify({ resourceType: 'Patient', id: 'gone', active: false, link })
  await commit(store, writeOf({ id: 'gone', body, keys: keysOf({ patients: ['gone'] }) }))
  const last = await commit(store, result('gone', { id: 'late', value: 1, code: 'HH' }))
  await reached(relay, last)
  const reader = await readFrom(source)
  // They stand in two topics, whose order a reader does not know.
  const told = ['Observation/late', 'Patient/gone', 'Patient/lives']
  await vi.waitFor(() => expect(firstReads(reader, 'Patient/lives').toSorted()).toEqual(told), WAIT)
})

interface Seen {
  readonly topic: string
  readonly id: string
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  readonly data: { readonly reference: string }
}

/** References of a patient in the order in which they were first read: an event that comes again has a known id. */
function firstReads(seen: readonly Seen[], key: string): readonly string[] {
  const ids = new Map(seen.filter((event) => event.key === key).map(({ id, data }) => [id, data.reference]))
  return [...ids.values()]
}

/** The largest message that the broker takes for critical results. */
async function limitMessages(bytes: string): Promise<void> {
  const admin = new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const configEntries = [{ name: 'max.message.bytes', value: bytes }]
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: 'lab.result.critical', configEntries }],
  })
  await admin.disconnect()
}

async function started({
  clock = Date.now,
  onParked = () => undefined,
}: Partial<KafkaSinkOptions> = {}): Promise<{ store: Store; relay: Relay; source: string }> {
  const store = await freshStore()
  const source = `http://hub.example/${crypto.randomUUID()}`
  const topics = loadTopics(DEFINITIONS, store.resources)
  const brokers = [`127.0.0.1:${port}`]
  const sink = createKafkaSink({ brokers, topics, store, clock, onParked, source: () => source })
  const relay = startRelay({ store, sink, clock: Date.now, onError: () => undefined })
  onTestFinished(() => relay.close())
  return { store, relay, source }
}

async function reached(relay: Relay, n: number): Promise<void> {
  await vi.waitFor(() => expect(relay.position()).toBeGreaterThanOrEqual(n), {
    timeout: 120_000,
    interval: 50,
  })
}

/** Everything of one hub on the broker, read by another client library, and what still comes. */
async function readFrom(source: string): Promise<readonly Seen[]> {
  const kafka = new Kafka({ clientId: 'reader', brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING })
  const consumer = kafka.consumer({
    groupId: crypto.randomUUID(),
    maxWaitTimeInMs: 250,
    heartbeatInterval: 500,
  })
  const seen: Seen[] = []
  await consumer.connect()
  onTestFinished(() => consumer.disconnect())
  await consumer.subscribe({ topics: TOPICS, fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ topic, message }) => {
      const { ce_id: id = '', ce_time: time = '', ...headers } = texts(message.headers)
      if (headers['ce_source'] !== source) return
      expect(Date.parse(time)).not.toBeNaN()
      seen.push({ topic, id, key: String(message.key), headers, data: JSON.parse(String(message.value)) })
    },
  })
  return seen
}

function texts(headers: IHeaders = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}

function headersOf({
  topic,
  source,
  subject,
}: {
  topic: string
  source: string
  subject: string
}): Record<string, string> {
  return {
    ce_specversion: '1.0',
    ce_type: `org.mogran.${topic}.v1`,
    ce_source: source,
    ce_subject: subject,
    'content-type': 'application/json',
  }
}

async function commit(store: Store, write: ResourceWrite): Promise<number> {
  const answer = await store.commit(commitOf({ writes: [write], facility: 'Organization/a' }))
  if (answer.outcome === 'committed') return answer.n
  throw new Error(JSON.stringify(answer.why))
}

function patient(id: string): ResourceWrite {
  return writeOf({ id, keys: keysOf({ patients: [id] }) })
}

function result(
  subject: string,
  { id, value, code }: { id: string; value: number; code: string },
): ResourceWrite {
  const interpretation = [{ coding: [{ code }] }]
  const body = { resourceType: 'Observation', id, status: 'final', valueQuantity: { value }, interpretation }
  return writeOf({
    id,
    type: 'Observation',
    body: JSON.stringify(body),
    keys: keysOf({ patients: [subject] }),
  })
}

async function broker(command: 'start' | 'stop' | 'kill9'): Promise<void> {
  const env = { ...process.env, KAFKA_PORT: String(port), KAFKA_DATA: DATA }
  await promisify(execFile)(SCRIPT, [command], { env })
}

/** Two free ports in a row, the broker's and the controller's, below those that the system hands out for connections. */
async function freePort(): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 5000) * 2
    if ((await isFree(first)) && (await isFree(first + 1))) return first
  }
}

async function isFree(number: number): Promise<boolean> {
  const server = createServer().listen(number, '127.0.0.1')
  try {
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
