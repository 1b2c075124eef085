import { Changes } from './changes.ts'
import { classKey, hashKey, nameKey, type IndexFile } from './index-file.ts'
import { INTERVALS, writeInterval, type Interval } from './intervals.hot.ts'
import { shortHash, type KeyHash } from './key-hash.ts'
import type { ListPlace } from './packed-lists.ts'
import { HashedLists, PlaceLists } from './place-lists.ts'
import { buildRun, type BuiltRun, type RunPosting, type RunWriter } from './posting-runs.ts'
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

/** Lists that a merge changes in so many places at most go into a run, see `posting-runs.ts`. */
const SHORT = 16

/** A list, with its key in the index. */
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
  readonly #rows = new PlaceLists()
  readonly #postings = new HashedLists(this.#rows)
  /** Of these what is dropped: it may lie in a run as well as in a list. */
  readonly #dropped = new HashedLists(this.#rows)
  /** By the hash of their parameter: by text, and by length class. */
  readonly #names = new Map<number, Map<string, number>>()
  readonly #ranges = new Map<number, Map<number, DatedInterval[]>>()
  #hashes: Float64Array | undefined
  #shared: SharedChanges | undefined

  constructor(hash: KeyHash) {
    this.#hash = hash
  }

  /** A version that is none of the current ones is found in the history only. */
  addVersion(seq: number, row: Buffer): void {
    this.#post(
      this.#hash.of(rowType(row), BY_COMMIT).short,
      this.#place({ sort: seq, seq, isDropped: false }),
      false,
    )
  }

  changeKeys(seq: number, row: Buffer, isDropped: boolean): void {
    if (rowIsDeleted(row)) return
    const type = rowType(row)
    const place = this.#place({ sort: sortOf(rowDate(row)), seq, isDropped })
    this.#post(this.#hash.of(type, BY_DATE).short, place, isDropped)
    for (let i = 0; i < rowKeyCount(row); i++)
      this.#post(shortHash(rowHashHi(row, i), rowHashLo(row, i)), place, isDropped)
    const { ranges, names } = rowFiled(row)
    for (const { p, lo, hi } of ranges)
      this.#intervals(this.#hash.of(type, p).short, lengthClass(lo, hi)).push({
        lo: finite(lo),
        hi,
        seq,
        isDropped,
      })
    if (names.length === 0) return
    const named = this.#place({ sort: EARLIEST, seq, isDropped })
    for (const { p, text } of names) this.#rows.add(this.#named(this.#hash.of(type, p).short, text), named)
  }

  /** In the order of the databases' keys, each made when it is asked for: twenty thousand at once would be copied by the collector. */
  *lists({ chunks, ranges, names }: IndexFile): Generator<ChangedList, void> {
    const shared = (this.#shared ??= new SharedChanges(this.#places, this.#rows))
    for (const hash of this.#inOrder()) {
      const list = this.#filed(hash)
      if (list === undefined) continue
      yield {
        place: { database: chunks, layout: POSTINGS, prefix: hashKey(hash, 0) },
        changes: shared.of(list),
      }
    }
    for (const { prefix, changed } of inOrder(this.#ranges, classKey))
      yield { place: { database: ranges, layout: INTERVALS, prefix }, changes: intervalChanges(changed) }
    for (const { prefix, changed } of inOrder(this.#names, nameKey))
      yield { place: { database: names, layout: POSTINGS, prefix }, changes: shared.of(changed) }
  }

  /** All of the short lists, and what the others drop. */
  run(): BuiltRun {
    const shared = (this.#shared ??= new SharedChanges(this.#places, this.#rows))
    return buildRun((writer) => {
      for (const hash of this.#inOrder()) {
        const list = this.#postings.find(hash) ?? 0
        const told = this.#isShort(list) ? list : this.#dropped.find(hash)
        if (told !== undefined) shared.tell(told, hash, writer)
      }
    })
  }

  /** What changes in the B-tree. */
  #filed(hash: number): number | undefined {
    const list = this.#postings.find(hash) ?? 0
    return this.#isShort(list) ? this.#dropped.find(hash) : list
  }

  #isShort(list: number): boolean {
    return this.#rows.countOf(list) <= SHORT
  }

  #inOrder(): Float64Array {
    return (this.#hashes ??= this.#postings.inOrder())
  }

  #place(place: Place): number {
    return this.#places.push(place) - 1
  }

  #post(hash: number, place: number, isDropped: boolean): void {
    this.#rows.add(this.#postings.listOf(hash), place)
    if (isDropped) this.#rows.add(this.#dropped.listOf(hash), place)
  }

  #named(parameter: number, text: string): number {
    let texts = this.#names.get(parameter)
    if (texts === undefined) this.#names.set(parameter, (texts = new Map()))
    const name = nameText(text)
    let list = texts.get(name)
    if (list === undefined) texts.set(name, (list = this.#rows.begin()))
    return list
  }

  #intervals(parameter: number, size: number): DatedInterval[] {
    let classes = this.#ranges.get(parameter)
    if (classes === undefined) this.#ranges.set(parameter, (classes = new Map()))
    let list = classes.get(size)
    if (list === undefined) classes.set(size, (list = []))
    return list
  }
}

interface DatedInterval extends Interval {
  readonly isDropped: boolean
}

function inOrder<Name, T>(
  lists: ReadonlyMap<number, ReadonlyMap<Name, T>>,
  keyOf: (parameter: number, name: Name) => Buffer,
): readonly ListOf<T>[] {
  const all = [...lists].flatMap(([parameter, named]) =>
    [...named].map(([name, changed]) => ({ prefix: keyOf(parameter, name), changed })),
  )
  return all.toSorted((a, b) => a.prefix.compare(b.prefix))
}

class SharedChanges {
  readonly #places: readonly Place[]
  readonly #rows: PlaceLists
  /** Where each place stands among all in order. */
  readonly #ranks: Uint32Array
  readonly #ordered: readonly Place[]
  /** By hash: lists that differ, and what they change. */
  readonly #made = new Map<number, { readonly list: number; readonly changes: Changes }[]>()
  /** By place: what lists of that place alone change, which most are. */
  readonly #single: (Changes | undefined)[] = []

  constructor(places: readonly Place[], rows: PlaceLists) {
    this.#places = places
    this.#rows = rows
    const order = places.map((_, place) => place).toSorted((a, b) => this.#compare(a, b))
    this.#ordered = order.map((place) => places[place] as Place)
    this.#ranks = new Uint32Array(places.length)
    for (const [rank, place] of order.entries()) this.#ranks[place] = rank
  }

  of(list: number): Changes {
    const only = this.#rows.onlyPlaceOf(list)
    if (only !== undefined) return (this.#single[only] ??= this.#changesOf(Uint32Array.of(only)))
    const hash = this.#rows.hashOf(list)
    const alike = this.#made.get(hash)
    const known = alike?.find((other) => this.#rows.isSame(other.list, list))
    if (known !== undefined) return known.changes
    const changes = this.#changesOf(this.#rows.placesOf(list))
    if (alike === undefined) this.#made.set(hash, [{ list, changes }])
    else alike.push({ list, changes })
    return changes
  }

  /** Of one posting that is dropped and added again only the latter. */
  tell(list: number, hash: number, writer: RunWriter): void {
    const only = this.#rows.onlyPlaceOf(list)
    if (only !== undefined) return writer.add(runPosting(hash, this.#places[only] as Place))
    const ranks = this.#ranked(list)
    for (const [at, rank] of ranks.entries()) {
      const posting = this.#ordered[rank] as Place
      const next = this.#ordered[ranks[at + 1] ?? -1]
      if (next?.seq !== posting.seq || next.sort !== posting.sort) writer.add(runPosting(hash, posting))
    }
  }

  #ranked(list: number): Uint32Array {
    const places = this.#rows.placesOf(list)
    for (const [at, place] of places.entries()) places[at] = this.#ranks[place] ?? 0
    return places.toSorted()
  }

  #changesOf(places: Uint32Array): Changes {
    const changes = new Changes(POSTINGS, places.length)
    for (const [at, place] of places.entries()) places[at] = this.#ranks[place] ?? 0
    for (const rank of places.toSorted()) {
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

function runPosting(hash: number, { sort, seq, isDropped }: Place): RunPosting {
  return { hash, sort, state: seq * 2 + (isDropped ? 1 : 0) }
}

function intervalChanges(changed: readonly DatedInterval[]): Changes {
  const changes = new Changes(INTERVALS, changed.length)
  const ordered = changed.toSorted(
    (a, b) => a.lo - b.lo || a.seq - b.seq || Number(b.isDropped) - Number(a.isDropped),
  )
  for (const interval of ordered) writeInterval(changes.bytes, changes.place(interval.isDropped), interval)
  return changes
}
