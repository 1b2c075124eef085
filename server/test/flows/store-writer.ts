import { writeSync } from 'node:fs'

import type { KillPoint } from '../../src/store/crash.ts'
import { openEmbeddedStore } from '../../src/store/embedded/store.ts'

/**
 * A process that writes without end to a store and reports each acknowledged commit on its standard output, until it kills itself
 * at the given point (the count-th time that it comes there).
 */
const [folder = '', killAt = '', count = '1'] = process.argv.slice(2)
let left = Number(count)

const store = await openEmbeddedStore({
  folder,
  mergeRows: 50,
  crash(point: KillPoint) {
    if (point === killAt && --left === 0) process.kill(process.pid, 'SIGKILL')
  },
})

async function write(lane: number): Promise<void> {
  for (let i = 0; ; i++) {
    const id = `${process.pid}-${lane}-${i}`
    const key = { k: [`lane=${lane}`], r: [], n: [], date: i, patients: [] }
    const body = Buffer.from(JSON.stringify({ id, pad: 'x'.repeat(i % 500) }))
    const rows = ['a', 'b', 'c'].map((part) => `${id}-${part}`)
    const result = await store.commit({
      uuid: id,
      time: Date.now(),
      guards: [],
      writes: rows.map((row) => ({
        type: 'Basic',
        id: row,
        expected: 0,
        method: 'POST' as const,
        lastUpdated: Date.now(),
        bytes: body,
        keys: key,
      })),
      records: [{ op: 'insert', collection: 'done', id, value: { i } }],
    })
    // Straight to the descriptor: what is reported here was acknowledged, whatever happens next.
    if (result.outcome === 'committed') writeSync(1, `${id}\n`)
  }
}

await Promise.all(Array.from({ length: 8 }, async (_, lane) => write(lane)))
