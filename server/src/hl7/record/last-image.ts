import { randomUUID } from 'node:crypto'

import { fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import { chunksOf, droppedChunks, readChunks, type StoredBytes } from '../../store/chunks.ts'
import type { RecordChange, RecordStore, StoredRecord } from '../../store/port.ts'
import { FLOW } from '../journal/entry.ts'
import type { ImagePart, ListPart, TraceRow } from '../mapping/model/image.ts'
import { isSame, leavesOf, parseExact } from './exact-json.ts'
import { pathsBetween } from './item-places.ts'
import { codesOf, haveOneKey } from './list-parts.ts'
import { readTraceText, textIn, traceText, withoutType } from './trace-text.ts'
import { wordOf } from './word.ts'

/** Where the value of an element came from. */
export interface ElementSource {
  readonly element: string
  readonly source: string
  readonly rule: string
  /** Id of the message that said it first in this form. */
  readonly message: string
}

/** What a feed said last about a resource. */
export interface SaidLast {
  readonly image: JsonObject
  readonly eventTime?: number
  /** Id of the message that said it. */
  readonly message?: string
  /** Elements that the feed has deleted, where what comes late may fill others. */
  readonly deleted?: readonly string[]
  /** By message, see `traceText`. */
  readonly sources: Sources
}

/** It is kept beside the resource, as a record. */
export interface LastImage extends SaidLast {
  readonly revision: number
  /** Where it lies when it is more than one record can hold: the record only names it. Another image is never written there. */
  readonly aside?: StoredBytes
}

type Sources = Readonly<Record<string, string>>

const idOf = (reference: string, feed: string) => `${reference}|${feed}`

/** How often an image that is replaced while it is read is looked for again. */
const READS_MOST = 10

export async function readLastImage(
  records: RecordStore,
  reference: string,
  feed: string,
): Promise<LastImage | undefined> {
  for (let reads = 0; reads < READS_MOST; reads++) {
    const record = await records.get(FLOW.images, idOf(reference, feed))
    const image = record && (await decoded(records, record))
    if (record === undefined || image !== undefined) return image
  }
  throw fault('conflict', { code: 'conflict', text: `What was said of ${reference} changes all the time` })
}

/** What each feed said last about a resource. */
export async function lastImagesOf(records: RecordStore, reference: string): Promise<readonly LastImage[]> {
  const found = await records.range({
    collection: FLOW.images,
    from: `${reference}|`,
    to: `${reference}}`,
    limit: 100,
  })
  const images = await Promise.all(
    found.map(
      async (record) =>
        (await decoded(records, record)) ??
        (await readLastImage(records, reference, record.id.slice(reference.length + 1))),
    ),
  )
  return images.filter((image) => image !== undefined)
}

/** @returns `undefined` when another image has taken its place meanwhile */
async function decoded(
  records: RecordStore,
  { value, revision }: StoredRecord,
): Promise<LastImage | undefined> {
  const said = saidIn(textIn(value))
  if (!('id' in said)) return { ...said, revision }
  const bytes = await readChunks(records, { collection: FLOW.imageChunks, id: said.id })
  if (bytes?.length !== said.length) return undefined
  const whole = saidIn(Buffer.from(bytes).toString('utf8'))
  return 'id' in whole ? undefined : { ...whole, revision, aside: said }
}

function saidIn(text: string): SaidLast | StoredBytes {
  const { id, length, image = {}, sources = {}, deleted, ...word } = parseExact(text)
  if (typeof id === 'string') return { id, length: Number(length) }
  return {
    image: image as JsonObject,
    sources: sources as Sources,
    ...wordOf(word),
    ...(Array.isArray(deleted) ? { deleted: deleted as readonly string[] } : {}),
  }
}

/** The changes that keep a new image; refused when another message has kept one since `before` was read. */
export function keepImage(
  { reference, feed, before }: { reference: string; feed: string; before: LastImage | undefined },
  { image, sources, deleted, ...word }: SaidLast,
): readonly RecordChange[] {
  // Bytes, because the digits of decimals would not survive the JSON of a record.
  const bytes = Buffer.from(JSON.stringify({ image, sources, ...wordOf(word), deleted }))
  const collection = FLOW.imageChunks
  const aside = bytes.length > limits.store.recordBytes && { id: randomUUID(), length: bytes.length }
  const value = aside ? Buffer.from(JSON.stringify(aside)) : bytes
  const change = { collection: FLOW.images, id: idOf(reference, feed), value }
  return [
    before === undefined
      ? { op: 'insert', ...change }
      : { op: 'replace', revision: before.revision, ...change },
    ...(aside ? chunksOf({ collection, id: aside.id, bytes }) : []),
    ...(before?.aside ? droppedChunks(collection, before.aside) : []),
  ]
}

interface Images {
  readonly type: string
  readonly parts: readonly ImagePart[]
  readonly before: LastImage
  readonly image: JsonObject
}

/**
 * Who said what of the new image: an element that did not change keeps the message that said it first, wherever it stands in its list now.
 * What changed and was not sent itself comes from what was sent of its list, or from the code of the whole that it follows.
 */
export function sourcesOf(rows: readonly TraceRow[], message: string, images: Images): Sources {
  const { type, parts, before, image } = images
  const lists = parts.flatMap(listOf)
  const then = leavesOf(before.image)
  const told = new Map(elementSources(before, type).map((source) => [withoutType(source.element), source]))
  const sent = new Map(rows.map((row) => [withoutType(row.element), row]))
  const formerOf = pathsBetween(image, before.image, (name, one, other) => {
    const part = lists.find(({ list }) => list === name)?.part
    return part === undefined || haveOneKey(part, one, other)
  })
  const causeOf = (path: string): TraceRow | undefined => {
    const found = lists.find(({ list }) => path.startsWith(`${list}[`))
    if (found === undefined) return undefined
    const causes = [`${found.list}[`, ...found.codes]
    return causes.flatMap((start) => rows.find((row) => withoutType(row.element).startsWith(start)) ?? [])[0]
  }
  const sources = [...leavesOf(image)].flatMap(([path, value]) => {
    const former = formerOf(path)
    const known = former === undefined ? undefined : told.get(former)
    const element = `${type}.${path}`
    if (known !== undefined && isSame(then.get(former ?? ''), value)) return [{ ...known, element }]
    const row = sent.get(path) ?? causeOf(path)
    if (row === undefined) return known === undefined ? [] : [{ ...known, element }]
    return [{ element, source: row.source, rule: row.rule, message }]
  })
  const byMessage = Map.groupBy(sources, (source) => source.message)
  return Object.fromEntries([...byMessage].map(([id, some]) => [id, traceText(some)]))
}

interface Listed {
  readonly list: string
  /** Elements of the whole that count for it. */
  readonly codes: readonly string[]
  readonly part?: ListPart
}

function listOf(part: ImagePart): readonly Listed[] {
  if (typeof part === 'string') return []
  if ('history' in part)
    return [{ list: part.history, codes: [part.of, ...(part.period === undefined ? [] : [part.period])] }]
  return 'list' in part ? [{ list: part.list, codes: codesOf(part), part }] : []
}

/** @param type of the resource */
export function elementSources({ sources }: LastImage, type: string): readonly ElementSource[] {
  return Object.entries(sources).flatMap(([message, text]) =>
    readTraceText(text, type).map(({ element, source, rule }) => ({ element, source, rule, message })),
  )
}
