import { fault } from '../../kernel/fault.ts'
import { jsonBody } from '../calls/answers.ts'
import { bundleBytes, outcomeEntry, searchEntry, searchsetBytes } from '../calls/bundle-bytes.hot.ts'
import type { SearchEntry } from '../calls/bundle-bytes.hot.ts'
import type { Answer, Call } from '../calls/call.ts'
import { outcomeOf } from '../calls/outcome.ts'
import { pageLinks } from '../calls/page-links.ts'
import type { RestDeps } from '../calls/rest-deps.ts'
import { isShaped, shaped } from '../calls/shaping.ts'
import type { Match } from '../search/branch.ts'
import { queryText, withText } from '../search/query-text.ts'
import type { SearchRequest, Shape } from '../search/request.ts'
import type { SearchPage } from '../search/search.ts'

/** What is searched: one type or all, everywhere or within a compartment such as `Patient/1`. */
export interface Searched {
  readonly type?: string
  readonly compartment?: string
}

export async function search(deps: RestDeps, call: Call, where: Searched): Promise<Answer> {
  const handling = call.prefer.handling ?? (deps.searchUnknown === 'warn' ? 'lenient' : 'strict')
  const page = await deps.search.find(call.caller, { ...where, pairs: call.query, handling })
  return { status: 200, headers: {}, body: searchset(deps, page, where) }
}

function searchset(deps: RestDeps, page: SearchPage, where: Searched): Uint8Array {
  const { request, matches, included, notes, total } = page
  const address = addressOf(deps.base, where)
  const link = pageLinks({ ...page, page: request.page }, (at) => pageAddress(address, request.query, at))
  const bundle = {
    resourceType: 'Bundle',
    type: 'searchset',
    ...(total === undefined ? {} : { total }),
    link,
  }
  const head = JSON.stringify(bundle).slice(0, -1)
  const { base } = deps
  const rows = {
    base,
    matches: shapedRows(deps, matches, request.shape),
    included: shapedRows(deps, included, includedShape(request)),
  }
  if (notes.length === 0 && request.contained === undefined) return searchsetBytes(head, rows)
  const entries = [
    ...rows.matches.map((row) => searchEntry(base, row, 'match')),
    ...rows.included.map((row) => searchEntry(base, row, 'include')),
  ]
  if (notes.length > 0) entries.push(outcomeEntry(jsonBody(outcomeOf(notes))))
  return bundleBytes(head, entries)
}

function pageAddress(address: string, query: string, page: string | undefined): string {
  if (page === undefined) return withText(address, query)
  const own = queryText([['_page', page]])
  return withText(address, query === '' ? own : `${query}&${own}`)
}

function addressOf(base: string, { type, compartment }: Searched): string {
  if (compartment === undefined) return type === undefined ? base : `${base}/${type}`
  return `${base}/${compartment}/${type ?? '*'}`
}

/** Elements are named for the matches; a summary is one of everything. @see FHIR R4, "Search", summary */
function includedShape({ shape: { summary }, includes }: SearchRequest): Shape {
  if (summary === 'text' && includes.length > 0)
    throw fault('malformed', {
      code: 'invalid',
      text: '_summary=text cannot be mixed with _include or _revinclude',
    })
  return summary === undefined ? {} : { summary }
}

function shapedRows(deps: RestDeps, rows: readonly Match[], shape: Shape): readonly SearchEntry[] {
  if (!isShaped(shape)) return rows
  const sent: SearchEntry[] = []
  for (const { type, id, bytes, container } of rows) {
    const few = shaped(bytes, shape, { type, table: deps.definitions.elements() })
    sent.push({ type, id, bytes: few, ...(container === undefined ? {} : { container }) })
  }
  return sent
}
