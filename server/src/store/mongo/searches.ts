import type { Collection, Document } from 'mongodb'

import type { NamePosting, NameRequest, Posting, RangeRequest, ScanRequest } from '../scans.ts'
import { rawDocuments, retrying, type Database } from './database.ts'
import { indexKey } from './index-key.ts'
import { RawDocument } from './raw-document.ts'

/** The primitives of the planner. Pages go on behind a place; nothing is skipped by number. */

export async function scan(database: Database, request: ScanRequest): Promise<readonly Posting[]> {
  const { type, key, order, direction, after, limit } = request
  const [sort, tie] = order === 'date' ? ['date', '_id'] : ['cn', 'x']
  const filter: Document = key === undefined ? { del: false } : { k: indexKey(key) }
  if (after !== undefined) Object.assign(filter, behind([sort, tie], [after.sort, after.tie], direction))
  const step = direction === 'asc' ? 1 : -1
  const rows = await rawDocuments(database.current(type), {
    filter,
    sort: { [sort]: step, [tie]: step },
    limit,
    projection: { [sort]: 1, [tie]: 1 },
  })
  return rows.map((raw) => {
    const document = new RawDocument(raw)
    const id = document.text('_id')
    return { id, sort: document.number(sort), tie: order === 'date' ? id : document.number(tie) }
  })
}

function behind(
  [sort, tie]: readonly [string, string],
  [value, tieValue]: readonly [number | string, number | string],
  direction: 'asc' | 'desc',
): Document {
  const beyond = direction === 'asc' ? '$gt' : '$lt'
  return { $or: [{ [sort]: { [beyond]: value } }, { [sort]: value, [tie]: { [beyond]: tieValue } }] }
}

/**
 * An index over a list cannot give the order of the one entry that matched: the index finds, the pipeline takes the first fitting entry
 * of each resource and keeps the smallest. Each page therefore costs as much as there are matches; the planner's caps bound that.
 */
export async function range(database: Database, request: RangeRequest): Promise<readonly Posting[]> {
  const { type, param, lo, hi, after, limit } = request
  const upper = lo === hi ? '$lte' : '$lt'
  const fits = [
    { $eq: ['$$e.p', param] },
    { [upper]: ['$$e.lo', lo === hi ? lo : hi] },
    { $gt: ['$$e.hi', lo] },
  ]
  const found = await firstEntries(database.current(type), {
    match: { r: { $elemMatch: { p: param, lo: { [upper]: lo === hi ? lo : hi }, hi: { $gt: lo } } } },
    list: 'r',
    fits,
    field: 'lo',
    limit,
    ...(after !== undefined && { after: [after.sort, after.tie] as const }),
  })
  return found.map(({ _id, place }) => ({ id: _id, sort: place as number, tie: _id }))
}

export async function names(database: Database, request: NameRequest): Promise<readonly NamePosting[]> {
  const { type, param, prefix, after, limit } = request
  const end = prefixEnd(prefix)
  const fits: Document[] = [{ $eq: ['$$e.p', param] }, { $gte: ['$$e.text', prefix] }]
  if (end !== undefined) fits.push({ $lt: ['$$e.text', end] })
  const text = end === undefined ? { $gte: prefix } : { $gte: prefix, $lt: end }
  const found = await firstEntries(database.current(type), {
    match: { n: { $elemMatch: { p: param, text } } },
    list: 'n',
    fits,
    field: 'text',
    limit,
    ...(after !== undefined && { after: [after.text, after.tie] as const }),
  })
  return found.map(({ _id, place }) => ({ id: _id, text: place as string, tie: _id }))
}

interface EntryQuery {
  readonly match: Document
  readonly list: string
  readonly fits: readonly Document[]
  readonly field: string
  readonly limit: number
  readonly after?: readonly [number | string, number | string]
}

async function firstEntries<Shape extends Document>(
  collection: Collection<Shape>,
  { match, list, fits, field, limit, after }: EntryQuery,
): Promise<{ _id: string; place: number | string }[]> {
  const fitting = { $filter: { input: `$${list}`, as: 'e', cond: { $and: fits } } }
  const pipeline: Document[] = [
    { $match: match },
    { $project: { place: { $min: { $map: { input: fitting, as: 'e', in: `$$e.${field}` } } } } },
    ...(after === undefined ? [] : [{ $match: behind(['place', '_id'], after, 'asc') }]),
    { $sort: { place: 1, _id: 1 } },
    { $limit: limit },
  ]
  return retrying(async () =>
    collection.aggregate<{ _id: string; place: number | string }>(pipeline, { allowDiskUse: true }).toArray(),
  )
}

/** The first text behind all that begin with `prefix`, in the order of UTF-8 bytes, which is that of code points. */
function prefixEnd(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0)
  while (points.length > 0) {
    const last = points.pop() ?? 0
    if (last === 0x10_ff_ff) continue
    // Surrogates are no characters of their own.
    return String.fromCodePoint(...points, last === 0xd7_ff ? 0xe0_00 : last + 1)
  }
  return undefined
}
