import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

import { expect, it, onTestFinished, vi } from 'vitest'

import { commitOf, keysOf, writeOf } from '../../src/store/contract-bench.ts'
import { openEmbeddedStore } from '../../src/store/embedded/store.ts'
import { freshFolder, removeFolder, startHub } from './hub.ts'

const REKEYER = fileURLToPath(new URL('./store-rekeyer.ts', import.meta.url))

it('goes on with a rebuild of search keys that was killed again and again, and writes no version', async () => {
  const folder = await freshFolder()
  onTestFinished(() => removeFolder(folder))
  const before = await openEmbeddedStore({ folder })
  const ids = Array.from({ length: 120 }, (_, i) => `p${i}`)
  await before.commit(
    commitOf({ writes: ids.map((id) => writeOf({ id, keys: keysOf({ k: ['made=old'] }) })) }),
  )
  const log = await before.log.read(0, 10)
  await before.close()

  let made = 0
  for (const [round, most] of [1, 20, 33, 50, 1000].entries()) {
    const minutes = round * 60_000
    const rekeyer = spawn(process.execPath, [REKEYER, folder, String(most), String(minutes)])
    const [lines, [, signal]] = await Promise.all([text(rekeyer.stdout), once(rekeyer, 'close')])
    expect(signal).toBe(most === 1000 ? null : 'SIGKILL')
    made += lines.split('\n').length - 1
  }
  // A step that was not recorded is done again.
  expect(made).toBeLessThanOrEqual(ids.length + 4 * 7)

  const after = await openEmbeddedStore({ folder })
  onTestFinished(() => after.close())
  const count = async (key: string): Promise<number> => after.resources.count('Patient', key, 1000)
  expect([await count('made=new'), await count('made=old')]).toEqual([120, 0])
  expect(await after.log.read(0, 10)).toEqual(log)
})

it('finds what was stored with other definitions, once the hub has rebuilt its keys behind the first answers', async () => {
  const data = await freshFolder()
  onTestFinished(() => removeFolder(data))
  const store = await openEmbeddedStore({ folder: join(data, 'store') })
  const lastUpdated = new Date(1_700_000_000_000).toISOString()
  const patient = { resourceType: 'Patient', id: 'a', meta: { versionId: '1', lastUpdated }, gender: 'other' }
  const write = writeOf({ id: 'a', body: JSON.stringify(patient), lastUpdated: 1_700_000_000_000 })
  await store.commit(commitOf({ writes: [write] }))
  await store.close()

  const hub = await startHub({ data })
  onTestFinished(() => hub.kill())
  await vi.waitFor(
    async () => {
      const { total } = await hub.json<{ total: number }>('/fhir/Patient?gender=other&_total=accurate')
      expect(total).toBe(1)
    },
    { timeout: 20_000, interval: 50 },
  )
  const read = await hub.ask('/fhir/Patient/a')
  expect(read.headers.get('etag')).toBe('W/"1"')
  expect(await hub.stop()).toBe(0)
})
