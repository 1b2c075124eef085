import type { JsonObject } from '../../kernel/json.ts'
import type { RecordChange, RecordStore, StoredRecord } from '../../store/port.ts'
import type { TraceRow } from '../mapping/image.ts'
import { FLOW } from './entry.ts'
import { isSame, leavesOf, parseExact } from './exact-json.ts'
import { readTraceText, textIn, traceText, withoutType } from './trace-text.ts'

/** Where the value of an element came from. */
export interface ElementSource {
  readonly element: string
  readonly source: string
  readonly rule: string
  /** Id of the message that said it first in this form. */
  readonly message: string
}

/** What a feed said last about a resource, kept beside it as a record. */
export interface LastImage {
  readonly revision: number
  readonly image: JsonObject
  readonly eventTime?: number
  /** By message, see `traceText`. */
  readonly sources: Sources
}

type Sources = Readonly<Record<string, string>>

const idOf = (reference: string, feed: string) => `${reference}|${feed}`

export async function readLastImage(
  records: RecordStore,
  reference: string,
  feed: string,
): Promise<LastImage | undefined> {
  const record = await records.get(FLOW.images, idOf(reference, feed))
  return record && decoded(record)
}

/** What each feed said last about a resource. */
export async function lastImagesOf(records: RecordStore, reference: string): Promise<readonly LastImage[]> {
  const found = await records.range({
    collection: FLOW.images,
    from: `${reference}|`,
    to: `${reference}}`,
    limit: 100,
  })
  return found.map(decoded)
}

function decoded({ value, revision }: StoredRecord): LastImage {
  const { image = {}, sources = {}, eventTime } = parseExact(textIn(value))
  return {
    revision,
    image: image as JsonObject,
    sources: sources as Sources,
    ...(typeof eventTime === 'number' ? { eventTime } : {}),
  }
}

/** The change that keeps a new image; refused when another message has kept one since `before` was read. */
export function keepImage(
  { reference, feed, before }: { reference: string; feed: string; before: LastImage | undefined },
  content: Omit<LastImage, 'revision'>,
): RecordChange {
  // Bytes, because the digits of decimals would not survive the JSON of a record.
  const value = Buffer.from(JSON.stringify(content))
  const change = { collection: FLOW.images, id: idOf(reference, feed), value }
  return before === undefined
    ? { op: 'insert', ...change }
    : { op: 'replace', revision: before.revision, ...change }
}

/** Who said what of the new image: an element that did not change keeps the message that said it first. */
export function sourcesOf(
  rows: readonly TraceRow[],
  message: string,
  images: { readonly type: string; readonly before: LastImage; readonly image: JsonObject },
): Sources {
  const { type, before, image } = images
  const now = leavesOf(image)
  const then = leavesOf(before.image)
  const told = elementSources(before, type)
  const first = new Map(told.map((source) => [source.element, source]))
  const fresh = rows.map(({ element, source, rule }) => {
    const path = withoutType(element)
    const known = isSame(now.get(path), then.get(path)) ? first.get(element) : undefined
    return known ?? { element, source, rule, message }
  })
  const named = new Set(fresh.map(({ element }) => element))
  // What was not sent this time is still in the image, and still has its source.
  const kept = told.filter(({ element }) => !named.has(element) && now.has(withoutType(element)))
  const byMessage = Map.groupBy([...fresh, ...kept], (source) => source.message)
  return Object.fromEntries([...byMessage].map(([id, sources]) => [id, traceText(sources)]))
}

/** @param type of the resource */
export function elementSources({ sources }: LastImage, type: string): readonly ElementSource[] {
  return Object.entries(sources).flatMap(([message, text]) =>
    readTraceText(text, type).map(({ element, source, rule }) => ({ element, source, rule, message })),
  )
}
