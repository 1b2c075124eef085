import { createHash } from 'node:crypto'

import type { RecordStore, StoredRecord } from '../../store/port.ts'
import { contentOf, MESSAGES, QUEUE, queueId, storedOf } from './outbox.ts'

/** The lane of a patient, always the same. */
export function laneOf(subject: string, lanes: number): number {
  return createHash('sha256').update(subject).digest().readUInt32BE(0) % lanes
}

/** How many lanes the queue of a destination was filled for. */
const LANES = 'hl7-out-lanes'
const PAGE = 500

/**
 * Moves what waits into the lanes that there are now, before any of it leaves: the messages of one patient stay in one lane, in their order. Nothing is
 * read when the number has not changed.
 */
export async function moveToLanes(records: RecordStore, destination: string, lanes: number): Promise<void> {
  const known = (await records.get(LANES, destination))?.value as { readonly lanes?: number } | undefined
  if (known?.lanes === lanes) return
  let from = `${destination}|`
  for (let isMore = true; isMore;) {
    const page = await records.range({ collection: QUEUE, from, to: `${destination}}`, limit: PAGE })
    for (const place of page) await moveToLane(records, place, lanes)
    from = `${page.at(-1)?.id ?? from}\u0000`
    isMore = page.length === PAGE
  }
  await records.apply([{ op: 'put', collection: LANES, id: destination, value: { lanes } }])
}

/** Its new place comes first: who is killed in between finds the message in both, and takes the one whose lane it names. */
async function moveToLane(records: RecordStore, place: StoredRecord, lanes: number): Promise<void> {
  const { id } = place.value as { readonly id: string }
  const stored = storedOf(await records.get(MESSAGES, id))
  if (stored === undefined) return
  const { revision, message } = stored
  const lane = laneOf(message.subject ?? message.reference, lanes)
  const next = queueId(id, { ...message, lane })
  if (next === place.id) return
  await records.apply([
    { op: 'put', collection: QUEUE, id: next, value: { id } },
    { op: 'replace', revision, ...contentOf(id, { ...message, lane }) },
    { op: 'delete', collection: QUEUE, id: place.id },
  ])
}
