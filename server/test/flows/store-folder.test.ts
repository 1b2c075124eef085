import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { open as openLmdb } from 'lmdb'
import { expect, it, onTestFinished } from 'vitest'

import { openAheadFile, readAhead, type Payload } from '../../src/hl7/journal/ahead-file.ts'
import { openEmbeddedStore } from '../../src/store/embedded/store.ts'
import type { Store } from '../../src/store/port.ts'

const CLI = fileURLToPath(new URL('../../src/cli/', import.meta.url))
const WRITER = fileURLToPath(new URL('./store-writer.ts', import.meta.url))
const run = promisify(execFile)

it('refuses a folder that another process uses, and takes it when that process was killed', async () => {
  const folder = await freshFolder()
  const writer = spawn(process.execPath, [WRITER, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(writer.stdout, 'data')
  writer.stdout.resume()
  await expect(openStore(folder)).rejects.toMatchObject({
    kind: 'unavailable',
    issues: [{ code: 'lock-error' }],
  })
  writer.kill('SIGKILL')
  await once(writer, 'close')
  const store = await openStore(folder)
  await expect(openStore(folder)).rejects.toMatchObject({ kind: 'unavailable' })
  await store.close()
})

it('refuses a folder of a newer version of the hub and leaves it alone', async () => {
  const folder = await freshFolder()
  await (await openStore(folder)).close()
  await changeMeta(folder, { schema: 1000 })
  await expect(openStore(folder)).rejects.toMatchObject({
    kind: 'unavailable',
    issues: [{ code: 'not-supported' }],
  })
  await changeMeta(folder, { schema: 1, keyEncoding: 1000 })
  await expect(openStore(folder)).rejects.toMatchObject({
    kind: 'unavailable',
    issues: [{ code: 'not-supported' }],
  })
})

it('backs up while writes go on, restores the same, and starts on it', async () => {
  const folder = await freshFolder()
  const store = await openStore(join(folder, 'store'))
  for (let i = 0; i < 300; i++) await write(store, `p${i}`)
  const target = join(folder, 'backup')
  const writes = Array.from({ length: 200 }, async (_, i) => write(store, `late${i}`))
  const [report] = await Promise.all([store.backup(target), ...writes])
  expect(report.commits).toBeGreaterThanOrEqual(300)
  await expect(store.backup(target)).rejects.toMatchObject({ kind: 'conflict' })

  const { stdout } = await run(process.execPath, [
    join(CLI, 'backup.ts'),
    join(folder, 'second'),
    '--data',
    folder,
  ])
  expect(stdout).toContain('500 commits')
  await store.close()

  await run(process.execPath, [
    join(CLI, 'restore.ts'),
    join(folder, 'second'),
    '--data',
    join(folder, 'restored'),
  ])
  const restored = await openStore(join(folder, 'restored', 'store'))
  onTestFinished(async () => restored.close())
  expect(await restored.log.head()).toBe(500)
  expect(await restored.resources.count('Patient', 'active=true', 1000)).toBe(500)
  expect(await restored.records.get('c', 'late7')).toMatchObject({ value: { id: 'late7' } })
})

function lineOf(text: string): Payload {
  return { room: text.length, writeTo: (buffer, at) => buffer.write(text, at) }
}

it('backs up what was acknowledged and is not in the store yet', async () => {
  const folder = await freshFolder()
  const store = await openStore(join(folder, 'store'))
  onTestFinished(async () => store.close())
  const ahead = openAheadFile(join(folder, 'journal'), { file: 0, bytes: 0 })
  await ahead.append(lineOf('a line'))
  await run(process.execPath, [join(CLI, 'backup.ts'), join(folder, 'copy'), '--data', folder])
  await ahead.append(lineOf('a later line'))
  await ahead.close(false)

  const to = join(folder, 'restored')
  const restore = async (): Promise<unknown> =>
    run(process.execPath, [join(CLI, 'restore.ts'), join(folder, 'copy'), '--data', to])
  await restore()
  const lines = readAhead(join(to, 'journal'), { file: 0, bytes: 0 })
  expect(lines.map(({ payload }) => payload.toString())).toEqual(['a line'])
  await rm(join(to, 'store'), { recursive: true })
  await expect(restore()).rejects.toMatchObject({ stderr: expect.stringContaining('that no store has yet') })
})

it('refuses to restore a damaged backup or over a store', async () => {
  const folder = await freshFolder()
  const store = await openStore(join(folder, 'store'))
  for (let i = 0; i < 50; i++) await write(store, `p${i}`)
  const backup = join(folder, 'backup')
  await store.backup(backup)
  await store.close()
  const restore = async (to: string): Promise<unknown> =>
    run(process.execPath, [join(CLI, 'restore.ts'), backup, '--data', to])
  await expect(restore(folder)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('holds a store'),
  })

  const data = await readFile(join(backup, 'data.mdb'))
  const file = await open(join(backup, 'data.mdb'), 'r+')
  await file.write('TAMPERED', data.indexOf('"p33"'))
  await file.close()
  const damaged = { code: 1, stderr: expect.stringContaining('damaged') }
  await expect(restore(join(folder, 'new'))).rejects.toMatchObject(damaged)
  await writeFile(join(backup, 'backup.json'), '')
  await expect(restore(join(folder, 'new'))).rejects.toMatchObject({ code: 1 })
})

async function openStore(folder: string): Promise<Store> {
  return openEmbeddedStore({ folder })
}

async function write(store: Store, id: string): Promise<void> {
  const result = await store.commit({
    uuid: id,
    time: 1,
    guards: [],
    writes: [
      {
        type: 'Patient',
        id,
        expected: 0,
        method: 'POST',
        lastUpdated: 1,
        bytes: Buffer.from(`{"id":"${id}"}`),
        keys: { k: ['active=true'], r: [], n: [], date: 1, patients: [id] },
      },
    ],
    records: [{ op: 'insert', collection: 'c', id, value: { id } }],
  })
  expect(result.outcome).toBe('committed')
}

async function changeMeta(folder: string, change: object): Promise<void> {
  const bytes = { encoding: 'binary', keyEncoding: 'binary' } as const
  const env = openLmdb<Buffer, Buffer>({
    path: join(folder, 'data.mdb'),
    ...bytes,
    noSubdir: true,
    maxDbs: 16,
    overlappingSync: false,
  })
  const meta = env.openDB<Buffer, Buffer>({ name: 'meta', ...bytes })
  const key = Buffer.from('store')
  const stored = JSON.parse(String(meta.getBinary(key))) as object
  meta.putSync(key, Buffer.from(JSON.stringify({ ...stored, ...change })))
  await env.close()
}

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mogran-folder-'))
  onTestFinished(async () => rm(folder, { recursive: true }))
  return folder
}
