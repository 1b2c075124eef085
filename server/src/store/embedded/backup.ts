import {
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

import { fault } from '../../kernel/fault.ts'
import type { BackupReport } from '../port.ts'
import { lastNumber, numberKey, openDataFile, type Bytes, type DataFile } from './databases.ts'
import { lockFolder } from './folder-lock.ts'
import { rowContent } from './row.ts'

/** What a backup holds; stands beside it as `backup.json`, so that a restore can prove that nothing changed on the way. */
interface Contents {
  readonly commits: number
  readonly rows: number
  readonly records: number
  /** CRC-32 of every key and value of the rows, commits and records. */
  readonly checksum: number
}

const DATA = 'data.mdb'
const MANIFEST = 'backup.json'

/**
 * Copies one consistent state, compacted, while writes go on, reads the copy back and compares its rows with the store's own.
 *
 * @param folder made when it is not there; must be empty.
 * @throws Fault `conflict` when it is not empty.
 */
export async function backupData(data: DataFile, folder: string): Promise<BackupReport> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (readdirSync(folder).length > 0) {
    throw fault('conflict', { code: 'conflict', text: `the folder ${folder} is not empty: name a new one` })
  }
  await data.env.backup(join(folder, DATA), true)
  const contents = await contentsOf(join(folder, DATA))
  const source = await checksumOf([{ database: data.rows, upTo: contents.rows, part: rowContent }])
  const copied = await withData(join(folder, DATA), async (copy) =>
    checksumOf([{ database: copy.rows, part: rowContent }]),
  )
  if (source !== copied) throw new Error('the backup does not hold what the store holds')
  rmSync(join(folder, `${DATA}-lock`), { force: true })
  sync(join(folder, DATA))
  writeFileSync(join(folder, MANIFEST), JSON.stringify(contents), { flush: true })
  sync(folder)
  return { commits: contents.commits, bytes: statSync(join(folder, DATA)).size }
}

/**
 * @throws Fault `unprocessable` when the folder holds no backup or not what its manifest says.
 */
async function verifyBackup(folder: string): Promise<Contents> {
  const expected = readManifest(folder)
  const found = await contentsOf(join(folder, DATA))
  if (JSON.stringify(found) === JSON.stringify(expected)) return found
  throw fault('unprocessable', {
    code: 'invalid',
    text: `the backup in ${folder} is damaged: it does not hold what its ${MANIFEST} says`,
  })
}

/**
 * Puts a backup, verified before and after the copy, where a hub can start on it. What is derived from it is rebuilt at that start.
 *
 * @param beside run before the store is there: puts what belongs to it into other folders.
 * @throws Fault `conflict` when the folder holds a store already, `unprocessable` when the backup is damaged.
 */
export async function restoreBackup(
  backup: string,
  folder: string,
  beside: () => void = () => undefined,
): Promise<Contents> {
  const expected = await verifyBackup(backup)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const unlock = lockFolder(folder)
  try {
    const target = join(folder, DATA)
    if (existsSync(target)) {
      throw fault('conflict', {
        code: 'conflict',
        text: `${folder} holds a store: restore into a new folder`,
      })
    }
    const arriving = join(folder, 'restoring.mdb')
    copyFileSync(join(backup, DATA), arriving)
    const restored = await contentsOf(arriving)
    if (JSON.stringify(restored) !== JSON.stringify(expected))
      throw new Error('the restored copy differs from the backup')
    sync(arriving)
    beside()
    renameSync(arriving, target)
    rmSync(`${arriving}-lock`, { force: true })
    sync(folder)
    return restored
  } finally {
    unlock()
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r')
  fsyncSync(file)
  closeSync(file)
}

/**
 * A backup made by another process than the hub, while the hub runs or not: LMDB readers need no hand of the writer.
 *
 * @param folder made when it is not there; must be empty.
 * @throws Fault `not-found`, `conflict`
 */
export async function backupFolder(source: string, folder: string): Promise<BackupReport> {
  const path = join(source, DATA)
  if (!existsSync(path)) throw fault('not-found', { code: 'not-found', text: `${source} holds no store` })
  return withData(path, async (data) => backupData(data, folder))
}

function readManifest(folder: string): Contents {
  try {
    return JSON.parse(readFileSync(join(folder, MANIFEST), 'utf8')) as Contents
  } catch (cause) {
    throw fault('unprocessable', {
      code: 'not-found',
      text: `${folder} holds no finished backup (${String(cause)})`,
    })
  }
}

async function contentsOf(path: string): Promise<Contents> {
  return withData(path, async (data) => ({
    commits: lastNumber(data.commits),
    rows: lastNumber(data.rows),
    records: data.records.getKeysCount(),
    checksum: await checksumOf([data.rows, data.commits, data.records].map((database) => ({ database }))),
  }))
}

async function withData<T>(path: string, use: (data: DataFile) => Promise<T>): Promise<T> {
  const data = openDataFile(path, true)
  try {
    return await use(data)
  } finally {
    await data.env.close()
  }
}

const SLICE = 500

interface Summed {
  readonly database: Bytes
  /** The last number, for databases with numbers as keys. */
  readonly upTo?: number
  /** What of a value counts; all of it when absent. */
  readonly part?: (value: Buffer) => Uint8Array
}

/** Reads in slices, so that a running hub goes on answering. */
async function checksumOf(parts: readonly Summed[]): Promise<number> {
  let sum = 0
  for (const { database, upTo, part } of parts) {
    let start: Buffer | undefined
    for (;;) {
      let last: Buffer | undefined
      const walk = {
        limit: SLICE,
        ...(start !== undefined && { start, exclusiveStart: true }),
        ...(upTo !== undefined && { end: numberKey(upTo + 1) }),
      }
      for (const { key, value } of database.getRange(walk)) {
        sum = crc32(part?.(value) ?? value, crc32(key, sum))
        last = Buffer.from(key)
      }
      if (last === undefined) break
      start = last
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return sum
}
