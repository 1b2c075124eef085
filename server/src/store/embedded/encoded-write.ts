import type { SearchKeys } from '../keys.ts'
import type { ResourceWrite, WriteMethod } from '../port.ts'
import type { KeyHash } from './key-hash.ts'
import { encodeRow } from './row.ts'

/** A write whose row is there already: its keys, ten times as large as objects, are not held until the commit. */
class EncodedWrite implements ResourceWrite {
  readonly type: string
  readonly id: string
  readonly expected: number
  readonly method: WriteMethod
  readonly lastUpdated: number
  readonly bytes: Uint8Array
  readonly row: Buffer

  constructor({ type, id, expected, method, lastUpdated, bytes }: ResourceWrite, row: Buffer) {
    this.type = type
    this.id = id
    this.expected = expected
    this.method = method
    this.lastUpdated = lastUpdated
    this.bytes = bytes
    this.row = row
  }

  get keys(): SearchKeys {
    return NO_KEYS
  }
}

const NO_KEYS: SearchKeys = { k: [], r: [], n: [], date: 0, patients: [] }

/** The row of a deletion depends on the version before it, which the commit finds. */
export function encoded(write: ResourceWrite, hash: KeyHash): ResourceWrite {
  return write.method === 'DELETE' ? write : new EncodedWrite(write, encodeRow(write, hash))
}

export function rowOf(write: ResourceWrite, hash: KeyHash): Buffer {
  return write instanceof EncodedWrite ? write.row : encodeRow(write, hash)
}
