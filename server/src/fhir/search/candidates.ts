import { limits } from '../../kernel/limits.ts'
import { soon } from '../../kernel/soon.ts'
import type { Soon } from '../../kernel/soon.ts'
import type { ResourceReader, Row } from '../../store/port.ts'
import type { NamePosting, Posting } from '../../store/scans.ts'
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

export interface Candidate extends Place {
  readonly id: string
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

/** Candidates in the order of the driver behind a place; fewer than a batch: the last ones. */
type ReadBatch = (after: Place | undefined) => Soon<readonly Candidate[]>

/** Walks over the candidates of a driver in its order, in batches, each resource once. A batch must be there before the next one is asked for. */
export function* candidatesOf(walk: Walk): Generator<Soon<readonly Candidate[]>, void> {
  const read = batchesOf(walk)
  const reached: { batch: readonly Candidate[] } = { batch: [] }
  let { after } = walk
  do {
    yield soon(read(after), (batch) => (reached.batch = batch))
    after = reached.batch.at(-1)
  } while (reached.batch.length >= walk.batch)
}

function batchesOf(walk: Walk): ReadBatch {
  const { driver } = walk
  if (driver.by === 'ids') return (after) => idBatch(walk, driver.ids, after)
  if (driver.by === 'names') return (after) => nameBatch(walk, driver, after)
  if (driver.by !== 'keys') return (after) => postingBatch(walk, driver, after)
  const [only, second] = driver.keys
  return only !== undefined && second === undefined
    ? (after) => keyBatch(walk, { key: only, direction: driver.direction, after })
    : mergedBatches(walk, driver)
}

function idBatch({ batch }: Walk, ids: readonly string[], after: Place | undefined): readonly Candidate[] {
  const rest = ids.toSorted().filter((id) => after === undefined || id > String(after.sort))
  return rest.slice(0, batch).map((id) => ({ id, sort: id, tie: 0 }))
}

type DriverBy<By extends Driver['by']> = Extract<Driver, { by: By }>

function nameBatch(
  { reader, type, batch }: Walk,
  { param, prefix }: DriverBy<'names'>,
  place: Place | undefined,
): Soon<readonly Candidate[]> {
  const after = place && { after: { text: String(place.sort), tie: place.tie } }
  return soon(reader.names({ type, param, prefix, limit: batch, withRows: true, ...after }), named)
}

function named(found: readonly NamePosting[]): readonly Candidate[] {
  return found.map(({ id, text, tie, row }) => ({ id, sort: text, tie, ...(row && { row }) }))
}

function postingBatch(
  { reader, type, batch }: Walk,
  driver: DriverBy<'range' | 'type'>,
  place: Place | undefined,
): Soon<readonly Posting[]> {
  const page = { type, limit: batch, withRows: true, ...afterOf(place) } as const
  return driver.by === 'range'
    ? reader.range({ ...page, param: driver.param, lo: driver.lo, hi: driver.hi })
    : reader.scan({ ...page, order: driver.order, direction: driver.direction })
}

function keyBatch(
  { reader, type, batch }: Walk,
  { key, direction, after }: Pick<DriverBy<'keys'>, 'direction'> & { key: string; after: Place | undefined },
): Soon<readonly Posting[]> {
  const page = { type, key, order: 'date', direction, limit: batch, withRows: true } as const
  return reader.scan({ ...page, ...afterOf(after) })
}

function afterOf(place: Place | undefined): { readonly after?: Pick<Posting, 'sort' | 'tie'> } {
  return place === undefined ? {} : { after: { sort: Number(place.sort), tie: place.tie } }
}

/** Several keys are walked side by side in the one order of the clinical date. */
function mergedBatches(walk: Walk, driver: DriverBy<'keys'>): ReadBatch {
  let opened: Promise<readonly Cursor[]> | undefined
  let last: string | undefined
  return async () => {
    opened ??= Promise.all(driver.keys.map((key) => openCursor(walk, driver, key)))
    const cursors = await opened
    const batch: Candidate[] = []
    while (batch.length < walk.batch) {
      const first = earliest(cursors, driver.direction)
      if (!first) break
      const posting = await advance(walk, driver, first)
      if (posting.id === last) continue
      last = posting.id
      batch.push(posting)
    }
    return batch
  }
}

interface Cursor {
  readonly key: string
  page: readonly Posting[]
  at: number
}

async function openCursor(walk: Walk, driver: DriverBy<'keys'>, key: string): Promise<Cursor> {
  return { key, page: await readKey(walk, { driver, key, after: walk.after }), at: 0 }
}

async function readKey(
  { reader, type, batch }: Walk,
  { driver, key, after }: { driver: DriverBy<'keys'>; key: string; after: Place | undefined },
): Promise<readonly Posting[]> {
  const limit = Math.min(batch, limits.fhir.pageMost)
  return reader.scan({ type, key, order: 'date', direction: driver.direction, limit, ...afterOf(after) })
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

async function advance(walk: Walk, driver: DriverBy<'keys'>, cursor: Cursor): Promise<Posting> {
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
