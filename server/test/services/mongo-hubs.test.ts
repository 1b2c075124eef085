import { setTimeout as later } from 'node:timers/promises'

import { expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'

import { ServerMessage } from '../../src/events/events.contract.ts'
import { freshDatabase } from '../database.ts'
import { freshFolder, removeFolder, startHub, type Hub } from '../flows/hub.ts'
import { dropDatabase, mongoUrl } from './mongo-server.ts'

const url = await mongoUrl()
const PATIENTS = 64
const WRITERS = 8
const KILLS = 4
const TOPICS = ['Patient.create', 'Patient.update']

/** One of the processes of a hub on one database: killed and started again at the same place of the list. */
class Place {
  readonly #data: string
  readonly #database: string
  hub: Hub | undefined

  constructor(data: string, database: string) {
    this.#data = data
    this.#database = database
  }

  async start(): Promise<void> {
    const MONGODB_URL = url.replace(/\/?(\?.*)?$/, (query) => `/${this.#database}${query.replace(/^\//, '')}`)
    this.hub = await startHub({ data: this.#data, env: { MONGODB_URL } })
  }

  async kill(): Promise<void> {
    const { hub } = this
    this.hub = undefined
    await hub?.kill()
  }
}

/** Follows the events of whichever process lives, each time behind the last one that it has. */
class Follower {
  readonly #places: readonly Place[]
  readonly #stop = new AbortController()
  readonly #running: Promise<void>
  /** `id/version`, in the order in which they came. */
  readonly seen: string[] = []
  readonly problems: string[] = []
  #after: number | string = 0

  constructor(places: readonly Place[]) {
    this.#places = places
    this.#running = this.#run()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    for (let i = 0; !this.#stop.signal.aborted; i++) {
      const { hub } = this.#places[i % this.#places.length] ?? {}
      if (hub === undefined) await later(20)
      else await this.#follow(hub)
    }
  }

  async #follow(hub: Hub): Promise<void> {
    const socket = new WebSocket(`${hub.http.replace('http', 'ws')}/ws`)
    const over = Promise.withResolvers<void>()
    const end = (): void => socket.terminate()
    this.#stop.signal.addEventListener('abort', end)
    socket.on('open', () =>
      socket.send(JSON.stringify({ type: 'hello', token: hub.token, after: this.#after, topics: TOPICS })),
    )
    socket.on('message', (data: Buffer) => this.#take(ServerMessage.parse(JSON.parse(data.toString()))))
    socket.on('error', () => socket.terminate())
    socket.on('close', over.resolve)
    await over.promise
    this.#stop.signal.removeEventListener('abort', end)
  }

  #take(message: ServerMessage): void {
    if (message.type === 'too-old') this.problems.push('too old')
    if (message.type !== 'event') return
    this.#after = message.sequence
    this.seen.push(`${message.resource.id}/${message.resource.version}`)
  }
}

it('shows each version once and in order to who follows, while two hubs on one database are killed in turn', async () => {
  const database = freshDatabase()
  const places: Place[] = []
  for (let i = 0; i < 2; i++) {
    const data = await freshFolder()
    onTestFinished(() => removeFolder(data))
    places.push(new Place(data, database))
  }
  onTestFinished(async () => {
    for (const place of places) await place.kill()
    await dropDatabase(url, database)
  })
  for (const place of places) await place.start()
  const followers = [new Follower(places), new Follower(places.toReversed())]
  const stop = new AbortController()
  const acknowledged = new Map<string, Set<number>>()
  const writers = Array.from({ length: WRITERS }, async (_, lane) =>
    writeUntil(stop.signal, places, { lane, acknowledged }),
  )
  for (let i = 0; i < KILLS; i++) {
    await later(500 + Math.random() * 2000)
    const place = places[i % 2]
    await place?.kill()
    await place?.start()
  }
  stop.abort()
  await Promise.all(writers)

  const histories = await historiesOf(places)
  for (const [id, versions] of acknowledged)
    expect(histories.get(id)).toEqual(expect.arrayContaining([...versions]))
  expect(acknowledged.size).toBe(PATIENTS)
  const expected = [...histories].flatMap(([id, versions]) => versions.map((version) => `${id}/${version}`))
  for (const follower of followers) {
    await vi.waitFor(() => expect(follower.seen.length).toBeGreaterThanOrEqual(expected.length), {
      timeout: 30_000,
      interval: 50,
    })
    await follower.close()
    expect(follower.problems).toEqual([])
    expect(follower.seen.toSorted()).toEqual(expected.toSorted())
    for (const [id, versions] of histories) {
      const own = follower.seen.filter((each) => each.startsWith(`${id}/`))
      expect(own).toEqual(versions.map((version) => `${id}/${version}`))
    }
  }
}, 240_000)

interface Lane {
  readonly lane: number
  readonly acknowledged: Map<string, Set<number>>
}

/** Each writer has patients of its own; an answer that a kill took away is not counted, and the next version follows what is there. */
async function writeUntil(
  signal: AbortSignal,
  places: readonly Place[],
  { lane, acknowledged }: Lane,
): Promise<void> {
  for (let i = 0; !signal.aborted || i < PATIENTS / WRITERS; i++) {
    const id = `p${lane + WRITERS * (i % (PATIENTS / WRITERS))}`
    const { hub } = places[Math.floor(Math.random() * places.length)] ?? {}
    const body = JSON.stringify({ resourceType: 'Patient', id, multipleBirthInteger: i })
    const answer = await hub?.ask(`/fhir/Patient/${id}`, { method: 'PUT', body }).catch(() => undefined)
    if (answer?.ok === true) {
      const { meta } = (await answer.json()) as { meta: { versionId: string } }
      acknowledged.set(id, (acknowledged.get(id) ?? new Set()).add(Number(meta.versionId)))
    }
    await later(Math.random() * 10)
  }
}

/** Versions of each patient, oldest first. */
async function historiesOf(places: readonly Place[]): Promise<Map<string, number[]>> {
  const histories = new Map<string, number[]>()
  for (let i = 0; i < PATIENTS; i++) {
    const path = `/fhir/Patient/p${i}/_history?_count=1000`
    const bundle = await places[0]?.hub?.json<{ entry?: { resource: { meta: { versionId: string } } }[] }>(
      path,
    )
    const versions = (bundle?.entry ?? []).map(({ resource }) => Number(resource.meta.versionId))
    histories.set(`p${i}`, versions.toReversed())
  }
  return histories
}
