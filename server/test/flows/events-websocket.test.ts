import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'

import { systemCaller } from '../../src/auth/caller.ts'
import { CLOSE, ServerMessage } from '../../src/events/events.contract.ts'
import { createLiveBus } from '../../src/events/live.ts'
import { loadTopics } from '../../src/events/topics/topics.ts'
import { startEventFeed } from '../../src/events/websocket/event-feed.ts'
import { serveWebSocket } from '../../src/events/websocket/websocket-server.ts'
import { limits } from '../../src/kernel/limits.ts'
import { commitOf, keysOf, writeOf } from '../../src/store/contract-bench.ts'
import type { ResourceWrite, Store } from '../../src/store/port.ts'
import { freshAuth } from '../fresh-auth.ts'
import { freshStore } from '../fresh-store.ts'

const TOPICS = new URL('../../../fhir-profiles/topics', import.meta.url).pathname

it('welcomes a signed-in socket and tells what is committed from then on', async () => {
  const hub = await started()
  await hub.commit(patient('before'))
  const socket = await hub.connect()
  socket.hello({ token: await hub.token('doctor') })
  await expect(socket.next()).resolves.toMatchObject({ type: 'welcome' })
  const n = await hub.commit(patient('1'))
  await expect(socket.next()).resolves.toMatchObject({
    type: 'event',
    topic: 'Patient.create',
    sequence: `${n}.0`,
    resource: { type: 'Patient', id: '1', version: 1 },
    patient: 'Patient/1',
  })
  await expect(socket.next()).resolves.toMatchObject({ topic: 'patient.created', sequence: `${n}.0` })
  const rows = await hub.trail.rows({ limit: 100 })
  expect(rows.filter(({ interaction }) => interaction === 'subscribe')).toHaveLength(1)
})

it('gives one who comes back every event behind the last sequence, each once and in order', async () => {
  const hub = await started()
  const token = await hub.token('doctor')
  const missed: number[] = []
  for (let i = 0; i < 250; i += 1) missed.push(await hub.commit(patient(`a${i}`), patient(`b${i}`)))
  const [first = 0] = missed
  const socket = await hub.connect()
  socket.hello({ token, after: `${first}.0`, topics: ['Patient.create'] })
  await expect(socket.next()).resolves.toEqual({ type: 'welcome', sequence: first - 1 })
  const writing = Promise.all(Array.from({ length: 50 }, (_, i) => hub.commit(patient(`c${i}`))))
  const sequences: string[] = []
  while (sequences.length < 499 + 50) sequences.push(sequenceOf(await socket.next()))
  const later = (await writing).toSorted((a, b) => a - b)
  const pairs = missed.flatMap((n) => [`${n}.0`, `${n}.1`]).slice(1)
  expect(sequences).toEqual([...pairs, ...later.map((n) => `${n}.0`)])
})

it('says that too much was missed, and goes on from now', async () => {
  const hub = await started()
  const socket = await hub.connect()
  socket.hello({ token: await hub.token('doctor'), after: 1_000_000 })
  await expect(socket.next()).resolves.toMatchObject({ type: 'too-old' })
  const n = await hub.commit(patient('1'))
  await expect(socket.next()).resolves.toMatchObject({ type: 'event', sequence: `${n}.0` })
})

it('tells a critical result once for each value', async () => {
  const hub = await started()
  const socket = await hub.connect()
  socket.hello({ token: await hub.token('nurse'), topics: ['lab.result.critical'] })
  await socket.next()
  await hub.commit(result(0, { status: 'preliminary', value: 7, code: 'HH' }))
  const first = await hub.commit(result(1, { status: 'final', value: 7, code: 'HH' }))
  await hub.commit(result(2, { status: 'amended', value: 7, code: 'HH' }))
  await hub.commit(result(3, { status: 'amended', value: 5, code: 'N' }))
  await hub.commit(result(4, { status: 'corrected', value: 7, code: 'HH' }))
  const other = await hub.commit(result(5, { status: 'corrected', value: 8, code: 'HH' }))
  const told = [await socket.next(), await socket.next()].map(sequenceOf)
  expect(told).toEqual([`${first}.0`, `${other}.0`])
})

it('shows each caller only what role, facility and patient allow', async () => {
  const hub = await started()
  const people = {
    receptionist: await hub.token('receptionist'),
    stranger: await hub.token('nurse', { facilities: ['Organization/b'] }),
    nurse: await hub.token('nurse', { facilities: ['Organization/a'] }),
    relative: await hub.token('nurse', { patient: 'Patient/2' }),
  }
  const sockets = new Map<string, Awaited<ReturnType<typeof hub.connect>>>()
  for (const [name, token] of Object.entries(people)) {
    const socket = await hub.connect()
    socket.hello({ token })
    await socket.next()
    sockets.set(name, socket)
  }
  await hub.commit(result(0, { status: 'final', value: 1, code: 'N' }))
  await hub.commit(directory())
  const first = await Promise.all(
    [...sockets].map(async ([name, socket]) => [name, topicOf(await socket.next())]),
  )
  expect(Object.fromEntries(first)).toEqual({
    receptionist: 'Organization.create',
    stranger: 'Organization.create',
    nurse: 'Observation.create',
    relative: 'Organization.create',
  })
})

it('passes live signals on to who may hear them', async () => {
  const hub = await started()
  const sockets = await Promise.all(
    [await hub.token('nurse'), await hub.token('billing')].map(async (token) => {
      const socket = await hub.connect()
      socket.hello({ token })
      await socket.next()
      return socket
    }),
  )
  hub.live.publish({
    topic: 'vitals.update',
    time: 5,
    patient: 'Patient/1',
    facilities: [],
    data: { hr: 80 },
  })
  await hub.commit(directory())
  await expect(sockets[0]?.next()).resolves.toEqual({
    type: 'live',
    topic: 'vitals.update',
    time: 5,
    patient: 'Patient/1',
    data: { hr: 80 },
  })
  expect(topicOf((await sockets[1]?.next()) ?? { type: 'beat', sequence: 0 })).toBe('Organization.create')
})

it('closes a socket that does not read, which can come back for the rest', async () => {
  const hub = await started()
  const token = await hub.token('doctor')
  const socket = await hub.connect()
  socket.hello({ token, topics: ['Patient.create', 'vitals.critical'] })
  await socket.next()
  socket.raw.pause()
  const data = { text: 'x'.repeat(64 * 1024) }
  const closed = once(socket.raw, 'close')
  for (let i = 0; i < limits.events.socketQueue * 2; i += 1)
    hub.live.publish({ topic: 'vitals.critical', time: 1, facilities: [], patient: 'Patient/1', data })
  socket.raw.resume()
  expect((await closed)[0]).toBe(CLOSE.slow)
})

it.each([
  ['a wrong token', { type: 'hello', token: 'x' }, CLOSE.unauthenticated],
  ['something else', { type: 'other' }, CLOSE.malformed],
])('closes a socket that says %s', async (_, message, code) => {
  const hub = await started()
  const socket = await hub.connect()
  const closed = once(socket.raw, 'close')
  socket.raw.send(JSON.stringify(message))
  expect((await closed)[0]).toBe(code)
})

it('refuses pages of other origins and takes the hub own and the listed ones', async () => {
  const hub = await started()
  await expect(hub.connect({ origin: 'https://evil.example' })).rejects.toThrow('403')
  await expect(hub.connect({ origin: 'null' })).rejects.toThrow('403')
  await expect(hub.connect({}, '/other')).rejects.toThrow('404')
  await expect(hub.connect({ origin: 'https://console.example' })).resolves.toBeDefined()
  await expect(hub.connect({ origin: `http://${hub.host}` })).resolves.toBeDefined()
})

async function started() {
  const store = await freshStore()
  const { auth, trail } = await freshAuth(store)
  const tokens = new Map<string, string>()
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const live = createLiveBus()
  const feed = await startEventFeed({
    log: store.log,
    resources: store.resources,
    topics: loadTopics(TOPICS, store.resources),
    onError: fail,
  })
  const edge = serveWebSocket({
    server,
    feed,
    live,
    callerOf: auth.callerOf,
    audit: trail,
    clock: Date.now,
    origins: ['https://console.example'],
    onError: fail,
  })
  onTestFinished(async () => {
    await edge.close()
    await feed.close()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const host = `127.0.0.1:${port}`
  return {
    store,
    live,
    trail,
    host,
    commit: (...writes: ResourceWrite[]) => commit(store, writes),
    connect: (headers: Record<string, string> = {}, path = '/ws') => connect(`ws://${host}${path}`, headers),
    token: async (
      role: 'doctor' | 'nurse' | 'receptionist' | 'billing',
      bounds: { facilities?: string[]; patient?: string } = {},
    ) => {
      const login = `${role}${tokens.size}`
      const account = {
        login,
        name: login,
        password: 'p',
        roles: [role],
        facilities: 'all' as const,
        ...bounds,
      }
      await auth.accounts.create(systemCaller('test', 'system'), account)
      const token = (await auth.grants.login(login, 'p')).access_token
      tokens.set(login, token)
      return token
    },
  }
}

async function connect(url: string, headers: Record<string, string>) {
  const raw = new WebSocket(url, { headers })
  const inbox: ServerMessage[] = []
  const readers: ((message: ServerMessage) => void)[] = []
  raw.on('message', (data: Buffer) => {
    const message = ServerMessage.parse(JSON.parse(data.toString()))
    const reader = readers.shift()
    if (reader) reader(message)
    else inbox.push(message)
  })
  await once(raw, 'open')
  onTestFinished(() => raw.terminate())
  return {
    raw,
    hello: (parts: object): void => raw.send(JSON.stringify({ type: 'hello', ...parts })),
    next: (): Promise<ServerMessage> => {
      const message = inbox.shift()
      return message ? Promise.resolve(message) : new Promise((resolve) => readers.push(resolve))
    },
  }
}

async function commit(store: Store, writes: ResourceWrite[]): Promise<number> {
  const answer = await store.commit(commitOf({ writes, facility: 'Organization/a' }))
  if (answer.outcome === 'committed') return answer.n
  throw new Error(JSON.stringify(answer.why))
}

function fail(error: unknown): never {
  throw error
}

function patient(id: string): ResourceWrite {
  return writeOf({ id, keys: keysOf({ k: [`_compartment=Patient/${id}`], patients: [id] }) })
}

function directory(): ResourceWrite {
  return writeOf({ id: 'a', type: 'Organization' })
}

function result(
  expected: number,
  { status, value, code }: { status: string; value: number; code: string },
): ResourceWrite {
  const body = {
    resourceType: 'Observation',
    id: 'o',
    status,
    valueQuantity: { value },
    interpretation: [{ coding: [{ code }] }],
  }
  const keys = keysOf({ k: ['_compartment=Patient/1', '_facility=Organization/a'], patients: ['1'] })
  return writeOf({ id: 'o', type: 'Observation', expected, body: JSON.stringify(body), keys })
}

function sequenceOf(message: ServerMessage): string {
  return message.type === 'event' ? message.sequence : message.type
}

function topicOf(message: ServerMessage): string {
  return 'topic' in message ? message.topic : message.type
}
