import type { NameKey, RangeKey } from '../keys.ts'
import type { Packed, Row, StoredVersion, WriteMethod } from '../port.ts'
import type { KeyHash } from './key-hash.ts'
import { scalarIn } from './row-derived.ts'
import type { RowExtras } from './row-derived.ts'
import {
  copyContent,
  namesOf,
  rangesOf,
  rowCommit,
  rowContent,
  rowContentLength,
  rowDate,
  rowExtras,
  rowHasHash,
  rowId,
  rowLastUpdated,
  rowMethod,
  rowScalars,
  rowTypeLike,
  rowVersion,
  unpackedRow,
} from './row.ts'

/** Object, buffers, map entry, decoded extras. */
const OBJECT_BYTES = 1024

/** A row in a buffer of its own; what a plain listing does not need is decoded when asked for. */
export class OwnRow implements Row, Packed {
  readonly type: string
  readonly deleted = false
  /** Of the cache: whether somebody has asked for it since the last round. */
  isWanted = false
  #row: Buffer
  readonly #hash: KeyHash
  #id: string | undefined
  #date: number | undefined
  #lastUpdated: number | undefined
  #extras: RowExtras | undefined
  #bytes: Buffer | undefined
  #isSettled = false
  /** As JSON, see `scalar`. */
  #scalars: string | undefined
  #names: readonly NameKey[] | undefined
  #ranges: readonly RangeKey[] | undefined

  /** @param expected what its type most probably is */
  constructor(row: Buffer, hash: KeyHash, expected: string) {
    this.#row = row
    this.#hash = hash
    this.type = rowTypeLike(row, expected)
  }

  get id(): string {
    return (this.#id ??= rowId(this.#row))
  }

  get version(): number {
    return rowVersion(this.#row)
  }

  get lastUpdated(): number {
    return (this.#lastUpdated ??= rowLastUpdated(this.#row))
  }

  get method(): WriteMethod {
    return rowMethod(this.#row)
  }

  get commit(): number {
    return rowCommit(this.#row)
  }

  get date(): number {
    return (this.#date ??= rowDate(this.#row))
  }

  get packed(): Packed {
    return this
  }

  get byteLength(): number {
    return this.#bytes?.length ?? rowContentLength(this.#row)
  }

  copyTo(target: Buffer, at: number): number {
    const bytes = this.#bytes
    return bytes === undefined ? copyContent(this.#row, target, at) : at + bytes.copy(target, at)
  }

  /** The row as it is stored, perhaps unpacked. */
  get stored(): Buffer {
    return this.#row
  }

  /** Unpacked, in memory that it shares with no other row: it is going to stay. */
  settle(): void {
    this.#row = unpackedRow(this.#row)
    this.#bytes = rowContent(this.#row)
    this.#scalars = undefined
    this.#isSettled = true
  }

  /** About what it takes in memory once it is settled. */
  get size(): number {
    return this.#row.length + OBJECT_BYTES
  }

  plain(): StoredVersion {
    const { type, id, version, lastUpdated, deleted, method, commit, bytes } = this
    return { type, id, version, lastUpdated, deleted, method, commit, bytes }
  }

  get bytes(): Uint8Array {
    this.#bytes ??= rowContent(this.#row)
    return this.#bytes
  }

  has(key: string): boolean {
    const { hi, lo } = this.#hash.again(this.type, key)
    return rowHasHash(this.#row, hi, lo)
  }

  ranges(): readonly RangeKey[] {
    return (this.#ranges ??= rangesOf(this.#decoded()))
  }

  names(): readonly NameKey[] {
    return (this.#names ??= namesOf(this.#decoded()))
  }

  /** In a row that does not stay one scalar is looked for: that takes a tenth of parsing them all. */
  scalar(name: string): string | undefined {
    if (this.#isSettled || this.#extras !== undefined) return this.#decoded().s?.[name]
    this.#scalars ??= rowScalars(this.#row)
    return scalarIn(this.#scalars, name)
  }

  patients(): readonly string[] {
    return this.#decoded().c ?? []
  }

  #decoded(): RowExtras {
    this.#extras ??= rowExtras(this.#row)
    return this.#extras
  }
}
