import type { z } from 'zod'

import { limits } from '../../kernel/limits.ts'
import type { RecordStore } from '../../store/port.ts'
import type { ElementTrace, MessageDetail, MessageSummary } from '../hl7.contract.ts'
import { FLOW, type Entry, type Journaled } from '../journal/entry.ts'
import type { FlowFeed } from '../journal/feed.ts'
import type { Journal } from '../journal/journal.ts'
import { parseMessage } from '../message/parse-message.ts'
import { decodeMessage } from '../mllp/charset.ts'
import { readHeader } from '../mllp/header.ts'
import { readTrace } from '../record/trace-text.ts'

type Summary = z.input<typeof MessageSummary>
type Detail = z.input<typeof MessageDetail>

export function summaryOf({ id, entry }: Journaled): Summary {
  const { feed, type, event, controlId, sender, version, bytes, state, attempts, of } = entry
  const { made = [], numbers = [] } = entry
  const reason = entry.history.at(-1)?.reason
  return {
    id,
    feed,
    received: instant(entry.received),
    type,
    event,
    controlId,
    sender,
    numbers: [...numbers],
    version,
    bytes,
    state,
    attempts,
    written: made.filter(({ action }) => action === 'created' || action === 'updated').length,
    ...(reason === undefined ? {} : { reason }),
    ...(of === undefined ? {} : { of }),
  }
}

interface DetailSources {
  readonly records: RecordStore
  readonly journal: Journal
  readonly feeds: ReadonlyMap<string, FlowFeed>
}

/** Everything that is known about a message: its text in pieces, its answer, what it made and how it came there. */
export async function detailOf(
  { records, journal, feeds }: DetailSources,
  message: Journaled,
): Promise<Detail> {
  const { entry } = message
  const { raw, isCut } = await previewOf({ journal, feeds }, message)
  return {
    ...summaryOf(message),
    raw,
    isCut,
    segments: segmentsOf(raw),
    resources: resourcesOf(entry),
    errors: [...(entry.errors ?? [])],
    warnings: (entry.warnings ?? []) as Detail['warnings'],
    trace: await traceOf(records, message.id),
    history: entry.history.map((change) => ({ ...change, time: instant(change.time) })),
    edits: (entry.edits ?? []).map(({ time, by }) => ({ time: instant(time), by })),
    ...(entry.ack === undefined ? {} : { ack: textOf(Buffer.from(entry.ack, 'latin1'), undefined) }),
    ...(entry.rules === undefined ? {} : { rules: entry.rules }),
  }
}

/** The beginning of a message as text. */
export async function previewOf(
  { journal, feeds }: Pick<DetailSources, 'journal' | 'feeds'>,
  message: Journaled,
): Promise<{ raw: string; isCut: boolean }> {
  const { entry } = message
  const most = limits.hl7.previewBytes
  // One byte more tells whether there is more, also of a text that was mended.
  const bytes = await bytesOf(journal, message, { most: most + 1 })
  const charset = feeds.get(entry.feed)?.charset
  if (bytes.length <= most) return { raw: textOf(bytes, charset), isCut: false }
  return { raw: textOf(bytes.subarray(0, most), charset, CHARACTER_BYTES - 1), isCut: true }
}

/** The bytes of a message; one that repeats another has them with that. @param edit a certain version, as of the journal */
export async function bytesOf(
  journal: DetailSources['journal'],
  message: Journaled,
  { edit, most }: { readonly edit?: number | undefined; readonly most?: number } = {},
): Promise<Buffer> {
  const { of: first } = message.entry
  return first === undefined ? journal.text(message, edit, most) : journal.raw(first, most)
}

export function resourcesOf({ made = [] }: Entry): Detail['resources'] {
  return made.map(({ reference, version, action }) => ({
    reference,
    action,
    ...(version === undefined ? {} : { version }),
  }))
}

export function instant(ms: number): string {
  return new Date(ms).toISOString()
}

/**
 * What cannot be decoded is shown byte by byte: the raw bytes are what a person needs to see then. Most such senders mean windows-1252, and all
 * that is above 0x9F is the same in Latin-1.
 *
 * @param loose bytes at the end that may be the beginning of a character
 */
function textOf(bytes: Buffer, charset: string | undefined, loose = 0): string {
  const header = readHeader(bytes)
  if (header === undefined) return eachByte.decode(bytes)
  for (let less = 0; less <= loose; less++) {
    try {
      return decodeMessage(bytes.subarray(0, bytes.length - less), header, charset)
    } catch {
      // A byte less may be whole characters.
    }
  }
  return eachByte.decode(bytes)
}

const eachByte = new TextDecoder('windows-1252')

/** Of the longest character in any set. */
const CHARACTER_BYTES = 4

const SHOWN_SEGMENTS = 1000

export function segmentsOf(text: string): Detail['segments'] {
  try {
    const { segments } = parseMessage(text)
    const total = Map.groupBy(segments, ({ name }) => name)
    const seen = new Map<string, number>()
    return segments.slice(0, SHOWN_SEGMENTS).map((segment) => {
      const number = (seen.get(segment.name) ?? 0) + 1
      seen.set(segment.name, number)
      const label =
        (total.get(segment.name)?.length ?? 0) > 1 ? `${segment.name}[${String(number)}]` : segment.name
      const fields = Array.from({ length: segment.fieldCount }, (_, at) => ({
        position: `${label}-${String(at + 1)}`,
        text: segment.rawField(at + 1),
      }))
      return { label, fields: fields.filter((field) => field.text !== '') }
    })
  } catch {
    // No message at all: the raw text is all there is to show.
    return []
  }
}

const TRACE_RECORDS = 20

async function traceOf(records: RecordStore, id: string): Promise<z.input<typeof ElementTrace>[]> {
  const found = await records.range({
    collection: FLOW.traces,
    from: `${id}|`,
    to: `${id}}`,
    limit: TRACE_RECORDS,
  })
  return found.flatMap(({ value }) => readTrace(value))
}
