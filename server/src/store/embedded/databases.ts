import { open, type Database, type RootDatabase } from 'lmdb'

export type Bytes = Database<Buffer, Buffer>

/** The databases of `data.mdb`: the truth. Keys and values are bytes; all numbers big-endian. */
export interface DataFile {
  readonly env: RootDatabase<Buffer, Buffer>
  /** seq (6) -> row, see `row.ts`; only appended. */
  readonly rows: Bytes
  /** type, 0, id -> seq (6), version (4), 1 when deleted. */
  readonly ids: Bytes
  /** seq of a row that is no longer current -> seq of the row that replaced it; a deletion points to itself until it is replaced. */
  readonly superseded: Bytes
  /** number (6) -> seq (6), the row as it was: rows that got other keys, until the index has them. */
  readonly rekeyed: Bytes
  /** commit number (6) -> see `commit-header.ts`. */
  readonly commits: Bytes
  /** collection, 0, id -> see `record.ts`. */
  readonly records: Bytes
  /** collection, 0, second key -> id. */
  readonly seconds: Bytes
  /** expiry (6), collection, 0, id -> nothing. */
  readonly expiries: Bytes
  /** name -> JSON: schema, key encoding, definitions hash, hash seed. */
  readonly meta: Bytes
}

// Address space, not disk: growing the map later would remap it under running reads.
const MAP_SIZE = 64 * 2 ** 30

/** Of new files. Rows of up to half a page share pages; smaller ones would leave every third row in pages of its own. */
const PAGE_SIZE = 8192

const BYTES = { encoding: 'binary', keyEncoding: 'binary' } as const

export function openDataFile(path: string, readOnly = false): DataFile {
  // Without `overlappingSync: false` a commit would be visible, and answered, before it is on the disk.
  const env: RootDatabase<Buffer, Buffer> = open({
    path,
    ...BYTES,
    readOnly,
    noSubdir: true,
    maxDbs: 16,
    mapSize: MAP_SIZE,
    pageSize: PAGE_SIZE,
    overlappingSync: false,
    // One transaction at a time comes from the writer; of a batch of lmdb's own that fails, one promise is nobody's.
    eventTurnBatching: false,
  })
  const database = (name: string): Bytes => env.openDB<Buffer, Buffer>({ name, ...BYTES })
  return {
    env,
    rows: database('rows'),
    ids: database('ids'),
    superseded: database('superseded'),
    rekeyed: database('rekeyed'),
    commits: database('commits'),
    records: database('records'),
    seconds: database('seconds'),
    expiries: database('expiries'),
    meta: database('meta'),
  }
}

/**
 * Runs the work as one write transaction on this thread; its pages are written and synced in lmdb's own thread, and visible after that.
 *
 * @returns when it is durable. @throws what the work throws, or lmdb's error with its number as `code`: nothing of the transaction is there
 */
export async function transactDurably({ env }: DataFile, work: () => void): Promise<void> {
  try {
    // A child can be taken back; lmdb would commit what a failed callback of its own has put.
    await env.childTransaction(work)
  } catch (error) {
    if (error instanceof Error && 'commitError' in error) await error.commitError
    throw error
  }
}

export function numberKey(number: number): Buffer {
  const key = Buffer.allocUnsafe(6)
  key.writeUIntBE(number, 0, 6)
  return key
}

/** `scope`, 0, `name`: scopes (types, collections) hold no zero byte. */
export function scopedKey(scope: string, name: string): Buffer {
  return Buffer.from(`${scope}\0${name}`, 'utf8')
}

export function lastNumber(database: Bytes): number {
  for (const key of database.getKeys({ reverse: true, limit: 1 })) return key.readUIntBE(0, 6)
  return 0
}

/**
 * The stored value in lmdb's own read buffer: good until the next read of any database, so copy what is to stay.
 * (The buffer that lmdb hands out only claims the value's length, which `toString` and the like do not believe.)
 */
export function peek(database: Bytes, key: Buffer): Buffer | undefined {
  const shared = database.getBinaryFast(key)
  return shared?.subarray(0, shared.length)
}
