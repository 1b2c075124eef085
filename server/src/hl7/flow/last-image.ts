import type { JsonObject } from '../../kernel/json.ts'
import type { RecordChange, RecordStore } from '../../store/port.ts'
import type { TraceRow } from '../mapping/image.ts'
import { FLOW } from './entry.ts'
import { isSame, leavesOf, parseExact } from './exact-json.ts'

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
  readonly sources: readonly ElementSource[]
}

const idOf = (reference: string, feed: string) => `${reference}|${feed}`

export async function readLastImage(
  records: RecordStore,
  reference: string,
  feed: string,
): Promise<LastImage | undefined> {
  const record = await records.get(FLOW.images, idOf(reference, feed))
  return record && decoded(record.value as JsonObject, record.revision)
}

/** What each feed said last about a resource. */
export async function lastImagesOf(records: RecordStore, reference: string): Promise<readonly LastImage[]> {
  const found = await records.range({
    collection: FLOW.images,
    from: `${reference}|`,
    to: `${reference}}`,
    limit: 100,
  })
  return found.map(({ value, revision }) => decoded(value as JsonObject, revision))
}

function decoded({ image, eventTime, sources }: JsonObject, revision: number): LastImage {
  return {
    revision,
    image: parseExact(image as string),
    sources: sources as unknown as readonly ElementSource[],
    ...(typeof eventTime === 'number' ? { eventTime } : {}),
  }
}

/** The change that keeps a new image; refused when another message has kept one since `before` was read. */
export function keepImage(
  { reference, feed, before }: { reference: string; feed: string; before: LastImage | undefined },
  { image, eventTime, sources }: Omit<LastImage, 'revision'>,
): RecordChange {
  const value: JsonObject = {
    image: JSON.stringify(image),
    sources: sources as unknown as readonly JsonObject[],
    ...(eventTime === undefined ? {} : { eventTime }),
  }
  const content = { collection: FLOW.images, id: idOf(reference, feed), value }
  return before === undefined
    ? { op: 'insert', ...content }
    : { op: 'replace', revision: before.revision, ...content }
}

/** Who said what of the new image: an element that did not change keeps the message that said it first. */
export function sourcesOf(
  rows: readonly TraceRow[],
  message: string,
  images: { before: LastImage | undefined; image: JsonObject },
): readonly ElementSource[] {
  const { before, image } = images
  const now = leavesOf(image)
  const then = before ? leavesOf(before.image) : new Map<string, never>()
  const first = new Map(before?.sources.map((source) => [source.element, source]))
  const fresh = rows.map(({ element, source, rule }) => {
    const path = withoutType(element)
    const known = isSame(now.get(path), then.get(path)) ? first.get(element) : undefined
    return known ?? { element, source, rule, message }
  })
  const told = new Set(fresh.map(({ element }) => element))
  // What was not sent this time is still in the image, and still has its source.
  const kept = (before?.sources ?? []).filter(
    ({ element }) => !told.has(element) && now.has(withoutType(element)),
  )
  return [...fresh, ...kept]
}

/** `Patient.name[0].family` as `name[0].family`. */
export function withoutType(element: string): string {
  return element.slice(element.indexOf('.') + 1)
}
