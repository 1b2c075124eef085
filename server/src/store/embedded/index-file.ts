import { open, type RootDatabase } from 'lmdb'

import type { Bytes } from './databases.ts'
import { POSTING, writePosting } from './postings.hot.ts'

/**
 * The databases of `index.mdb`: postings merged from the rows, with the number of the last merged row in the same transaction. Derived: it is
 * rebuilt when it is lost. Keys begin with the lower 53 bits of a key's hash (7 bytes).
 */
export interface IndexFile {
  readonly env: RootDatabase<Buffer, Buffer>
  /**
   * About `CHUNK_MOST` postings, see `postings.hot.ts`. The first chunk of a hash has the hash as its key: most hashes have just one chunk, which is
   * read and written without a search. The others have hash and a posting that none of theirs is before.
   */
  readonly chunks: Bytes
  /** hash, length class (1), ordered lower bound (8), row (6) -> upper bound (8). */
  readonly ranges: Bytes
  /** hash, text, 0, row (6) -> nothing. */
  readonly names: Bytes
  readonly meta: Bytes
}

export const CHUNK_MOST = 128

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
    meta: database('meta'),
  }
}

export const INDEX_FORMAT = 2

const WATERMARK = Buffer.from('merged', 'utf8')

/** Row up to which postings are merged, and whose they are: an index never serves another store than the one it was made from. */
export interface Watermark {
  /** How the index is written: another one is made anew. */
  readonly format: number
  readonly row: number
  readonly seed: string
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

export function chunkKey(hash: number, sort: number, seq: number): Buffer {
  const key = hashKey(hash, POSTING)
  writePosting(key, HASH, { sort, seq })
  return key
}

export function rangeKey(hash: number, size: number, place: { lo: number; seq: number }): Buffer {
  const key = hashKey(hash, 15)
  key[HASH] = size
  writeOrdered(key, HASH + 1, place.lo)
  key.writeUIntBE(place.seq, HASH + 9, 6)
  return key
}

export function nameKey(hash: number, text: string, seq: number): Buffer {
  const length = Buffer.byteLength(text)
  const key = hashKey(hash, length + 7)
  key.write(text, HASH, 'utf8')
  key[HASH + length] = 0
  key.writeUIntBE(seq, HASH + length + 1, 6)
  return key
}

/** A double whose bytes compare as the numbers do: the sign bit is turned, negative numbers are turned as a whole. */
function writeOrdered(bytes: Buffer, at: number, number: number): void {
  bytes.writeDoubleBE(number, at)
  const isNegative = (bytes[at] ?? 0) >= 0x80
  if (isNegative) for (let i = at; i < at + 8; i++) bytes[i] = ~(bytes[i] ?? 0)
  else bytes[at] = (bytes[at] ?? 0) | 0x80
}

export function readOrdered(bytes: Buffer, at: number): number {
  const copy = Buffer.from(bytes.subarray(at, at + 8))
  if ((copy[0] ?? 0) >= 0x80) copy[0] = (copy[0] ?? 0) & 0x7f
  else for (let i = 0; i < 8; i++) copy[i] = ~(copy[i] ?? 0)
  return copy.readDoubleBE(0)
}
