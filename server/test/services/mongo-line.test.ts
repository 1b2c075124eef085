import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises'

import { expect, it, onTestFinished } from 'vitest'

import { Fault } from '../../src/kernel/fault.ts'
import { openMongoStore } from '../../src/store/mongo/store.ts'
import type { Store } from '../../src/store/port.ts'
import { freshDatabase } from '../database.ts'
import { lineTo, type Line } from './cut-line.ts'
import { dropDatabase, mongoUrl } from './mongo-server.ts'

const CUTS = 25
const WRITERS = 12

async function behindLine(): Promise<{ line: Line; store: Store }> {
  const url = await mongoUrl()
  const line = await lineTo(Number(new URL(url).port))
  const near = new URL(url)
  near.port = String(line.port)
  const database = freshDatabase()
  const store = await openMongoStore({ url: near.href, database })
  onTestFinished(async () => {
    await store.close()
    await line.close()
    await dropDatabase(url, database)
  })
  return { line, store }
}

it('settles what begins in the moment in which the line is cut', { timeout: 60_000 }, async () => {
  const { line, store } = await behindLine()
  const read = async () => store.records.range({ collection: 'cuts', limit: 1 })
  for (let cut = 0; cut < 6; cut++) {
    await Promise.all(Array.from({ length: 12 }, read))
    line.cut()
    const begun: Promise<unknown>[] = []
    for (let step = 0; step < 24; step++) {
      begun.push(read())
      await turn()
    }
    line.mend()
    await Promise.allSettled(begun)
  }
  expect(await read()).toEqual([])
})

it('settles every write while the line to the database is cut again and again, and writes once it is back', async () => {
  const { line, store } = await behindLine()
  const acknowledged = new Set<string>()
  const strange: string[] = []
  const over = new AbortController()

  async function write(writer: number): Promise<void> {
    for (let n = 0; !over.signal.aborted; n++) {
      const id = `${writer}-${n}`
      const change = { op: 'insert', collection: 'cuts', id, value: { n } } as const
      try {
        await store.records.apply([change])
        acknowledged.add(id)
      } catch (error) {
        // The store is away: whoever wrote is told so and tries again.
        if (!(error instanceof Fault && error.kind === 'unavailable')) strange.push(String(error))
        await pause(5)
      }
    }
  }

  const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer))
  for (let cut = 0; cut < CUTS; cut++) {
    await pause(60 + ((cut * 37) % 300))
    line.cut()
    await pause((cut * 13) % 60)
    line.mend()
  }
  over.abort()
  await Promise.all(writers)

  expect(strange).toEqual([])
  expect(await store.records.apply([{ op: 'insert', collection: 'cuts', id: 'last', value: {} }])).toEqual({
    outcome: 'applied',
  })
  const kept = await store.records.range({ collection: 'cuts', limit: 100_000 })
  const ids = new Set(kept.map(({ id }) => id))
  expect([...acknowledged].filter((id) => !ids.has(id))).toEqual([])
  expect(acknowledged.size).toBeGreaterThan(WRITERS)
})
