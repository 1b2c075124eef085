import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as later } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { expect, it, onTestFinished } from 'vitest'

import { openMongoStore } from '../../src/store/mongo/store.ts'
import type { Store } from '../../src/store/port.ts'
import { freshDatabase } from '../database.ts'
import { dropDatabase, mongoUrl } from './mongo-server.ts'

const url = await mongoUrl()
const WRITER = fileURLToPath(new URL('mongo-writer.ts', import.meta.url))
const KILLS = 12

interface Ack {
  readonly id: string
  readonly version: number
  readonly commit: number
}

class Worker {
  readonly acks: Ack[] = []
  readonly #database: string
  readonly #sink: string
  readonly #killPoint: string
  #child: ChildProcess | undefined

  constructor(database: string, sink: string, killPoint = 'never') {
    this.#database = database
    this.#sink = sink
    this.#killPoint = killPoint
  }

  /** Resolves when the process has opened the store. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [WRITER, url, this.#database, this.#sink, this.#killPoint], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#child = child
    const lines = createInterface(child.stdout)
    lines.on('line', (line) => {
      const [id = '', version, commit] = line.split(' ')
      if (version !== undefined) this.acks.push({ id, version: Number(version), commit: Number(commit) })
    })
    const [first] = await Promise.race([once(lines, 'line'), once(child, 'exit')])
    if (first !== 'ready') throw new Error(`The process ended with ${first} before it was ready.`)
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  async end(): Promise<number | null> {
    if (this.#child === undefined) return null
    const ended = once(this.#child, 'close') as Promise<[number | null]>
    this.#child.stdin?.write('stop\n')
    return (await ended)[0]
  }

  /** Waits for a process that ends by its own kill point. */
  async died(): Promise<unknown> {
    return this.#child && (await once(this.#child, 'exit'))[1]
  }
}

async function place(): Promise<string> {
  const database = freshDatabase()
  onTestFinished(async () => dropDatabase(url, database))
  return database
}

/** All versions by patient, oldest first, as `version@commit`. */
async function histories({ resources }: Store): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  let after: string | undefined
  do {
    const page = await resources.history({
      type: 'Patient',
      limit: 500,
      ...(after !== undefined && { after }),
    })
    for (const { id, version, commit } of page.versions)
      found.set(id, [`${version}@${commit}`, ...(found.get(id) ?? [])])
    after = page.next
  } while (after !== undefined)
  return found
}

async function delivered({ records }: Store, sink: string): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  const pages = await records.range({
    collection: 'delivered',
    from: `${sink}/`,
    to: `${sink}0`,
    limit: 100_000,
  })
  for (const [id, version, commit] of pages.flatMap(
    ({ value }) => (value as { got: (string | number)[][] }).got,
  )) {
    const list = found.get(String(id)) ?? []
    found.set(String(id), list)
    list.push(`${version}@${commit}`)
  }
  return found
}

it('keeps every acknowledged write, and each sink sees each version once and in order, while two processes are killed again and again', async () => {
  const database = await place()
  const workers = [new Worker(database, 'a'), new Worker(database, 'b')] as const
  onTestFinished(async () => {
    await Promise.all(workers.map(async (worker) => worker.kill()))
  })
  await Promise.all(workers.map(async (worker) => worker.start()))
  for (let i = 0; i < KILLS; i++) {
    await later(200 + Math.random() * 1300)
    const worker = workers[i % 2 === 0 ? 0 : 1]
    await worker.kill()
    await worker.start()
  }
  expect(await Promise.all(workers.map(async (worker) => worker.end()))).toEqual([0, 0])

  const store = await openMongoStore({ url, database })
  onTestFinished(async () => store.close())
  const history = await histories(store)
  const acks = workers.flatMap((worker) => worker.acks)
  expect(acks.length).toBeGreaterThan(200)
  const lost = acks.filter(
    ({ id, version, commit }) => history.get(id)?.[version - 1] !== `${version}@${commit}`,
  )
  expect(lost).toEqual([])
  for (const list of history.values())
    expect(list.map((entry) => Number(entry.split('@')[0]))).toEqual(list.map((_, i) => i + 1))
  for (const sink of ['a', 'b'])
    expect(Object.fromEntries(await delivered(store, sink))).toEqual(Object.fromEntries(history))
  for (const [id, list] of history)
    expect((await store.resources.read('Patient', id))?.version).toBe(list.length)
  expect(await store.resources.count('Patient', 'active=true', 1000)).toBe(history.size)
})

it.each(['before-append', 'after-append', 'before-merge', 'after-merge'])(
  'a process that dies %s leaves whole commits or none, and the next one goes on',
  async (point) => {
    const database = await place()
    const worker = new Worker(database, 'a', point)
    await worker.start()
    expect(await worker.died()).toBe('SIGKILL')
    const store = await openMongoStore({ url, database })
    onTestFinished(async () => store.close())
    const commits = await store.log.read(0, 100)
    // All that reached the log is readable, although the process never applied it.
    expect(commits.length > 0).toBe(point !== 'before-append')
    for (const { id, version, bytes } of commits.flatMap(({ changes }) => changes)) {
      expect(Buffer.from((await store.resources.vread('Patient', id, version))?.bytes ?? [])).toEqual(
        Buffer.from(bytes),
      )
      expect(await store.resources.count('Patient', `identifier=${id}`, 10)).toBe(1)
    }
    expect(await store.log.head()).toBe(commits.length)
    const next = await store.commit({
      uuid: crypto.randomUUID(),
      time: 0,
      writes: [],
      guards: [],
      records: [{ op: 'put', collection: 'c', id: 'r', value: {} }],
    })
    expect(next).toEqual({ outcome: 'committed', n: commits.length + 1 })
  },
)
