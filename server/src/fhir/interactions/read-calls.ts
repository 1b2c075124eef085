import { fault } from '../../kernel/fault.ts'
import type { Fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { HistoryRequest, StoredVersion } from '../../store/port.ts'
import { versionHeaders } from '../calls/answers.ts'
import { bundleBytes, historyEntry } from '../calls/bundle-bytes.hot.ts'
import type { Answer, Call } from '../calls/call.ts'
import { isUnchanged } from '../calls/conditions.ts'
import { pageLinks } from '../calls/page-links.ts'
import type { RestDeps } from '../calls/rest-deps.ts'
import { isShaped, shaped, shapeOf } from '../calls/shaping.ts'
import { dateInterval } from '../search/date-value.ts'
import { listIds, listMembers } from '../search/lists.ts'
import { checkOnce } from '../search/parse-request.ts'
import { withQuery } from '../search/query-text.ts'
import { moduleOf } from '../write/prepare.ts'

export async function read(
  deps: RestDeps,
  call: Call,
  { type, id }: { type: string; id: string },
): Promise<Answer> {
  return versionAnswer(deps, call, await deps.resources.read(call.caller, type, id))
}

export async function vread(
  deps: RestDeps,
  call: Call,
  which: { type: string; id: string; version: string },
): Promise<Answer> {
  const { type, id } = which
  const number = /^[1-9]\d{0,14}$/.test(which.version) ? Number(which.version) : -1
  const version = await deps.resources.vread(call.caller, { type, id, version: number })
  return versionAnswer(deps, call, version)
}

/** 304 where the caller has it. */
function versionAnswer(deps: RestDeps, call: Call, version: StoredVersion): Answer {
  const { lastUpdated } = version
  const headers = versionHeaders(version)
  if (isUnchanged(call.conditions, version)) return { status: 304, headers, lastUpdated }
  return { status: 200, headers, lastUpdated, body: bodyOf(deps, call, version) }
}

function bodyOf(deps: RestDeps, call: Call, version: StoredVersion): Uint8Array {
  const shape = shapeOf(call.query)
  return isShaped(shape)
    ? shaped(version.bytes, shape, { type: version.type, table: deps.definitions.elements() })
    : version.bytes
}

/** History of one resource, of a type, or of everything. */
export async function history(
  deps: RestDeps,
  call: Call,
  of: { type?: string; id?: string },
): Promise<Answer> {
  if (of.type !== undefined) await moduleOf(deps.definitions, of.type)
  const { request, used, isCounted } = historyRequest(deps, call, of)
  const { lists, ...range } = request
  const members = lists && (await listMembers(deps, call.caller, lists))
  const page = await deps.resources.history(call.caller, { ...range, ...(members ? { members } : {}) })
  const { versions, total, next } = isCounted ? { ...page, versions: [], next: undefined } : page
  const address = `${deps.base}/${call.path.join('/')}`
  const asked = call.query.find(([name]) => name === '_page')?.[1]
  const place = next === undefined ? undefined : { driver: 0, after: [next] }
  const around = deps.tokens.around(asked, place, () => identityOf(call))
  const links = pageLinks({ ...around, page: asked }, (at) =>
    withQuery(address, at === undefined ? used : [...used, ['_page', at]]),
  )
  const counted = total === undefined ? {} : { total }
  const bundle = { resourceType: 'Bundle', type: 'history', ...counted, link: links }
  const shape = shapeOf(call.query, ['count'])
  const table = isShaped(shape) ? deps.definitions.elements() : undefined
  const isNew = await Promise.all(versions.map(async (version) => isFirst(deps, versions, version)))
  const entries = versions.map((version, index) => {
    const { type, bytes, deleted } = version
    const isWhole = table === undefined || deleted
    const given = isWhole ? version : { ...version, bytes: shaped(bytes, shape, { type, table }) }
    return historyEntry(deps.base, given, isNew[index] === true)
  })
  return { status: 200, headers: {}, body: bundleBytes(JSON.stringify(bundle).slice(0, -1), entries) }
}

/** Whether a version is the first one of its resource, or the first behind a deletion. */
async function isFirst(
  { reader }: RestDeps,
  page: readonly StoredVersion[],
  { type, id, version, method }: StoredVersion,
): Promise<boolean> {
  // What comes back was created and deleted before.
  if (version < 3 || method !== 'PUT') return version === 1
  const before =
    page.find((each) => each.version === version - 1 && each.id === id && each.type === type) ??
    (await reader.vread(type, id, version - 1))
  return before?.deleted === true
}

interface ListedRequest extends HistoryRequest {
  /** Ids of Lists; only what they name is asked for. */
  readonly lists?: readonly string[]
}

interface HistoryQuery {
  readonly request: ListedRequest
  readonly used: readonly (readonly [string, string])[]
  /** Only the number of versions is asked for. */
  readonly isCounted: boolean
}

function historyRequest(deps: RestDeps, call: Call, of: { type?: string; id?: string }): HistoryQuery {
  const request = { ...of, limit: limits.fhir.pageDefault } satisfies ListedRequest
  const used: (readonly [string, string])[] = []
  for (const [index, [name, value]] of call.query.entries()) {
    const reading = Object.hasOwn(HISTORY_PARAMETERS, name) ? HISTORY_PARAMETERS[name] : undefined
    if (!reading && call.prefer.handling === 'lenient') continue
    if (!reading) throw unknownInHistory(name)
    checkOnce(call.query.slice(0, index), [name, value])
    Object.assign(request, reading(value, { deps, call }))
    if (name === '_count') used.push([name, /^0+$/.test(value) ? '0' : String(request.limit)])
    else if (USED.has(name)) used.push([name, value])
  }
  const isCounted = used.some(
    ([name, value]) => (name === '_count' && value === '0') || (name === '_summary' && value === 'count'),
  )
  return { request, used, isCounted }
}

/** For those who ask. */
export const HISTORY_NAMES = '_count, _since, _at, _list, _summary, _elements'

function unknownInHistory(name: string): Fault {
  const text = `"${name.slice(0, 64)}" is no parameter of a history: use ${HISTORY_NAMES}`
  return fault('malformed', { code: 'not-supported', text })
}

/** What stands in the links of a history. */
const USED: ReadonlySet<string> = new Set(['_since', '_at', '_list', '_summary', '_elements'])

type Reading = (value: string, context: { deps: RestDeps; call: Call }) => Partial<ListedRequest>

const HISTORY_PARAMETERS: Readonly<Record<string, Reading>> = {
  _count: (value) => {
    if (!/^\d{1,9}$/.test(value))
      throw fault('malformed', { code: 'value', text: '_count must be a whole number of at least 0' })
    return { limit: Math.max(1, Math.min(Number(value), limits.fhir.pageMost)) }
  },
  _since: (value, { deps }) => ({ since: dateInterval(value, '_since', deps.definitions.zone).lo }),
  _at: (value, { deps }) => {
    const { lo, hi } = dateInterval(value, '_at', deps.definitions.zone)
    return { at: { from: lo, to: hi } }
  },
  _page: (value, { deps, call }) => ({ after: String(deps.tokens.open(value, identityOf(call)).after[0]) }),
  _list: (value) => ({ lists: listIds(value) }),
  // R5 names the one order that there is.
  _sort: (value) => {
    if (value === '-_lastUpdated') return {}
    throw fault('malformed', { code: 'not-supported', text: 'Histories come newest first: leave _sort out' })
  },
  _summary: () => ({}),
  _elements: () => ({}),
  _format: () => ({}),
  _pretty: () => ({}),
}

/** What a page token holds for. */
const RANGE: ReadonlySet<string> = new Set(['_since', '_at', '_list'])

function identityOf({ path, query }: Call): string {
  return JSON.stringify([path, query.filter(([name]) => RANGE.has(name))])
}
