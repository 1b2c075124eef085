import type { z } from 'zod'

import { limits } from '../../kernel/limits.ts'
import type { RecordStore } from '../../store/port.ts'
import { FLOW, journaledOf, type Entry, type Journaled } from '../journal/entry.ts'
import { idAt } from '../journal/message-time.ts'
import { causeOf } from '../journal/state-marks.ts'
import type { ReplayRequest } from '../replay.contract.ts'

export type ReplaySpan = z.output<typeof ReplayRequest>

export interface SpanPage {
  readonly wanted: readonly Journaled[]
  /** Id of the last message that was looked at. */
  readonly cursor: string
  readonly isLast: boolean
}

/** Lower than the id of every message of the span. */
export function startOf({ from }: ReplaySpan): string {
  return idAt(Date.parse(from))
}

/** The next messages of the span behind the cursor; what came after it was started does not belong to it. */
export async function pageOfSpan(
  records: Pick<RecordStore, 'range'>,
  request: ReplaySpan,
  { cursor, started }: { readonly cursor: string; readonly started: number },
): Promise<SpanPage> {
  const limit = limits.hl7.replay.page
  const page = await records.range({
    collection: FLOW.journal,
    from: `${cursor}\u0000`,
    to: idAt(Math.min(Date.parse(request.to), started)),
    limit,
  })
  const wanted = page.map(journaledOf).filter(({ entry }) => isWanted(entry, request))
  return { wanted, cursor: page.at(-1)?.id ?? cursor, isLast: page.length < limit }
}

export interface SpanCount {
  readonly count: number
  /** There may be more: the rest of the span was not looked at. */
  readonly isCut: boolean
}

/** How many messages a replay would process, counted for a bounded time. */
export async function countSpan(
  records: Pick<RecordStore, 'range'>,
  request: ReplaySpan,
  clock: () => number,
): Promise<SpanCount> {
  const started = clock()
  let [count, cursor] = [0, startOf(request)]
  while (clock() - started < limits.hl7.replay.countMs) {
    const page = await pageOfSpan(records, request, { cursor, started })
    count += page.wanted.length
    if (page.isLast) return { count, isCut: false }
    cursor = page.cursor
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
