import { writeSync } from 'node:fs'
import { setTimeout as later } from 'node:timers/promises'

import { systemClock } from '../../src/kernel/clock.ts'
import { commitOf, keysOf, writeOf } from '../../src/store/contract-bench.ts'
import { openMongoStore } from '../../src/store/mongo/store.ts'
import type { LoggedCommit, Store } from '../../src/store/port.ts'

/**
 * One of several processes over one database, to be killed at any moment: writers that update random patients, and a sink that keeps what
 * it was given and its cursor in one commit. Each acknowledged write is told as a line `id version commit`. Ends on any input.
 *
 * Arguments: URL, database, name of the sink, kill point (or `never`).
 */
const [url = '', database = '', sink = '', killPoint = ''] = process.argv.slice(2)
const PATIENTS = 64
const WRITERS = 4

const stop = new AbortController()
process.stdin.once('data', () => {
  stop.abort()
})

const store = await openMongoStore({
  url,
  database,
  clock: systemClock,
  crash: (point) => {
    if (point === killPoint) process.kill(process.pid, 'SIGKILL')
  },
})
tell('ready')
const sinking = runSink(store)
await Promise.all(Array.from({ length: WRITERS }, async () => runWriter(store)))
tell('written')
await sinking
await store.close()
process.exit(0)

async function runWriter(hub: Store): Promise<void> {
  while (!stop.signal.aborted) {
    const id = `p${Math.floor(Math.random() * PATIENTS)}`
    const expected = (await hub.resources.read('Patient', id))?.version ?? 0
    const body = `{"resourceType":"Patient","id":"${id}","multipleBirthInteger":${expected + 1}}`
    const keys = keysOf({ k: ['active=true', `identifier=${id}`], patients: [id] })
    const result = await hub.commit(commitOf({ writes: [writeOf({ id, expected, body, keys })] }))
    if (result.outcome === 'committed') tell(`${id} ${expected + 1} ${result.n}`)
    await later(Math.random() * 10)
  }
}

async function runSink(hub: Store): Promise<void> {
  let lastRound = false
  for (;;) {
    const cursor = await hub.records.get('sink-cursors', sink)
    const after = cursor === undefined ? 0 : (cursor.value as { after: number }).after
    const page = await changesAfter(hub.log, after)
    if (page === undefined) {
      // One more look after the writers of both processes have ended: the other one is asked to end at the same time.
      if (lastRound) return
      lastRound = stop.signal.aborted
      await later(lastRound ? 1500 : 20)
      continue
    }
    lastRound = false
    const to = page.at(-1)?.n ?? after
    const got = page.flatMap(({ changes }) =>
      changes.map((change) => [change.id, change.version, change.commit]),
    )
    await hub.commit(
      commitOf({
        records: [
          {
            op: 'insert',
            collection: 'delivered',
            id: `${sink}/${String(after).padStart(9, '0')}`,
            value: { got },
          },
          cursor === undefined
            ? { op: 'insert', collection: 'sink-cursors', id: sink, value: { after: to } }
            : {
                op: 'replace',
                collection: 'sink-cursors',
                id: sink,
                revision: cursor.revision,
                value: { after: to },
              },
        ],
      }),
    )
  }
}

/** The next page in which something was written; the commits of the sinks themselves write no resource. */
async function changesAfter(log: Store['log'], after: number): Promise<readonly LoggedCommit[] | undefined> {
  let from = after
  for (;;) {
    const page = await log.read(from, 100)
    if (page.some(({ changes }) => changes.length > 0)) return page
    const last = page.at(-1)
    if (last === undefined) return undefined
    from = last.n
  }
}

function tell(line: string): void {
  writeSync(1, `${line}\n`)
}
