import { isUtf8 } from 'node:buffer'

import { Fault, fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { createPace } from '../../kernel/pace.ts'
import { soon } from '../../kernel/soon.ts'
import type { Soon } from '../../kernel/soon.ts'
import { checkCriteria, METHODS, pairsOf } from '../calls/call.ts'
import type { Method } from '../calls/call.ts'
import { memberText } from '../json/members.ts'
import { isObject, parseInTurns, parseObject } from '../json/parse.ts'
import { placeOfMember } from '../json/plain-text.hot.ts'
import type { Place } from '../json/plain-text.hot.ts'
import { conditionsOf } from './entry-conditions.ts'
import { ofEntry, placed } from './entry.ts'
import type { Entry } from './entry.ts'
import { checkFullUrls } from './full-urls.ts'
import type { CutBundle } from './receive-bundle.ts'

/** An entry that cannot be processed: a batch goes on without it. */
export interface Broken {
  readonly fault: Fault
  readonly at: string
  readonly fullUrl?: never
}

export interface ReadBundle {
  readonly type: string | undefined
  readonly entries: readonly (Entry | Broken)[]
}

/** @throws Fault `malformed` */
export async function readBundle({ head, items }: CutBundle, base: string): Promise<ReadBundle> {
  const bundle = parseObject(head)
  if (bundle['resourceType'] !== 'Bundle') {
    throw fault('malformed', {
      code: 'invalid',
      text: 'Only a Bundle can be posted to the base address',
      at: 'Bundle',
    })
  }
  const type = typeof bundle['type'] === 'string' ? bundle['type'] : undefined
  checkMembers(bundle, MEMBERS.bundle, 'Bundle')
  const { entry } = bundle
  const isList =
    entry === undefined ? items.length === 0 : Array.isArray(entry) && entry.length === items.length
  if (!isList)
    throw fault('malformed', { code: 'structure', text: 'entry must be a list', at: 'Bundle.entry' })
  // From the server's root, or from the base as the specification has it: `/fhir/Patient`, `Patient`.
  const roots = [base, new URL(base).pathname]
  const pace = createPace()
  const entries: (Entry | Broken)[] = []
  for (const [index, item] of items.entries()) {
    if (!isUtf8(item)) throw fault('malformed', { code: 'structure', text: 'The body is not UTF-8' })
    const reading = entryOrFault({ index, item, roots })
    entries.push(reading instanceof Promise ? await reading : reading)
    const slice = pace()
    if (slice) await slice
  }
  checkFullUrls(entries, base)
  return { type, entries }
}

interface Raw {
  readonly index: number
  readonly item: Buffer
  /** What addresses may begin with, the base first. */
  readonly roots: readonly string[]
}

function entryOrFault(raw: Raw): Soon<Entry | Broken> {
  const told = (error: unknown): Broken => {
    const at = `Bundle.entry[${String(raw.index)}]`
    if (error instanceof Fault) return { fault: placed(ofEntry(error), at), at }
    throw error
  }
  try {
    const parts = partsOf(raw.item)
    return parts instanceof Promise
      ? parts.then((each) => readEntry(raw, each)).catch(told)
      : readEntry(raw, parts)
  } catch (error) {
    return told(error)
  }
}

/** An entry with an empty object for its resource, and where that stands. */
interface Parts {
  readonly entry: JsonObject
  readonly place?: Place
}

/** @throws Fault `malformed` for what is no JSON; the resource is not looked at where the method needs one */
function partsOf(item: Buffer): Soon<Parts> {
  const place = placeOfMember(item, RESOURCE)
  const entry = place && envelopeOf(item, place)
  if (entry && isObject(entry['request']) && BRINGS_RESOURCE.has(entry['request']['method']))
    return { entry, place }
  const text = item.toString('utf8')
  return soon(parseInTurns(text), (whole) => {
    const resource = isObject(whole['resource']) ? memberText(text, 'resource') : undefined
    if (resource === undefined) return { entry: whole }
    const bytes = Buffer.from(resource, 'utf8')
    return { entry: whole, place: { bytes, from: 0, to: bytes.length } }
  })
}

const RESOURCE = Buffer.from('"resource"')
const EMPTY = Buffer.from('{}')
const BRINGS_RESOURCE: ReadonlySet<unknown> = new Set(['POST', 'PUT', 'PATCH'])

/** `undefined` when that is no JSON: the whole entry tells where. */
function envelopeOf(item: Buffer, { from, to }: Place): JsonObject | undefined {
  const rest = Buffer.concat([item.subarray(0, from), EMPTY, item.subarray(to)])
  try {
    return parseObject(rest.toString('utf8'))
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
  }
}

const ELEMENT = ['id', 'extension', 'modifierExtension']
/** What R4 knows in the parts of a Bundle that hold no resource: a mistaken `ifNoneExists` must not pass for none. */
const MEMBERS = {
  bundle: new Set(
    'resourceType id meta implicitRules language identifier type timestamp total link entry signature'.split(
      ' ',
    ),
  ),
  entry: new Set([...ELEMENT, 'link', 'fullUrl', 'resource', 'search', 'request', 'response']),
  request: new Set([...ELEMENT, 'method', 'url', 'ifNoneMatch', 'ifModifiedSince', 'ifMatch', 'ifNoneExist']),
}

function checkMembers(given: JsonObject, known: ReadonlySet<string>, at: string): void {
  for (const name in given) {
    if (known.has(name) || known.has(name.replace(/^_/, ''))) continue
    const text = `R4 knows no "${name.slice(0, 64)}" here: leave it out`
    throw fault('malformed', { code: 'structure', text, at })
  }
}

function readEntry({ index, item, roots }: Raw, { entry, place }: Parts): Entry {
  const at = `Bundle.entry[${String(index)}]`
  checkMembers(entry, MEMBERS.entry, at)
  const { request } = entry
  if (!isObject(request)) {
    throw fault('malformed', {
      code: 'required',
      text: 'Every entry needs a request with method and url',
      at: `${at}.request`,
    })
  }
  checkMembers(request, MEMBERS.request, `${at}.request`)
  const method = methodOf(request, at)
  const address = addressOf(request, roots, at)
  const mark = address.indexOf('?')
  const queryText = mark < 0 ? '' : address.slice(mark + 1)
  const path = segmentsOf(mark < 0 ? address : address.slice(0, mark), at)
  if (method === 'POST' && path.length === 0) {
    throw fault('malformed', {
      code: 'not-supported',
      text: 'A Bundle is processed at the base address only, not within another one',
      at: `${at}.request.url`,
    })
  }
  const query = pairsOf(queryText)
  checkCriteria({ method, path, query })
  const { fullUrl } = entry
  if (needsResource(method, path) && place === undefined) {
    throw fault('malformed', { code: 'required', text: `A ${method} needs a resource`, at: `${at}.resource` })
  }
  return {
    index,
    method,
    path,
    queryText,
    query,
    conditions: conditionsOf(request, { method, path }, `${at}.request`),
    item,
    ...(place === undefined ? {} : { place }),
    at,
    ...(typeof fullUrl === 'string' ? { fullUrl } : {}),
  }
}

function methodOf(request: JsonObject, at: string): Method {
  const method = METHODS.find((each) => each === request['method'])
  if (method) return method
  throw fault('malformed', {
    code: 'value',
    text: `method must be one of ${METHODS.join(', ')}`,
    at: `${at}.request.method`,
  })
}

function needsResource(method: Method, path: readonly string[]): boolean {
  return method === 'PUT' || method === 'PATCH' || (method === 'POST' && path.at(-1) !== '_search')
}

function addressOf(request: JsonObject, roots: readonly string[], at: string): string {
  const { url } = request
  if (typeof url !== 'string' || url === '')
    throw fault('malformed', { code: 'required', text: 'A request needs a url', at: `${at}.request.url` })
  const root = roots.find((each) => isBelow(url, each)) ?? ''
  const relative = url.slice(root.length)
  if (/^[a-z][a-z0-9+.-]*:/i.test(relative)) {
    throw fault('malformed', {
      code: 'value',
      text: `The url is not below ${roots[0] ?? ''}`,
      at: `${at}.request.url`,
    })
  }
  return relative
}

function isBelow(url: string, base: string): boolean {
  return url.startsWith(base) && ['', '/', '?'].includes(url.charAt(base.length))
}

function segmentsOf(path: string, at: string): readonly string[] {
  const segments = path.split('/').filter((each) => each !== '')
  if (!path.includes('%')) return segments
  try {
    return segments.map(decodeURIComponent)
  } catch {
    const text = 'The url has a broken percent escape'
    throw fault('malformed', { code: 'value', text, at: `${at}.request.url` })
  }
}
