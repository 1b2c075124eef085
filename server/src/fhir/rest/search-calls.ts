import type { Row } from '../../store/port.ts'
import type { Pair, Shape } from '../search/request.ts'
import type { SearchPage } from '../search/search.ts'
import { moduleOf } from '../write/prepare.ts'
import { jsonBody } from './answers.ts'
import { bundleBytes, searchEntry } from './bundle-bytes.hot.ts'
import type { Answer, Call } from './call.ts'
import { outcomeOf } from './outcome.ts'
import { withQuery } from './read-calls.ts'
import type { RestDeps } from './rest-deps.ts'
import { isShaped, shaped } from './shaping.ts'

/** A search of one type, also within a compartment. */
export async function searchType(
  deps: RestDeps,
  call: Call,
  where: { type: string; compartment?: string },
): Promise<Answer> {
  const handling = call.prefer.handling ?? (deps.searchUnknown === 'warn' ? 'lenient' : 'strict')
  const page = await deps.search.find(call.caller, { ...where, pairs: call.query, handling })
  return { status: 200, headers: {}, body: await searchset(deps, page, where) }
}

async function searchset(
  deps: RestDeps,
  page: SearchPage,
  { type, compartment }: { type: string; compartment?: string },
): Promise<Uint8Array> {
  const { request, matches, included, notes, total, next } = page
  const address = compartment === undefined ? `${deps.base}/${type}` : `${deps.base}/${compartment}/${type}`
  const own: readonly Pair[] = request.page === undefined ? [] : [['_page', request.page]]
  const link = [{ relation: 'self', url: withQuery(address, [...request.used, ...own]) }]
  if (next !== undefined)
    link.push({ relation: 'next', url: withQuery(address, [...request.used, ['_page', next]]) })
  const head = JSON.stringify({
    resourceType: 'Bundle',
    type: 'searchset',
    ...(total === undefined ? {} : { total }),
    link,
  })
  const { base } = deps
  const entries = [
    ...(await shapedRows(deps, matches, request.shape)).map((row) => searchEntry(base, row, 'match')),
    ...included.map((row) => searchEntry(base, row, 'include')),
    ...(notes.length === 0 ? [] : [[NOTES, jsonBody(outcomeOf(notes)), NOTES_END]]),
  ]
  return bundleBytes(head.slice(0, -1), entries)
}

const NOTES = Buffer.from('{"resource":')
const NOTES_END = Buffer.from(',"search":{"mode":"outcome"}}')

type Sent = Pick<Row, 'type' | 'id' | 'bytes'>

async function shapedRows(deps: RestDeps, rows: readonly Row[], shape: Shape): Promise<readonly Sent[]> {
  const [first] = rows
  if (!first || !isShaped(shape)) return rows
  const module = await moduleOf(deps.definitions, first.type)
  return rows.map(({ type, id, bytes }) => ({ type, id, bytes: shaped(bytes, shape, module) }))
}
