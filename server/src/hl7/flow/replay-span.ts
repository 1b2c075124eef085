import type { z } from 'zod'

import { limits } from '../../kernel/limits.ts'
import { createPace } from '../../kernel/pace.ts'
import type { RecordStore, StoredRecord } from '../../store/port.ts'
import { FLOW, journaledOf, type Entry, type Journaled } from '../journal/entry.ts'
import { idAt } from '../journal/message-time.ts'
import { causeOf, isMarked } from '../journal/state-marks.ts'
import type { ReplayRequest } from '../replay.contract.ts'

export type ReplaySpan = z.output<typeof ReplayRequest>

export interface SpanPage {
  readonly wanted: readonly Journaled[]
  /** Id of the last message that was looked at. */
  readonly cursor: string
  readonly isLast: boolean
}

type Reader = Pick<RecordStore, 'range' | 'get'>

/** Lower than the id of every message of the span. */
export function startOf({ from }: ReplaySpan): string {
  return idAt(Date.parse(from))
}

/** The next messages of the span behind the cursor; what came after it was started does not belong to it. */
export async function pageOfSpan(
  records: Reader,
  request: ReplaySpan,
  { cursor, started }: { readonly cursor: string; readonly started: number },
): Promise<SpanPage> {
  const limit = limits.hl7.replay.page
  const to = idAt(Math.min(Date.parse(request.to), started))
  const mark = markOf(request)
  const [collection, before] = mark === undefined ? [FLOW.journal, ''] : [FLOW.states, `${mark}|`]
  const page = await records.range({
    collection,
    from: `${before}${cursor}\u0000`,
    to: `${before}${to}`,
    limit,
  })
  const ids = page.map(({ id }) => id.slice(before.length))
  const lines = mark === undefined ? page : await linesOf(records, ids)
  const wanted = lines.map(journaledOf).filter(({ entry }) => isWanted(entry, request))
  return { wanted, cursor: ids.at(-1) ?? cursor, isLast: page.length < limit }
}

/** A state that few messages are in: these are looked up, instead of all messages of the span being looked through. */
function markOf({ state, cause }: ReplaySpan): Entry['state'] | undefined {
  if (cause !== undefined) return 'dead'
  return state !== undefined && isMarked(state) ? state : undefined
}

async function linesOf(records: Reader, ids: readonly string[]): Promise<readonly StoredRecord[]> {
  const lines = await Promise.all(ids.map(async (id) => records.get(FLOW.journal, id)))
  return lines.filter((line) => line !== undefined)
}

export interface SpanCount {
  readonly count: number
  /** There may be more: the rest of the span was not looked at. */
  readonly isCut: boolean
}

/** How many messages a replay would process, counted for a bounded time, between everything else. */
export async function countSpan(
  records: Reader,
  request: ReplaySpan,
  clock: () => number,
): Promise<SpanCount> {
  const started = clock()
  const pace = createPace()
  let [count, cursor] = [0, startOf(request)]
  while (clock() - started < limits.hl7.replay.countMs) {
    const page = await pageOfSpan(records, request, { cursor, started })
    count += page.wanted.length
    if (page.isLast) return { count, isCut: false }
    cursor = page.cursor
    await pace()
  }
  return { count, isCut: true }
}

const NEVER: ReadonlySet<Entry['state']> = new Set(['duplicate', 'rejected', 'discarded'])

function isWanted(entry: Entry, { feed, state, type, cause }: ReplaySpan): boolean {
  if (entry.feed !== feed || NEVER.has(entry.state)) return false
  if (state !== undefined && entry.state !== state) return false
  if (type !== undefined && type !== entry.type && type !== `${entry.type}^${entry.event}`) return false
  return cause === undefined || (entry.state === 'dead' && causeOf(entry).key === cause)
}
