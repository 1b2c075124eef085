import { z } from 'zod'

import type { Clock } from '../kernel/clock.ts'
import { uuid7 } from '../kernel/ids.ts'
import { limits } from '../kernel/limits.ts'
import type { AuditLines, RecordChange, Store, StoredRecord } from '../store/port.ts'
import { Day, DAYS, groupId, GROUPS, packed, sealed, seedOf } from './chain.ts'
import type { ReadLog, ReadLogPlace, Taken } from './read-log.ts'

/** How far the log of commits and the file of each folder were shipped. */
const PLACES = 'audit-places'
const COMMITS = 'commits'
const ReadPlace = z.object({ file: z.string(), offset: z.number() })
const CommitPlace = z.object({ n: z.number() })

/**
 * Moves rows, those of writes from the log of commits and those of reads from the files, behind the end of their day's chain. One commit
 * holds the new groups, the new ends and what was taken: a crash repeats nothing and loses nothing, and of two processes one begins again.
 *
 * @returns a function that resolves when nothing is left of what was there at the time of the call; one call at a time
 */
export function createShipper(store: Store, log: ReadLog, clock: Clock): () => Promise<void> {
  // Commits without rows behind the stored place, the shipper's own among them, are not looked at again.
  let seen = 0
  return async () => {
    // What comes in meanwhile is for the next call: under load there would always be a few rows more, and each look costs a commit.
    const end = { commit: await store.log.head(), reads: await log.end() }
    for (let isDone = false; !isDone;) {
      const round = await nextRound(store, log, { seen, end })
      if (round.changes.length > 0 && !(await isTaken(store, round, clock()))) continue
      isDone = round.changes.length === 0 && round.writes.upTo === seen
      seen = round.writes.upTo
      if (round.reads.place && round.changes.length > 0) await log.drop(round.reads.place)
    }
  }
}

/** Another process that ships the same rows may be first. */
async function isTaken(store: Store, { changes }: Round, time: number): Promise<boolean> {
  const commit = { uuid: uuid7(time), time, writes: [], records: changes, guards: [] }
  const { outcome } = await store.commit(commit)
  return outcome !== 'refused'
}

/** The commit up to which the rows of writes are in their chains; the log may forget those before it. */
export async function shippedUpTo({ records }: Pick<Store, 'records'>): Promise<number> {
  const place = await records.get(PLACES, COMMITS)
  return place === undefined ? 0 : CommitPlace.parse(place.value).n
}

interface Round {
  readonly writes: AuditLines
  readonly reads: TakenGroups
  /** Empty when there is nothing to ship. */
  readonly changes: readonly RecordChange[]
}

/** Where the work of one call ends. */
interface End {
  readonly commit: number
  readonly reads: ReadLogPlace
}

async function nextRound(
  store: Store,
  log: ReadLog,
  { seen, end }: { readonly seen: number; readonly end: End },
): Promise<Round> {
  const { records } = store
  const [commits, file] = await Promise.all([records.get(PLACES, COMMITS), records.get(PLACES, log.folderId)])
  const after = Math.max(seen, commits ? CommitPlace.parse(commits.value).n : 0)
  const writes =
    after < end.commit ? await store.log.audit(after, limits.audit.groupRows) : { upTo: after, lines: [] }
  const reads = await takeSome(log, file && ReadPlace.parse(file.value), end.reads)
  const changes: RecordChange[] = []
  for (const [day, groups] of byDay([...cut(writes.lines), ...reads.groups]))
    changes.push(...(await appended(store, day, groups)))
  if (writes.lines.length > 0) changes.push(moved(COMMITS, commits, { n: writes.upTo }))
  if (reads.groups.length > 0 && reads.place) changes.push(moved(log.folderId, file, { ...reads.place }))
  return { writes, reads, changes }
}

function moved(
  id: string,
  known: StoredRecord | undefined,
  value: Readonly<Record<string, string | number>>,
): RecordChange {
  const content = { collection: PLACES, id, value }
  return known ? { op: 'replace', revision: known.revision, ...content } : { op: 'insert', ...content }
}

interface TakenGroups {
  readonly groups: readonly (readonly string[])[]
  readonly place: Taken['place']
}

/** As many groups as one commit takes: a commit costs a sync, whatever its size. */
async function takeSome(log: ReadLog, after: Taken['place'], end: ReadLogPlace): Promise<TakenGroups> {
  const groups: (readonly string[])[] = []
  let place = after
  while (groups.length < limits.audit.groups && !isBehind(place, end)) {
    const next = await log.take(place)
    if (next.lines.length === 0) break
    groups.push(next.lines)
    place = next.place
  }
  return { groups, place }
}

/** Names of files sort by time. */
function isBehind(place: Taken['place'], end: ReadLogPlace): boolean {
  if (place === undefined || place.file < end.file) return false
  return place.file > end.file || place.offset >= end.offset
}

async function appended(
  { records }: Pick<Store, 'records'>,
  day: string,
  groups: readonly (readonly string[])[],
): Promise<RecordChange[]> {
  const stored = await records.get(DAYS, day)
  const before = stored ? Day.parse(stored.value) : await newDay({ records }, day)
  let { groups: count, hash } = before
  const changes: RecordChange[] = []
  for (const lines of groups) {
    const group = sealed(count === 0 ? seedOf(day, before) : hash, lines.join('\n'))
    hash = group.hash
    count += 1
    const id = groupId(day, count)
    changes.push({ op: 'insert', collection: GROUPS, id, value: await packed(group) })
  }
  const content = { collection: DAYS, id: day, value: { ...before, groups: count, hash } }
  changes.push(
    stored ? { op: 'replace', revision: stored.revision, ...content } : { op: 'insert', ...content },
  )
  return changes
}

async function newDay({ records }: Pick<Store, 'records'>, day: string): Promise<Day> {
  const [before] = await records.range({ collection: DAYS, to: day, reverse: true, limit: 1 })
  const after = before && { after: { day: before.id, hash: Day.parse(before.value).hash } }
  return { groups: 0, hash: '', ...after }
}

/** Lines in groups that a record can hold. */
function cut(lines: readonly string[]): readonly (readonly string[])[] {
  const groups: string[][] = []
  let room = 0
  for (const line of lines) {
    if (line.length > room) {
      groups.push([])
      room = limits.audit.groupBytes
    }
    groups.at(-1)?.push(line)
    room -= line.length
  }
  return groups
}

/** Groups by the UTC day of their rows; one that spans midnight is cut. */
function byDay(groups: readonly (readonly string[])[]): ReadonlyMap<string, string[][]> {
  const days = new Map<string, string[][]>()
  for (const lines of groups) {
    for (const [number, ofDay] of Map.groupBy(lines, dayOf)) {
      const day = new Date(number * DAY_MS).toISOString().slice(0, 10)
      days.set(day, [...(days.get(day) ?? []), ofDay])
    }
  }
  return days
}

const DAY_MS = 86_400_000
const TIME = '"time":'

/** Days since 1970. */
function dayOf(line: string): number {
  return Math.floor(Number.parseInt(line.slice(line.indexOf(TIME) + TIME.length), 10) / DAY_MS)
}
