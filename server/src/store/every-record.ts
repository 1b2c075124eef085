import { createPace } from '../kernel/pace.ts'
import type { RecordRange, RecordStore, StoredRecord } from './port.ts'

/** All records of a range, a page at a time, in the order of their ids. The embedded store answers at once: a long range pauses between its pages. */
export async function* everyRecord(
  records: Pick<RecordStore, 'range'>,
  range: Omit<RecordRange, 'limit'>,
): AsyncGenerator<StoredRecord> {
  let bound: { readonly from?: string; readonly to?: string } = {}
  const pace = createPace()
  for (;;) {
    const page = await records.range({ ...range, ...bound, limit: PAGE })
    yield* page
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return
    await pace()
    // Forwards from the least id behind the last one.
    bound = range.reverse === true ? { to: last.id } : { from: `${last.id}\u0000` }
  }
}

const PAGE = 50
