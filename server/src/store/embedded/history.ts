import type { HistoryPage, HistoryRequest, ResourceReader, StoredVersion } from '../port.ts'
import { currentOf } from './appender.ts'
import { lastNumber, numberKey, scopedKey, type DataFile, peek } from './databases.ts'
import { rowLastUpdated, rowLatest, rowPrevious, rowType, versionOf } from './row.ts'
import type { SearchIndex } from './search-index.ts'
import { BY_COMMIT } from './tail.ts'

type Filter = Omit<HistoryRequest, 'limit'>

export interface HistoryDeps {
  readonly data: DataFile
  readonly index: SearchIndex
}

/** History is a walk down the row log: the whole of it, the rows of one type, or the chain of versions of one resource. */
export function createHistory(deps: HistoryDeps): Pick<ResourceReader, 'history' | 'historyCount'> {
  return {
    async history(request) {
      const versions: StoredVersion[] = []
      let last = 0
      for (const seq of fitting(deps, request)) {
        if (versions.length === request.limit) return page(versions, last)
        const row = peek(deps.data.rows, numberKey(seq))
        if (row !== undefined) versions.push(versionOf(row))
        last = seq
      }
      return page(versions)
    },

    async historyCount(request) {
      if (request.type === undefined && request.since === undefined && request.at === undefined) {
        return lastNumber(deps.data.rows)
      }
      let count = 0
      for (const seq of fitting(deps, request)) count += seq > 0 ? 1 : 0
      return count
    },
  }
}

function page(versions: readonly StoredVersion[], last?: number): HistoryPage {
  return { versions, ...(last !== undefined && { next: String(last) }) }
}

function* fitting(deps: HistoryDeps, filter: Filter): Generator<number> {
  const { since = 0, at } = filter
  for (const seq of rowsDown(deps, filter)) {
    const row = peek(deps.data.rows, numberKey(seq))
    // Nothing below this row is newer.
    if (row === undefined || rowLatest(row) < since) return
    const lastUpdated = rowLastUpdated(row)
    if (lastUpdated < since || (at !== undefined && lastUpdated >= at.to)) continue
    if (at === undefined || !wasReplacedBy(deps.data, seq, at.from)) yield seq
  }
}

function rowsDown(deps: HistoryDeps, { type, id, after }: Filter): Generator<number> {
  const start = after === undefined ? undefined : Number(after)
  if (type === undefined) return allRows(deps.data, start)
  return id === undefined ? rowsOfType(deps, type, start) : versionsOf(deps.data, scopedKey(type, id), start)
}

function* allRows(data: DataFile, after = lastNumber(data.rows) + 1): Generator<number> {
  for (let seq = after - 1; seq > 0; seq--) yield seq
}

function* rowsOfType({ data, index }: HistoryDeps, type: string, after?: number): Generator<number> {
  const place = after === undefined ? {} : { after: { key: after, seq: after } }
  const cursor = index.postings({ type, key: BY_COMMIT, direction: 'desc', ...place })
  while (cursor.next()) {
    const row = peek(data.rows, numberKey(cursor.seq))
    if (row !== undefined && rowType(row) === type) yield cursor.seq
  }
}

function* versionsOf(data: DataFile, key: Buffer, after?: number): Generator<number> {
  let seq = after === undefined ? (currentOf(data, key)?.seq ?? 0) : previousOf(data, after)
  for (; seq !== 0; seq = previousOf(data, seq)) yield seq
}

function previousOf(data: DataFile, seq: number): number {
  const row = peek(data.rows, numberKey(seq))
  return row === undefined ? 0 : rowPrevious(row)
}

/** Whether the next version was there at this instant. */
function wasReplacedBy(data: DataFile, seq: number, at: number): boolean {
  const next = peek(data.superseded, numberKey(seq))?.readUIntBE(0, 6) ?? seq
  const row = next === seq ? undefined : peek(data.rows, numberKey(next))
  return row !== undefined && rowLastUpdated(row) <= at
}
