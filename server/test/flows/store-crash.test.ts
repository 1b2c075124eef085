import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { expect, it, onTestFinished } from 'vitest'

import { KILL_POINTS } from '../../src/store/crash.ts'
import { openEmbeddedStore } from '../../src/store/embedded/store.ts'
import type { Store } from '../../src/store/port.ts'

const WRITER = fileURLToPath(new URL('./store-writer.ts', import.meta.url))

it.each(KILL_POINTS)(
  'loses nothing acknowledged and keeps commits whole when it is killed %s',
  async (point) => {
    const folder = await freshFolder()
    const acknowledged: string[] = []
    for (const count of ['1', '20', '7']) acknowledged.push(...(await writeUntilKilled(folder, point, count)))
    const store = await openEmbeddedStore({ folder })
    onTestFinished(async () => store.close())

    const commits = await store.log.read(0, 1_000_000)
    const logged = new Set(commits.map(({ uuid }) => uuid))
    expect(acknowledged.filter((id) => !logged.has(id))).toEqual([])
    expect(commits.map(({ n }) => n)).toEqual(commits.map((_, index) => index + 1))
    for (const { uuid } of commits) await expectWhole(store, uuid)
    await expectSearchable(store, commits.length)
    expect((await store.records.range({ collection: 'done', limit: 1_000_000 })).length).toBe(commits.length)
  },
)

/** @returns ids of the commits that were acknowledged before the process died. */
async function writeUntilKilled(folder: string, point: string, count: string): Promise<string[]> {
  const writer = spawn(process.execPath, [WRITER, folder, point, count], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  writer.stdout.on('data', (data: Buffer) => (output += data.toString('utf8')))
  const [code, signal]: unknown[] = await once(writer, 'close')
  expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' })
  return output.split('\n').slice(0, -1)
}

async function expectWhole({ resources, records }: Store, uuid: string): Promise<void> {
  const rows = await resources.fetch(
    'Basic',
    ['a', 'b', 'c'].map((part) => `${uuid}-${part}`),
  )
  expect(rows.map((row) => JSON.parse(Buffer.from(row?.bytes ?? []).toString()))).toMatchObject([
    { id: uuid },
    { id: uuid },
    { id: uuid },
  ])
  expect(await records.get('done', uuid)).toBeDefined()
}

async function expectSearchable({ resources }: Store, commits: number): Promise<void> {
  const found = await Promise.all(
    Array.from({ length: 8 }, async (_, lane) =>
      resources.scan({
        type: 'Basic',
        key: `lane=${lane}`,
        order: 'date',
        direction: 'asc',
        limit: 1_000_000,
      }),
    ),
  )
  expect(new Set(found.flat().map(({ id }) => id)).size).toBe(commits * 3)
  expect(found.flat()).toHaveLength(commits * 3)
}

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mogran-crash-'))
  onTestFinished(async () => rm(folder, { recursive: true }))
  return folder
}
