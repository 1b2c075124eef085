import { Changes } from './changes.ts'
import {
  applyChanges,
  changeAt,
  changeOnly,
  endOf,
  firstChunk,
  isFollowed,
  placeIn,
  type ListPlace,
} from './packed-lists.ts'

/**
 * Where dates come in no order, each posting of a merge would have a chunk of its own written again, in every long list that its row belongs to.
 * What does not go to the end of a long list is put aside instead, into two lists beside it (what is to be added, what is to be dropped), and filed
 * when these have grown to a share of it: the work for a posting stays the same however long the list is.
 *
 * Readers walk the additions together with the list. What is to be dropped belongs to rows that were replaced: they pass over those anyway.
 */
const ADDED = 0x20
const DROPPED = 0x40

/** Shorter lists change at once. */
const LONG_CHUNKS = 16
/** From so many changes for a chunk on nothing is won by waiting. */
const DENSE = 16
/** What is aside is filed when it has a chunk for so many of the list's, or up to half of them: so not all lists are written at once. */
const SHARE = 8

/** The list beside: hashes have 53 bits, so the highest three of a key are free. */
export function addedTo(list: ListPlace): ListPlace {
  return beside(list, ADDED)
}

function beside({ database, layout, prefix }: ListPlace, mark: number): ListPlace {
  const other = Buffer.from(prefix)
  other[0] = (other[0] ?? 0) | mark
  return { database, layout, prefix: other }
}

/**
 * Changes a list, now or later. Doing it again changes nothing.
 *
 * @param mayWait whether all that is dropped belongs to rows that were replaced
 */
export function changeList(list: ListPlace, changes: Changes, mayWait: boolean): void {
  const stored = firstChunk(list)
  if (!isFollowed(stored)) return changeOnly(list, changes, stored)
  const isWaited = hasAside(list)
  if (!mayWait) {
    if (!isWaited) return applyChanges(list, changes)
    putAside(list, changes)
    return file(list)
  }
  const last = lastKey(list)
  const split = placeIn(list.layout, changes.bytes.subarray(0, changes.count * list.layout.width), {
    bytes: last,
    at: list.prefix.length,
  })
  if (split < changes.count) changeAt(list, last, { changes, from: split, upTo: changes.count })
  if (split === 0) return
  const early = changes.slice(0, split)
  const chunks = countChunks(list)
  if (!isWaited && (chunks < LONG_CHUNKS || split >= chunks * DENSE)) return applyChanges(list, early)
  putAside(list, early)
  const aside = countChunks(beside(list, ADDED)) + countChunks(beside(list, DROPPED))
  if (aside * SHARE >= chunks * (1 + staggerOf(list))) file(list)
}

/** From 0 to 1, of the hash. */
function staggerOf({ prefix }: ListPlace): number {
  return (prefix[HASH_END] ?? 0) / 255
}

const HASH_END = 6

function hasAside(list: ListPlace): boolean {
  return [ADDED, DROPPED].some((mark) => firstChunk(beside(list, mark)) !== undefined)
}

/** Key of the last chunk; of a list that has several. */
function lastKey(list: ListPlace): Buffer {
  const [last] = list.database.getKeys({ start: endOf(list), reverse: true, limit: 1 })
  return last === undefined || last.length === list.prefix.length ? endOf(list) : Buffer.from(last)
}

function countChunks(list: ListPlace): number {
  return list.database.getKeysCount({ start: list.prefix, end: endOf(list) })
}

function putAside(list: ListPlace, changes: Changes): void {
  const { bytes, count } = changes
  const { width } = list.layout
  const dropped = new Changes(list.layout)
  for (let index = 0; index < count; index++) {
    if (changes.isDropped(index)) dropped.copy(false, bytes, index * width)
  }
  applyChanges(beside(list, ADDED), changes)
  if (dropped.count > 0) applyChanges(beside(list, DROPPED), dropped)
}

/** Files what is aside, first what is to be dropped. */
function file(list: ListPlace): void {
  const { width } = list.layout
  for (const mark of [DROPPED, ADDED]) {
    const changes = new Changes(list.layout)
    const aside = beside(list, mark)
    const { database, layout, prefix } = aside
    const keys: Buffer[] = []
    for (const { key, value } of database.getRange({ start: prefix, end: endOf(aside) })) {
      keys.push(Buffer.from(key))
      const { entries } = layout.unpack(value)
      for (let from = 0; from < entries.length; from += width) changes.copy(mark === DROPPED, entries, from)
    }
    for (const key of keys) database.removeSync(key)
    applyChanges(list, changes)
  }
}
