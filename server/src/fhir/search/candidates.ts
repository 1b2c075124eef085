import { limits } from '../../kernel/limits.ts'
import type { RangeKey } from '../../store/keys.ts'
import type { NamePosting, Posting, ResourceReader, Row } from '../../store/port.ts'
import { overlaps } from './comparison.ts'
import type { Driver } from './plan.ts'

/** Where a walk stands: hand it back to go on behind it. Numbers are texts, since JSON has no infinity. */
export interface Place {
  readonly sort: string
  readonly tie: number | string
}

export interface Candidate {
  readonly id: string
  readonly place: Place
  /** Whether this is the row's first place in the walk: a row with several values is met several times, but counts once. */
  isFirst(row: Row): boolean
}

/** Walks over the candidates of a driver in its order, in batches, each resource at least once. */
export async function* candidatesOf(walk: Walk): AsyncGenerator<readonly Candidate[], void> {
  if (walk.driver.by === 'ids') yield idBatch(walk.driver.ids, walk.after)
  else if (walk.driver.by === 'keys') yield* keyBatches(walk, walk.driver.keys)
  else yield* postingBatches(walk, walk.driver)
}

export interface Walk {
  readonly reader: ResourceReader
  readonly type: string
  readonly driver: Driver
  readonly after?: Place
  /** How many are fetched at a time. */
  readonly batch: number
}

const always = (): boolean => true

function idBatch(ids: readonly string[], after: Place | undefined): readonly Candidate[] {
  const sorted = ids.toSorted().filter((id) => after === undefined || id > after.sort)
  return sorted.map((id) => ({ id, place: { sort: id, tie: 0 }, isFirst: always }))
}

type PostingDriver = Extract<Driver, { by: 'range' | 'names' | 'type' }>

async function* postingBatches(
  walk: Walk,
  driver: PostingDriver,
): AsyncGenerator<readonly Candidate[], void> {
  let after = walk.after
  for (;;) {
    const batch = await readPostings(walk, driver, after)
    if (batch.length > 0) yield batch
    if (batch.length < walk.batch) return
    after = batch.at(-1)?.place
  }
}

async function readPostings(
  { reader, type, batch }: Walk,
  driver: PostingDriver,
  place: Place | undefined,
): Promise<readonly Candidate[]> {
  const page = { type, limit: batch }
  if (driver.by === 'names') {
    const after = place && { text: place.sort, tie: place.tie }
    const found = await reader.names({
      ...page,
      param: driver.param,
      prefix: driver.prefix,
      ...(after ? { after } : {}),
    })
    return found.map((posting) => nameCandidate(driver, posting))
  }
  const after = place && { sort: Number(place.sort), tie: place.tie }
  const from = after ? { after } : {}
  const found =
    driver.by === 'range'
      ? await reader.range({ ...page, param: driver.param, lo: driver.lo, hi: driver.hi, ...from })
      : await reader.scan({ ...page, order: 'updated', direction: driver.direction, ...from })
  return found.map((posting) => postingCandidate(posting, driver.by === 'range' ? driver : undefined))
}

function nameCandidate(
  { param, prefix }: Extract<Driver, { by: 'names' }>,
  { id, text, tie }: NamePosting,
): Candidate {
  const isFirst = (row: Row): boolean =>
    row.names().every((name) => name.p !== param || !name.text.startsWith(prefix) || name.text >= text)
  return { id, place: { sort: text, tie }, isFirst }
}

function postingCandidate(posting: Posting, range: Extract<Driver, { by: 'range' }> | undefined): Candidate {
  const { id, sort, tie } = posting
  const isEarlier = (key: RangeKey): boolean =>
    key.p === range?.param && finite(key.lo) < sort && overlaps(key, range)
  const isFirst = range ? (row: Row): boolean => !row.ranges().some(isEarlier) : always
  return { id, place: { sort: String(sort), tie }, isFirst }
}

/** Places are finite numbers, also those of intervals without beginning. */
function finite(bound: number): number {
  return Math.max(bound, -Number.MAX_VALUE)
}

/** Several keys are walked side by side in the one order of the clinical date, newest first. */
async function* keyBatches(walk: Walk, keys: readonly string[]): AsyncGenerator<readonly Candidate[], void> {
  const cursors = await Promise.all(keys.map((key) => openCursor(walk, key)))
  let batch: Candidate[] = []
  let last: string | undefined
  for (;;) {
    const first = earliest(cursors)
    if (!first) break
    const posting = await advance(walk, first)
    if (posting.id === last) continue
    last = posting.id
    batch.push(postingCandidate(posting, undefined))
    if (batch.length >= walk.batch) {
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}

interface Cursor {
  readonly key: string
  page: readonly Posting[]
  at: number
}

async function openCursor(walk: Walk, key: string): Promise<Cursor> {
  const after = walk.after && { id: '', sort: Number(walk.after.sort), tie: walk.after.tie }
  return { key, page: await readKey(walk, key, after), at: 0 }
}

async function readKey(
  { reader, type, batch }: Walk,
  key: string,
  after: Posting | undefined,
): Promise<readonly Posting[]> {
  const from = after ? { after: { sort: after.sort, tie: after.tie } } : {}
  return reader.scan({
    type,
    key,
    order: 'date',
    direction: 'desc',
    limit: Math.min(batch, limits.fhir.pageMost),
    ...from,
  })
}

function earliest(cursors: readonly Cursor[]): Cursor | undefined {
  let best: Cursor | undefined
  for (const cursor of cursors) {
    const head = cursor.page[cursor.at]
    const rival = best?.page[best.at]
    if (head && (!rival || isBefore(head, rival))) best = cursor
  }
  return best
}

function isBefore(a: Posting, b: Posting): boolean {
  return a.sort === b.sort ? a.tie > b.tie : a.sort > b.sort
}

async function advance(walk: Walk, cursor: Cursor): Promise<Posting> {
  const posting = cursor.page[cursor.at]
  if (!posting) throw new Error('a cursor without postings was advanced')
  cursor.at += 1
  if (cursor.at === cursor.page.length) {
    const isMore = cursor.page.length >= Math.min(walk.batch, limits.fhir.pageMost)
    cursor.page = isMore ? await readKey(walk, cursor.key, posting) : []
    cursor.at = 0
  }
  return posting
}
