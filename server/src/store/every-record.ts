import type { RecordRange, RecordStore, StoredRecord } from './port.ts'

/** All records of a range, a page at a time, in the order of their ids. */
export async function* everyRecord(
  records: Pick<RecordStore, 'range'>,
  range: Omit<RecordRange, 'limit'>,
): AsyncGenerator<StoredRecord> {
  let bound: { readonly from?: string; readonly to?: string } = {}
  for (;;) {
    const page = await records.range({ ...range, ...bound, limit: PAGE })
    yield* page
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return
    // Forwards from the least id behind the last one.
    bound = range.reverse === true ? { to: last.id } : { from: `${last.id}\u0000` }
  }
}

const PAGE = 50
