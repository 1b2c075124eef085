import { open, type RootDatabase } from 'lmdb'

import type { Bytes } from './databases.ts'

/**
 * The databases of `index.mdb`: postings merged from the rows, with the number of the last merged row in the same transaction. Derived: it is
 * rebuilt when it is lost. Keys begin with the lower 53 bits of a key's hash (7 bytes).
 */
export interface IndexFile {
  readonly env: RootDatabase<Buffer, Buffer>
  /** hash -> postings, see `postings.hot.ts`. All three hold lists as `packed-lists.ts` has them; the first two also what `late-changes.ts` puts aside. */
  readonly chunks: Bytes
  /** hash, length class (1) -> intervals by lower bound, see `intervals.hot.ts`. */
  readonly ranges: Bytes
  /** hash, text, 0 -> the rows that have it, as postings that are all of one time. */
  readonly names: Bytes
  /** run (4), block (4) -> postings of short lists, see `posting-runs.ts`. */
  readonly runs: Bytes
  readonly meta: Bytes
}

export function openIndexFile(path: string): IndexFile {
  const bytes = { encoding: 'binary', keyEncoding: 'binary' } as const
  const env: RootDatabase<Buffer, Buffer> = open({
    path,
    ...bytes,
    noSubdir: true,
    maxDbs: 8,
    mapSize: 64 * 2 ** 30,
    overlappingSync: false,
  })
  const database = (name: string): Bytes => env.openDB<Buffer, Buffer>({ name, ...bytes })
  return {
    env,
    chunks: database('chunks'),
    ranges: database('ranges'),
    names: database('names'),
    runs: database('runs'),
    meta: database('meta'),
  }
}

export const INDEX_FORMAT = 6
/** The one before knows no runs; all else is the same. */
export const INDEX_FORMAT_READ = 5

const WATERMARK = Buffer.from('merged', 'utf8')

/** Row up to which postings are merged, and whose they are: an index never serves another store than the one it was made from. */
export interface Watermark {
  /** How the index is written: another one is made anew. */
  readonly format: number
  readonly row: number
  /** Up to which row some postings may be there already. */
  readonly reached: number
  readonly seed: string
  /** The oldest first; absent in the format before. */
  readonly runs?: readonly RunInfo[]
}

/** A run of postings, see `posting-runs.ts`. */
export interface RunInfo {
  readonly number: number
  readonly blocks: number
  readonly count: number
}

export function readWatermark(index: IndexFile): Watermark | undefined {
  const stored = index.meta.getBinary(WATERMARK)
  return stored === undefined ? undefined : (JSON.parse(stored.toString('utf8')) as Watermark)
}

export function putWatermark(index: IndexFile, watermark: Watermark): void {
  index.meta.putSync(WATERMARK, Buffer.from(JSON.stringify(watermark), 'utf8'))
}

export const HASH = 7

/** A key that starts with a hash and has room for `more` bytes. */
export function hashKey(hash: number, more: number): Buffer {
  const key = Buffer.allocUnsafe(HASH + more)
  key.writeUIntBE(Math.floor(hash / 0x1_0000_0000), 0, 3)
  key.writeUInt32BE(hash % 0x1_0000_0000, 3)
  return key
}

export function classKey(hash: number, size: number): Buffer {
  const key = hashKey(hash, 1)
  key[HASH] = size
  return key
}

export function nameKey(hash: number, text: string): Buffer {
  const length = Buffer.byteLength(text)
  const key = hashKey(hash, length + 1)
  key.write(text, HASH, 'utf8')
  key[HASH + length] = 0
  return key
}
