import { limits } from '../../kernel/limits.ts'
import type { ResourceReader, Row } from '../../store/port.ts'
import type { Posting } from '../../store/scans.ts'
import type { Driver } from './plan.ts'

/** Where a walk stands: hand it back to go on behind it. */
export interface Place {
  readonly sort: number | string
  readonly tie: number | string
}

/** For a page token. Numbers are texts, since JSON has no infinity. */
export function placeParts({ sort, tie }: Place): readonly [string, number | string] {
  return [String(sort), tie]
}

export interface Candidate {
  readonly id: string
  readonly place: Place
  /** When the store had it at hand. */
  readonly row?: Row
}

export interface Walk {
  readonly reader: ResourceReader
  readonly type: string
  readonly driver: Driver
  readonly after?: Place
  /** How many are fetched at a time. */
  readonly batch: number
}

/** Walks over the candidates of a driver in its order, in batches, each resource once. */
export async function* candidatesOf(walk: Walk): AsyncGenerator<readonly Candidate[], void> {
  const { driver } = walk
  if (driver.by === 'ids') yield* idBatches(walk, driver.ids)
  else if (driver.by !== 'keys') yield* postingBatches(walk, driver)
  else {
    const [only, second] = driver.keys
    if (only !== undefined && second === undefined) yield* keyBatches(walk, only, driver.direction)
    else yield* mergedBatches(walk, driver)
  }
}

function* idBatches({ batch, after }: Walk, ids: readonly string[]): Generator<readonly Candidate[], void> {
  const rest = ids.toSorted().filter((id) => after === undefined || id > String(after.sort))
  for (let at = 0; at < rest.length; at += batch)
    yield rest.slice(at, at + batch).map((id) => ({ id, place: { sort: id, tie: 0 } }))
}

type PostingDriver = Extract<Driver, { by: 'range' | 'names' | 'type' }>

async function* postingBatches(
  walk: Walk,
  driver: PostingDriver,
): AsyncGenerator<readonly Candidate[], void> {
  let { after } = walk
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
  const page = { type, limit: batch, withRows: true } as const
  if (driver.by === 'names') {
    const { param, prefix } = driver
    const after = place && { text: String(place.sort), tie: place.tie }
    const found = await reader.names({ ...page, param, prefix, ...(after ? { after } : {}) })
    return found.map(({ id, text, tie, row }) => candidate({ id, sort: text, tie, row }))
  }
  const after = place && { sort: Number(place.sort), tie: place.tie }
  const from = after ? { after } : {}
  const found =
    driver.by === 'range'
      ? await reader.range({ ...page, param: driver.param, lo: driver.lo, hi: driver.hi, ...from })
      : await reader.scan({ ...page, order: driver.order, direction: driver.direction, ...from })
  return found.map(candidate)
}

interface Found {
  readonly id: string
  readonly sort: number | string
  readonly tie: Posting['tie']
  readonly row?: Row | undefined
}

function candidate({ id, sort, tie, row }: Found): Candidate {
  const place = { sort, tie }
  return row === undefined ? { id, place } : { id, place, row }
}

async function* keyBatches(
  walk: Walk,
  key: string,
  direction: 'asc' | 'desc',
): AsyncGenerator<readonly Candidate[], void> {
  const { reader, type, batch: limit } = walk
  let after = walk.after && { sort: Number(walk.after.sort), tie: walk.after.tie }
  for (;;) {
    const page = await reader.scan({
      type,
      key,
      order: 'date',
      direction,
      limit,
      withRows: true,
      ...(after ? { after } : {}),
    })
    if (page.length > 0) yield page.map(candidate)
    if (page.length < limit) return
    after = page.at(-1)
  }
}

type KeyDriver = Extract<Driver, { by: 'keys' }>

/** Several keys are walked side by side in the one order of the clinical date. */
async function* mergedBatches(walk: Walk, driver: KeyDriver): AsyncGenerator<readonly Candidate[], void> {
  const cursors = await Promise.all(driver.keys.map((key) => openCursor(walk, driver, key)))
  let batch: Candidate[] = []
  let last: string | undefined
  for (;;) {
    const first = earliest(cursors, driver.direction)
    if (!first) break
    const posting = await advance(walk, driver, first)
    if (posting.id === last) continue
    last = posting.id
    batch.push(candidate(posting))
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

async function openCursor(walk: Walk, driver: KeyDriver, key: string): Promise<Cursor> {
  const after = walk.after && { id: '', sort: Number(walk.after.sort), tie: walk.after.tie }
  return { key, page: await readKey(walk, { driver, key, after }), at: 0 }
}

async function readKey(
  { reader, type, batch }: Walk,
  { driver, key, after }: { driver: KeyDriver; key: string; after: Posting | undefined },
): Promise<readonly Posting[]> {
  const from = after ? { after: { sort: after.sort, tie: after.tie } } : {}
  const limit = Math.min(batch, limits.fhir.pageMost)
  return reader.scan({ type, key, order: 'date', direction: driver.direction, limit, ...from })
}

function earliest(cursors: readonly Cursor[], direction: 'asc' | 'desc'): Cursor | undefined {
  let best: Cursor | undefined
  for (const cursor of cursors) {
    const head = cursor.page[cursor.at]
    const rival = best?.page[best.at]
    if (head && (!rival || isBefore(head, rival, direction))) best = cursor
  }
  return best
}

function isBefore(a: Posting, b: Posting, direction: 'asc' | 'desc'): boolean {
  if (a.sort !== b.sort) return direction === 'asc' ? a.sort < b.sort : a.sort > b.sort
  return direction === 'asc' ? a.tie < b.tie : a.tie > b.tie
}

async function advance(walk: Walk, driver: KeyDriver, cursor: Cursor): Promise<Posting> {
  const posting = cursor.page[cursor.at]
  if (!posting) throw new Error('a cursor without postings was advanced')
  cursor.at += 1
  if (cursor.at === cursor.page.length) {
    const isMore = cursor.page.length >= Math.min(walk.batch, limits.fhir.pageMost)
    cursor.page = isMore ? await readKey(walk, { driver, key: cursor.key, after: posting }) : []
    cursor.at = 0
  }
  return posting
}
