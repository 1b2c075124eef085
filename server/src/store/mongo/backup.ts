import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { BSON, MongoClient, type Db, type Document } from 'mongodb'

import { fault } from '../../kernel/fault.ts'
import type { BackupReport } from '../port.ts'
import type { Database } from './database.ts'
import { appliedUpTo } from './log.ts'

/**
 * Writes every collection as `<name>.bson`, the format of `mongodump`, and a manifest; then reads all files again and compares.
 * The log is copied last, and the manifest names the commit up to which all was applied when the copy began: whoever opens a restored
 * copy applies the commits behind it once more, which changes nothing that is there, so that the copy is that of its last commit.
 */
export async function exportTo(database: Database, folder: string): Promise<BackupReport> {
  await mkdir(folder, { recursive: true })
  if ((await readdir(folder)).length > 0)
    throw fault('conflict', { code: 'conflict', text: 'The folder for the backup is not empty.' })
  const applied = await appliedUpTo(database)
  const files: Record<string, FileSum> = {}
  for (const name of await collectionNames(database.db))
    files[name] = await exportCollection(database.db, name, folder)
  const manifest: Manifest = { format: 1, applied, files }
  await writeFile(join(folder, MANIFEST), JSON.stringify(manifest, undefined, 2), { flush: true })
  for await (const _ of verifiedDocuments(folder, manifest)) void _
  return {
    commits: files['commits']?.documents ?? 0,
    bytes: Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

/**
 * Puts a backup into an empty database, which `openMongoStore` then opens.
 *
 * @throws Fault `conflict` when there is something in the database, `unprocessable` when the backup is damaged
 */
export async function importFrom({ url, database, folder }: RestoreOptions): Promise<BackupReport> {
  const manifest = JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')) as Manifest
  for await (const _ of verifiedDocuments(folder, manifest)) void _
  const client = new MongoClient(url, { writeConcern: { w: 'majority', journal: true }, retryWrites: false })
  try {
    const db = client.db(database)
    if ((await db.listCollections().toArray()).length > 0)
      throw fault('conflict', { code: 'conflict', text: 'The database is not empty.' })
    for await (const { name, raw } of verifiedDocuments(folder, manifest)) {
      if (!(name === 'meta' && idOf(raw) === 'applied')) await db.collection(name).insertOne(exact(raw))
    }
    await db.collection<{ _id: string; n: number }>('meta').insertOne({ _id: 'applied', n: manifest.applied })
  } finally {
    await client.close()
  }
  const sums = Object.values(manifest.files)
  return {
    commits: manifest.files['commits']?.documents ?? 0,
    bytes: sums.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

export interface RestoreOptions {
  readonly url: string
  readonly database: string
  readonly folder: string
}

interface Manifest {
  readonly format: 1
  readonly applied: number
  readonly files: Readonly<Record<string, FileSum>>
}

interface FileSum {
  readonly documents: number
  readonly bytes: number
  readonly sha256: string
}

const MANIFEST = 'manifest.json'

/** The parts come behind the log, so that no commit is copied without its parts. */
async function collectionNames(db: Db): Promise<string[]> {
  const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name)
  const log = ['commits', 'commit_parts']
  return [
    ...names.filter((name) => !log.includes(name)).toSorted(),
    ...log.filter((name) => names.includes(name)),
  ]
}

async function exportCollection(db: Db, name: string, folder: string): Promise<FileSum> {
  const file = await open(join(folder, `${name}.bson`), 'wx')
  const hash = createHash('sha256')
  const sum = { documents: 0, bytes: 0 }
  try {
    const cursor = db.collection(name).find({}, { raw: true }).sort({ _id: 1 })
    for await (const document of cursor) {
      const raw = document as unknown as Buffer
      await file.write(raw)
      hash.update(raw)
      sum.documents++
      sum.bytes += raw.length
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return { ...sum, sha256: hash.digest('hex') }
}

/** All documents of a backup; ends only when every file is as the manifest says. */
async function* verifiedDocuments(
  folder: string,
  { files }: Manifest,
): AsyncGenerator<{ name: string; raw: Buffer }> {
  for (const [name, sum] of Object.entries(files)) {
    const hash = createHash('sha256')
    let documents = 0
    for await (const raw of documentsIn(join(folder, `${name}.bson`))) {
      hash.update(raw)
      documents++
      yield { name, raw }
    }
    if (documents !== sum.documents || hash.digest('hex') !== sum.sha256)
      throw fault('unprocessable', { code: 'exception', text: `The backup of ${name} is damaged.` })
  }
}

async function* documentsIn(path: string): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0)
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 4 && rest.length >= rest.readInt32LE(0) && rest.readInt32LE(0) > 4) {
      const length = rest.readInt32LE(0)
      yield rest.subarray(0, length)
      rest = rest.subarray(length)
    }
  }
  // A document that was cut off: it makes the sums differ.
  if (rest.length > 0) yield rest
}

/** Keeps the BSON types of numbers and bytes as they are. */
function exact(raw: Buffer): Document {
  return BSON.deserialize(raw, { promoteValues: false, promoteLongs: false, promoteBuffers: false })
}

function idOf(raw: Buffer): unknown {
  return BSON.deserialize(raw)['_id']
}
