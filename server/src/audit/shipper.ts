import { z } from 'zod'

import type { Clock } from '../kernel/clock.ts'
import { uuid7 } from '../kernel/ids.ts'
import { limits } from '../kernel/limits.ts'
import type { RecordChange, Store } from '../store/port.ts'
import { Day, DAYS, groupId, GROUPS, sealed, seedOf } from './chain.ts'
import type { ReadLog } from './read-log.ts'

/** Rows of writes wait here: put by the commit of the write itself. */
export const WAITING = 'audit-waiting'
/** How far the file of each folder was shipped. */
const PLACES = 'audit-places'

const Place = z.object({ file: z.string(), offset: z.number() })
const Row = z.object({ id: z.string(), time: z.number() })

/**
 * Moves waiting rows, those of writes from the store and those of reads from the files, behind the end of their day's chain. One commit
 * holds the new groups, the new ends and what was taken: a crash repeats nothing and loses nothing, and of two processes one begins again.
 *
 * @returns when nothing was left at the time of the call.
 */
export async function ship(store: Store, log: ReadLog, clock: Clock): Promise<void> {
  for (;;) {
    const { changes, isEmpty } = await nextRound(store, log)
    if (isEmpty) return
    const time = clock()
    await store.commit({ uuid: uuid7(time), time, writes: [], records: changes, guards: [] })
    const place = await store.records.get(PLACES, log.folderId)
    if (place) await log.drop(Place.parse(place.value))
  }
}

async function nextRound(
  { records }: Store,
  log: ReadLog,
): Promise<{ changes: RecordChange[]; isEmpty: boolean }> {
  const known = await records.get(PLACES, log.folderId)
  const [waiting, reads] = await Promise.all([
    records.range({ collection: WAITING, limit: limits.audit.groupRows }),
    log.take(known && Place.parse(known.value)),
  ])
  const lines = [...waiting.map(({ value }) => JSON.stringify(value)), ...reads.lines]
  const changes: RecordChange[] = []
  for (const [day, rows] of byDay(lines)) changes.push(...(await appended({ records }, day, rows)))
  for (const { id } of waiting) changes.push({ op: 'delete', collection: WAITING, id, revision: 1 })
  if (reads.lines.length > 0 && reads.place) {
    const content = { collection: PLACES, id: log.folderId, value: { ...reads.place } }
    changes.push(
      known ? { op: 'replace', revision: known.revision, ...content } : { op: 'insert', ...content },
    )
  }
  return { changes, isEmpty: lines.length === 0 }
}

async function appended(
  { records }: Pick<Store, 'records'>,
  day: string,
  rows: readonly string[],
): Promise<RecordChange[]> {
  const stored = await records.get(DAYS, day)
  const end = stored ? Day.parse(stored.value) : await newDay({ records }, day)
  const group = sealed(end.groups === 0 ? seedOf(day, end) : end.hash, rows)
  const content = { collection: DAYS, id: day, value: { ...end, groups: end.groups + 1, hash: group.hash } }
  return [
    stored ? { op: 'replace', revision: stored.revision, ...content } : { op: 'insert', ...content },
    { op: 'insert', collection: GROUPS, id: groupId(day, end.groups + 1), value: group },
  ]
}

async function newDay({ records }: Pick<Store, 'records'>, day: string): Promise<Day> {
  const [before] = await records.range({ collection: DAYS, to: day, reverse: true, limit: 1 })
  const after = before && { after: { day: before.id, hash: Day.parse(before.value).hash } }
  return { groups: 0, hash: '', ...after }
}

/** Rows by their UTC day, in the order of their ids, which is that of time. */
function byDay(lines: readonly string[]): ReadonlyMap<string, string[]> {
  const rows = lines.map((line) => ({ line, ...Row.parse(JSON.parse(line)) }))
  const days = new Map<string, string[]>()
  for (const { line, time } of rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const day = new Date(time).toISOString().slice(0, 10)
    const list = days.get(day) ?? []
    list.push(line)
    days.set(day, list)
  }
  return days
}
