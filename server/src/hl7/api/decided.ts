import { limits } from '../../kernel/limits.ts'
import { everyRecord } from '../../store/every-record.ts'
import type { RecordStore } from '../../store/port.ts'
import { FLOW } from '../journal/entry.ts'
import type { WorkItem } from '../record/worklist.ts'

/** What a person decided about an item, for as long as that can be taken back. */
export interface Decided {
  readonly item: WorkItem
  readonly decision: 'keep' | 'take'
  /** Who decided. */
  readonly by: string
  /** Milliseconds UTC; absent for decisions of before it was noted. */
  readonly at?: number
}

interface DecidedPage {
  readonly count: number
  /** `next` of the page before. */
  readonly cursor?: string | undefined
}

/** Newest first. They stand by their items, so all are looked at; there are as many as people decide within some days. */
export async function listDecided(
  records: RecordStore,
  { count, cursor }: DecidedPage,
): Promise<{ readonly decided: readonly Decided[]; readonly next?: string }> {
  const all: Decided[] = []
  for await (const { value } of everyRecord(records, { collection: FLOW.decided })) {
    all.push(value as unknown as Decided)
    if (all.length === limits.hl7.decided.listed) break
  }
  const behind = all
    .map((one) => ({ one, place: placeOf(one) }))
    .filter(({ place }) => cursor === undefined || place < cursor)
    .toSorted((a, b) => (a.place < b.place ? 1 : -1))
  const page = behind.slice(0, count)
  const next = behind.length > count ? page.at(-1)?.place : undefined
  return { decided: page.map(({ one }) => one), ...(next === undefined ? {} : { next }) }
}

const TIME_DIGITS = 15

/** Grows with time; no two have the same. */
function placeOf({ item, at = 0 }: Decided): string {
  return `${String(at).padStart(TIME_DIGITS, '0')}.${item.id}`
}
