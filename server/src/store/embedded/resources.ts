import type { RangeKey } from '../keys.ts'
import type { ResourceReader, Row, StoredVersion } from '../port.ts'
import type { NamePosting, NameRequest, Posting, RangeRequest, ScanRequest } from '../scans.ts'
import { currentOf } from './appender.ts'
import { numberKey, scopedKey, type DataFile, peek } from './databases.ts'
import { createHistory } from './history.ts'
import type { KeyHash } from './key-hash.ts'
import { OwnRow } from './own-row.ts'
import type { RowCache } from './row-cache.ts'
import type { RowReader } from './row-reader.ts'
import type { RowSet } from './row-set.ts'
import { rowDate, rowHasHash, rowId, rowPrevious, rowType, rowVersion, versionOf } from './row.ts'
import type { SearchIndex } from './search-index.ts'
import { compareUtf8, type Cursor, type Place } from './sorted-blocks.ts'
import { BY_COMMIT, BY_DATE, finite, nameText, sortOf } from './tail.ts'

interface ResourceDeps {
  readonly data: DataFile
  readonly hash: KeyHash
  readonly index: SearchIndex
  /** Rows that are no current resource: replaced ones and deletions. */
  readonly stale: RowSet
  readonly cache: RowCache
  readonly reader: RowReader
}

/** Reads of one call happen in one turn, so they see one state of the store. */
export function createResources(deps: ResourceDeps): ResourceReader {
  const { data } = deps

  function fetchOne(type: string, id: string, tie: Posting['tie'] | undefined): Row | undefined {
    const found = typeof tie === 'number' && !deps.stale.has(tie) ? ownRow(deps, type, tie) : undefined
    if (found?.id === id && found.type === type) return found
    const current = currentOf(data, scopedKey(type, id))
    return current === undefined || current.deleted ? undefined : ownRow(deps, type, current.seq)
  }

  return {
    ...createHistory(deps),

    read(type, id) {
      const current = currentOf(data, scopedKey(type, id))
      if (current === undefined) return undefined
      if (!current.deleted) return ownRow(deps, type, current.seq)?.plain()
      const row = peek(data.rows, numberKey(current.seq))
      return row === undefined ? undefined : versionOf(row)
    },

    vread: async (type, id, version) => readVersion(deps, scopedKey(type, id), version),

    count: (type, key, cap) =>
      countKey(deps, { type, order: 'date', ...(key !== undefined && { key }) }, cap),
    scan: (request) => scanKey(deps, request),
    range: (request) => scanRange(deps, request),
    names: (request) => scanNames(deps, request),
    fetch: (type, ids, ties) => ids.map((id, index) => fetchOne(type, id, ties?.[index])),
    types: async () => typesIn(data),
  }
}

/** A current row, from the cache when it was read lately. */
function ownRow({ reader, hash, cache }: ResourceDeps, type: string, seq: number): OwnRow | undefined {
  const known = cache.get(seq)
  if (known !== undefined) return known
  const stored = reader.read(seq)
  if (stored === undefined) return undefined
  const row = new OwnRow(stored, hash, type)
  cache.offer(seq, row)
  return row
}

function readVersion({ data }: ResourceDeps, key: Buffer, version: number): StoredVersion | undefined {
  let seq = currentOf(data, key)?.seq ?? 0
  while (seq !== 0) {
    const row = peek(data.rows, numberKey(seq))
    if (row === undefined || rowVersion(row) < version) return undefined
    if (rowVersion(row) === version) return versionOf(row)
    seq = rowPrevious(row)
  }
  return undefined
}

function scanKey(deps: ResourceDeps, request: ScanRequest): readonly Posting[] {
  const { index, stale } = deps
  const { type, key, order, direction, after, limit } = request
  const cursor = index.postings({
    type,
    key: key ?? (order === 'updated' ? BY_COMMIT : BY_DATE),
    direction,
    ...placeOf(after),
  })
  const posting = request.withRows === true ? rowPosting(deps, request) : barePosting(deps, request)
  const found: Posting[] = []
  while (found.length < limit && cursor.next()) {
    const { seq, key: sort } = cursor
    const one = stale.has(seq) ? undefined : posting(seq, sort)
    if (one !== undefined) found.push(one)
  }
  return found
}

type PostingOf = (seq: number, sort: number) => Posting | undefined

function barePosting({ data, hash, cache }: ResourceDeps, request: ScanRequest): PostingOf {
  const isWanted = rowTest(hash, request)
  return (seq, sort) => {
    const row = cache.get(seq)?.stored ?? peek(data.rows, numberKey(seq))
    return row !== undefined && isWanted(row, sort) ? { id: rowId(row), sort, tie: seq } : undefined
  }
}

function rowPosting(deps: ResourceDeps, request: ScanRequest): PostingOf {
  const { type } = request
  const isWanted = rowTest(deps.hash, request)
  // What searches take from here is verified on the whole hash of each of their clauses once more.
  const { isExact } = deps.index
  return (tie, sort) => {
    const row = ownRow(deps, type, tie)
    const isRight = row?.type === type && (isExact || isWanted(row.stored, sort))
    return isRight ? { id: row.id, sort, tie, row } : undefined
  }
}

type Wanted = Pick<ScanRequest, 'type' | 'key' | 'order'>

/** Whether a row belongs to its posting: lists are found by 53 bits of the hash, and rows that got other keys are still posted under the old ones for a while. */
function rowTest(hash: KeyHash, { type, key, order }: Wanted): (row: Buffer, sort: number) => boolean {
  const { hi, lo } = hash.of(type, key ?? '')
  return (row, sort) =>
    rowType(row) === type &&
    (key === undefined || rowHasHash(row, hi, lo)) &&
    (order === 'updated' || sortOf(rowDate(row)) === sort)
}

function countKey({ data, hash, index, stale }: ResourceDeps, wanted: Wanted, cap: number): number {
  const cursor = index.postings({ type: wanted.type, key: wanted.key ?? BY_DATE, direction: 'asc' })
  const isWanted = rowTest(hash, wanted)
  let count = 0
  while (count < cap && cursor.next()) {
    if (stale.has(cursor.seq)) continue
    // All postings are right, unless rows have got other keys a moment ago.
    const row = index.isExact ? undefined : peek(data.rows, numberKey(cursor.seq))
    if (row === undefined || isWanted(row, cursor.key)) count++
  }
  return count
}

function placeOf(after: { sort: number; tie: number | string } | undefined): { after?: Place<number> } {
  return after === undefined ? {} : { after: { key: after.sort, seq: Number(after.tie) } }
}

function scanRange(deps: ResourceDeps, request: RangeRequest): readonly Posting[] {
  const { index, stale } = deps
  const { type, param, lo, hi, after, limit, withRows } = request
  const cursor = index.ranges({ type, key: param, direction: 'asc', ...placeOf(after) }, lo)
  const found: Posting[] = []
  while (found.length < limit && cursor.next() && cursor.key <= hi) {
    if (stale.has(cursor.seq)) continue
    const row = ownRow(deps, type, cursor.seq)
    if (row?.type !== type) continue
    // A resource with several fitting intervals is found once, by the lowest of them.
    const lowest = lowestBound(row.ranges(), request)
    const isRepeated = (found.at(-1) ?? after)?.tie === cursor.seq
    if (lowest !== cursor.key || isRepeated) continue
    const { id } = row
    found.push(
      withRows ? { id, sort: cursor.key, tie: cursor.seq, row } : { id, sort: cursor.key, tie: cursor.seq },
    )
  }
  return found
}

function lowestBound(ranges: readonly RangeKey[], wanted: RangeRequest): number | undefined {
  const fitting = ranges.filter((range) => range.p === wanted.param && overlaps(range, wanted))
  return fitting.length === 0 ? undefined : finite(Math.min(...fitting.map(({ lo }) => lo)))
}

interface Interval {
  readonly lo: number
  readonly hi: number
}

/** Half-open intervals share a point; an interval with equal ends is that point itself. */
function overlaps(a: Interval, b: Interval): boolean {
  if (a.lo === a.hi) return b.lo === b.hi ? a.lo === b.lo : b.lo <= a.lo && a.lo < b.hi
  if (b.lo === b.hi) return a.lo <= b.lo && b.lo < a.hi
  return a.lo < b.hi && b.lo < a.hi
}

function scanNames(deps: ResourceDeps, request: NameRequest): readonly NamePosting[] {
  const { index, stale } = deps
  const { type, param, prefix, after, limit, withRows } = request
  const start = after === undefined ? { key: prefix, seq: -1 } : { key: after.text, seq: Number(after.tie) }
  const cursor: Cursor<string> = index.names({ type, key: param, direction: 'asc' }, prefix, start)
  const found: NamePosting[] = []
  while (found.length < limit && cursor.next() && cursor.key.startsWith(prefix)) {
    if (stale.has(cursor.seq)) continue
    const row = ownRow(deps, type, cursor.seq)
    if (row?.type !== type) continue
    // A resource with several fitting names is found once, by the first of them.
    const isFirst = firstName(row, param, prefix) === cursor.key
    if (!isFirst || found.at(-1)?.tie === cursor.seq) continue
    const { id } = row
    found.push(
      withRows ? { id, text: cursor.key, tie: cursor.seq, row } : { id, text: cursor.key, tie: cursor.seq },
    )
  }
  return found
}

function firstName(row: OwnRow, param: string, prefix: string): string | undefined {
  let first: string | undefined
  for (const { p, text } of row.names()) {
    if (p !== param || !text.startsWith(prefix)) continue
    const filed = nameText(text)
    if (first === undefined || compareUtf8(filed, first) < 0) first = filed
  }
  return first
}

function typesIn({ ids }: DataFile): readonly string[] {
  const types: string[] = []
  let start = Buffer.alloc(0)
  for (;;) {
    const [key] = ids.getKeys({ start, limit: 1 })
    if (key === undefined) return types
    const type = key.toString('latin1', 0, key.indexOf(0))
    types.push(type)
    start = Buffer.from(`${type}\u0001`, 'latin1')
  }
}
