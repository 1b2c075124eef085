import type { RecordChange, RecordStore, StoredRecord } from '../../store/port.ts'
import { FLOW, type Entry } from './entry.ts'

/**
 * The records of the message index: `<field>|<place>|<newest id>|<oldest id>`, each with the messages of one batch that have something at this place.
 * A value that many messages share is a place of its own. Values that hardly two messages share (control id, number) lie together on one of 128
 * shelves, so that a batch of many messages writes few records; what is looked for is picked from its shelf.
 */
export interface Found {
  readonly id: string
  readonly entry: Entry
}

const FIELDS = {
  feed: { isShelved: false, of: ({ feed }) => [feed] },
  type: { isShelved: false, of: ({ type }) => [type] },
  event: { isShelved: false, of: ({ type, event }) => [`${type}^${event}`] },
  sender: { isShelved: false, of: ({ sender }) => [sender] },
  controlId: { isShelved: true, of: ({ controlId }) => [controlId] },
  number: { isShelved: true, of: ({ numbers = [] }) => numbers },
} as const satisfies Record<
  string,
  { readonly isShelved: boolean; readonly of: (entry: Entry) => readonly string[] }
>

export type IndexedField = keyof typeof FIELDS
const NAMES = Object.keys(FIELDS) as IndexedField[]

export interface Sought {
  readonly field: IndexedField
  readonly value: string
}

/** Oldest first. */
interface Posting {
  readonly ids: readonly string[]
  /** On a shelf: what each of `ids` has. */
  readonly values?: readonly string[]
}

export function hasValue(entry: Entry, field: IndexedField, value: string): boolean {
  return FIELDS[field].of(entry).some((own) => own.slice(0, VALUE_LENGTH) === value.slice(0, VALUE_LENGTH))
}

/** What a batch adds to the index. */
export function postingsOf(batch: readonly Found[]): readonly RecordChange[] {
  // The newest names the record: a reverse scan from an id on misses none that is older.
  return [...placesOf(batch)].map(([key, posting]) =>
    put(`${key}|${posting.ids.at(-1) ?? ''}|${posting.ids[0] ?? ''}`, posting),
  )
}

function placesOf(batch: readonly Found[]): ReadonlyMap<string, Posting> {
  const places = new Map<string, OpenPosting>()
  const oldestFirst = batch.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  for (const { id, entry } of oldestFirst) {
    for (const field of NAMES)
      for (const value of FIELDS[field].of(entry)) enter(places, id, { field, value })
  }
  return places
}

interface OpenPosting {
  readonly ids: string[]
  readonly values?: string[]
}

function enter(places: Map<string, OpenPosting>, id: string, { field, value }: Sought): void {
  if (value === '') return
  const key = keyOf(field, value)
  let place = places.get(key)
  if (place === undefined) {
    place = FIELDS[field].isShelved ? { ids: [], values: [] } : { ids: [] }
    places.set(key, place)
  }
  place.ids.push(id)
  place.values?.push(value.slice(0, VALUE_LENGTH))
}

function put(id: string, { ids, values }: Posting): RecordChange {
  return { op: 'put', collection: FLOW.index, id, value: values === undefined ? { ids } : { ids, values } }
}

/** Ids of indexed messages with this value that are below `before`, in no order; at least `limit` of the newest, when there are so many. */
export async function storedUnder(
  records: RecordStore,
  { field, value }: Sought,
  { before, limit }: { readonly before: string; readonly limit: number },
): Promise<readonly string[]> {
  const key = keyOf(field, value)
  const sought = value.slice(0, VALUE_LENGTH)
  const found: string[] = []
  const take = ({ value: posting }: StoredRecord) => {
    const { ids, values } = posting as unknown as Posting
    for (const [at, id] of ids.entries())
      if (id < before && (values === undefined || values[at] === sought)) found.push(id)
  }
  // A batch that begins below `before` may end above it: such a one is among the first behind the bound.
  const above = await records.range({
    collection: FLOW.index,
    from: `${key}|${before}`,
    to: `${key}}`,
    limit: OVERLAPPING,
  })
  for (const posting of above) take(posting)
  let to = `${key}|${before}`
  // A common value is in every batch, a rare one in few of those on its shelf.
  for (let most = FIELDS[field].isShelved ? PAGE : FIRST_PAGE; found.length < limit; most = PAGE) {
    const page = await records.range({
      collection: FLOW.index,
      from: `${key}|`,
      to,
      reverse: true,
      limit: most,
    })
    for (const posting of page) take(posting)
    const last = page.at(-1)
    if (last === undefined || page.length < most) break
    to = last.id
  }
  return found
}

const FIRST_PAGE = 4
const PAGE = 200
/** Batches of several processes that may lie across one id. */
const OVERLAPPING = 4

/** Takes messages out. A posting stays under its name when it gets shorter: a scan finds it as before. */
export async function forgetAll(records: RecordStore, removed: readonly Found[]): Promise<void> {
  for (const [key, { ids }] of placesOf(removed)) await forgetUnder(records, key, new Set(ids))
}

async function forgetUnder(records: RecordStore, key: string, removed: ReadonlySet<string>): Promise<void> {
  const sorted = [...removed].toSorted()
  const last = sorted.at(-1) ?? ''
  let from = `${key}|${sorted[0] ?? ''}`
  for (let behind = 0; behind < OVERLAPPING;) {
    const page = await records.range({ collection: FLOW.index, from, to: `${key}}`, limit: PAGE })
    const changes = page.flatMap((posting) => without(posting, removed))
    if (changes.length > 0) await records.apply(changes)
    behind += page.filter(({ value }) => ((value as unknown as Posting).ids[0] ?? '') > last).length
    if (page.length < PAGE) return
    from = `${page.at(-1)?.id ?? ''}\u0000`
  }
}

function without({ id, value }: StoredRecord, removed: ReadonlySet<string>): readonly RecordChange[] {
  const { ids, values } = value as unknown as Posting
  const isKept = (_: string, at: number) => !removed.has(ids[at] ?? '')
  const left = ids.filter(isKept)
  if (left.length === ids.length) return []
  if (left.length === 0) return [{ op: 'delete', collection: FLOW.index, id }]
  return [put(id, values === undefined ? { ids: left } : { ids: left, values: values.filter(isKept) })]
}

function keyOf(field: IndexedField, value: string): string {
  if (FIELDS[field].isShelved) return `${field}|${SHELF}${shelfOf(value.slice(0, VALUE_LENGTH))}`
  const text = SAFE.test(value) ? value : encodeURIComponent(value.toWellFormed())
  return `${field}|${text.slice(0, VALUE_LENGTH)}`
}

/** Long values count as one when they begin alike: who searches looks at the message itself, too. */
const VALUE_LENGTH = 200
/** What the encoding leaves as it is. */
const SAFE = /^[\w.!~*'()-]*$/
/** No encoded value begins with it. */
const SHELF = '#'
const SHELVES = 128

/** FNV-1a of its UTF-16 code units. */
function shelfOf(value: string): string {
  let hash = 0x811c9dc5
  for (let at = 0; at < value.length; at++) hash = Math.imul(hash ^ value.charCodeAt(at), 0x01000193)
  // The upper bits of this hash are the better mixed ones.
  return (((hash ^ (hash >>> 15)) >>> 0) % SHELVES).toString(16).padStart(2, '0')
}
