import { Changes } from './changes.ts'
import type { Bytes } from './databases.ts'
import { classKey, hashKey, nameKey, type IndexFile } from './index-file.ts'
import { INTERVALS, writeInterval, type Interval } from './intervals.hot.ts'
import { shortHash, type KeyHash } from './key-hash.ts'
import type { Layout } from './list-layout.ts'
import type { ListPlace } from './packed-lists.ts'
import { EARLIEST, POSTINGS, writePosting } from './postings.hot.ts'
import { rowDate, rowFiled, rowHashHi, rowHashLo, rowIsDeleted, rowKeyCount, rowType } from './row.ts'
import { BY_COMMIT, BY_DATE, finite, lengthClass, nameText, sortOf } from './tail.ts'

export interface ChangedList {
  readonly place: ListPlace
  readonly changes: Changes
}

interface Place {
  readonly sort: number
  readonly seq: number
  readonly isDropped: boolean
}

/** A list, by what of it is told by its key in the index. */
interface ListOf<T> {
  readonly prefix: Buffer
  readonly changed: T
}

/**
 * The lists that rows change. Many keys of a row are keys of the same rows (`subject` and `patient`, the forms of one code, all that every row
 * of a type has): such lists share their changes, so that what is alike in them is worked out once.
 */
export class MergeLists {
  readonly #hash: KeyHash
  readonly #places: Place[] = []
  readonly #postings = new Map<number, ListOf<Rows>>()
  readonly #names = new Map<string, ListOf<Rows>>()
  readonly #ranges = new Map<string, ListOf<DatedInterval[]>>()

  constructor(hash: KeyHash) {
    this.#hash = hash
  }

  /** A version that is none of the current ones is found in the history only. */
  addVersion(seq: number, row: Buffer): void {
    this.#post(
      this.#hash.of(rowType(row), BY_COMMIT).short,
      this.#place({ sort: seq, seq, isDropped: false }),
    )
  }

  changeKeys(seq: number, row: Buffer, isDropped: boolean): void {
    if (rowIsDeleted(row)) return
    const type = rowType(row)
    const place = this.#place({ sort: sortOf(rowDate(row)), seq, isDropped })
    this.#post(this.#hash.of(type, BY_DATE).short, place)
    for (let i = 0; i < rowKeyCount(row); i++)
      this.#post(shortHash(rowHashHi(row, i), rowHashLo(row, i)), place)
    const { ranges, names } = rowFiled(row)
    for (const { p, lo, hi } of ranges) {
      const prefix = classKey(this.#hash.of(type, p).short, lengthClass(lo, hi))
      this.#intervals(prefix).push({ lo: finite(lo), hi, seq, isDropped })
    }
    if (names.length === 0) return
    const named = this.#place({ sort: EARLIEST, seq, isDropped })
    for (const { p, text } of names) this.#name(nameKey(this.#hash.of(type, p).short, nameText(text)), named)
  }

  /** In the order of the databases' keys. */
  lists({ chunks, ranges, names }: IndexFile): readonly ChangedList[] {
    const changes = new SharedChanges(this.#places)
    const changedBy = ({ changed }: ListOf<Rows>): Changes => changes.of(changed)
    return [
      ...inOrder([...this.#postings.values()], { database: chunks, layout: POSTINGS }, changedBy),
      ...inOrder([...this.#ranges.values()], { database: ranges, layout: INTERVALS }, intervalChanges),
      ...inOrder([...this.#names.values()], { database: names, layout: POSTINGS }, changedBy),
    ]
  }

  #place(place: Place): number {
    return this.#places.push(place) - 1
  }

  #post(hash: number, place: number): void {
    let list = this.#postings.get(hash)
    if (list === undefined)
      this.#postings.set(hash, (list = { prefix: hashKey(hash, 0), changed: new Rows() }))
    list.changed.add(place)
  }

  #name(prefix: Buffer, place: number): void {
    const name = prefix.toString('latin1')
    let list = this.#names.get(name)
    if (list === undefined) this.#names.set(name, (list = { prefix, changed: new Rows() }))
    list.changed.add(place)
  }

  #intervals(prefix: Buffer): DatedInterval[] {
    const name = prefix.toString('latin1')
    let list = this.#ranges.get(name)
    if (list === undefined) this.#ranges.set(name, (list = { prefix, changed: [] }))
    return list.changed
  }
}

interface DatedInterval extends Interval {
  readonly isDropped: boolean
}

function inOrder<T>(
  lists: readonly ListOf<T>[],
  { database, layout }: { database: Bytes; layout: Layout },
  changesOf: (list: ListOf<T>) => Changes,
): ChangedList[] {
  return lists
    .toSorted((a, b) => a.prefix.compare(b.prefix))
    .map((list) => ({ place: { database, layout, prefix: list.prefix }, changes: changesOf(list) }))
}

/** Places in the order in which they came, with a hash of them. */
class Rows {
  readonly places: number[] = []
  hash = 0

  add(place: number): void {
    if (this.places.at(-1) === place) return
    this.places.push(place)
    const mixed = Math.imul(this.hash ^ place, 0x85ebca6b)
    this.hash = mixed ^ (mixed >>> 15)
  }
}

class SharedChanges {
  readonly #places: readonly Place[]
  /** Where each place stands among all in order. */
  readonly #ranks: Uint32Array
  readonly #ordered: readonly Place[]
  readonly #made = new Map<number, { readonly places: readonly number[]; readonly changes: Changes }[]>()

  constructor(places: readonly Place[]) {
    this.#places = places
    const order = places.map((_, place) => place).toSorted((a, b) => this.#compare(a, b))
    this.#ordered = order.map((place) => places[place] as Place)
    this.#ranks = new Uint32Array(places.length)
    for (const [rank, place] of order.entries()) this.#ranks[place] = rank
  }

  of({ places, hash }: Rows): Changes {
    const alike = this.#made.get(hash)
    const known = alike?.find((other) => isSame(other.places, places))
    if (known !== undefined) return known.changes
    const changes = this.#changesOf(places)
    if (alike === undefined) this.#made.set(hash, [{ places, changes }])
    else alike.push({ places, changes })
    return changes
  }

  #changesOf(places: readonly number[]): Changes {
    const changes = new Changes(POSTINGS, places.length)
    for (const rank of Uint32Array.from(places, (place) => this.#ranks[place] ?? 0).toSorted()) {
      const posting = this.#ordered[rank] as Place
      writePosting(changes.bytes, changes.place(posting.isDropped), posting)
    }
    return changes
  }

  /** Of one entry what is dropped comes first. */
  #compare(a: number, b: number): number {
    const [one, other] = [this.#places[a] as Place, this.#places[b] as Place]
    return one.sort - other.sort || one.seq - other.seq || Number(other.isDropped) - Number(one.isDropped)
  }
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((place, at) => place === b[at])
}

function intervalChanges({ changed }: ListOf<DatedInterval[]>): Changes {
  const changes = new Changes(INTERVALS, changed.length)
  const ordered = changed.toSorted(
    (a, b) => a.lo - b.lo || a.seq - b.seq || Number(b.isDropped) - Number(a.isDropped),
  )
  for (const interval of ordered) writeInterval(changes.bytes, changes.place(interval.isDropped), interval)
  return changes
}
