import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

import { fault } from '../../kernel/fault.ts'
import type { BackupReport } from '../port.ts'
import { lastNumber, numberKey, openDataFile, type Bytes, type DataFile } from './databases.ts'

/** What a backup holds; stands beside it as `backup.json`, so that a restore can prove that nothing changed on the way. */
export interface Contents {
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
  const contents = await contentsOf(folder)
  const source = await checksumOf([[data.rows, contents.rows]])
  const copied = await withData(folder, async (copy) => checksumOf([[copy.rows, contents.rows]]))
  if (source !== copied) throw new Error('the backup does not hold what the store holds')
  writeFileSync(join(folder, MANIFEST), JSON.stringify(contents), { flush: true })
  return { commits: contents.commits, bytes: statSync(join(folder, DATA)).size }
}

/**
 * @throws Fault `unprocessable` when the folder holds no backup or not what its manifest says.
 */
export async function verifyBackup(folder: string): Promise<Contents> {
  const expected = readManifest(folder)
  const found = await contentsOf(folder)
  if (JSON.stringify(found) === JSON.stringify(expected)) return found
  throw fault('unprocessable', {
    code: 'invalid',
    text: `the backup in ${folder} is damaged: it does not hold what its ${MANIFEST} says`,
  })
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

async function contentsOf(folder: string): Promise<Contents> {
  return withData(folder, async (data) => ({
    commits: lastNumber(data.commits),
    rows: lastNumber(data.rows),
    records: data.records.getKeysCount(),
    checksum: await checksumOf([[data.rows], [data.commits], [data.records]]),
  }))
}

async function withData<T>(folder: string, use: (data: DataFile) => Promise<T>): Promise<T> {
  const data = openDataFile(join(folder, DATA), true)
  try {
    return await use(data)
  } finally {
    await data.env.close()
  }
}

const SLICE = 500

/** Reads in slices, so that a running hub goes on answering. */
async function checksumOf(parts: readonly (readonly [database: Bytes, upTo?: number])[]): Promise<number> {
  let sum = 0
  for (const [database, upTo] of parts) {
    let start: Buffer | undefined
    for (;;) {
      let last: Buffer | undefined
      const walk = {
        limit: SLICE,
        ...(start !== undefined && { start, exclusiveStart: true }),
        ...(upTo !== undefined && { end: numberKey(upTo + 1) }),
      }
      for (const { key, value } of database.getRange(walk)) {
        sum = crc32(value, crc32(key, sum))
        last = Buffer.from(key)
      }
      if (last === undefined) break
      start = last
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return sum
}
