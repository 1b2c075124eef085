import { fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import { elementsOf, memberText } from '../json/members.ts'
import { isObject, parseObject } from '../json/parse.ts'
import { METHODS, pairsOf } from '../rest/call.ts'
import type { Conditions, Method } from '../rest/call.ts'
import type { Pair } from '../search/request.ts'

/** One entry of a batch or transaction, checked and with its exact resource text. */
export interface Entry {
  readonly index: number
  readonly fullUrl?: string
  readonly method: Method
  readonly path: readonly string[]
  /** Query string of the request's address, undecoded. */
  readonly queryText: string
  readonly query: readonly Pair[]
  readonly conditions: Conditions
  /** JSON text of the resource; empty without one. */
  readonly text: string
  /** `Bundle.entry[2]`. */
  readonly at: string
}

export interface ReadBundle {
  readonly type: string | undefined
  readonly entries: readonly Entry[]
}

/** @throws Fault `malformed`, `too-large` */
export function readBundle(text: string, base: string): ReadBundle {
  const bundle = parseObject(text)
  if (bundle['resourceType'] !== 'Bundle') {
    throw fault('malformed', {
      code: 'invalid',
      text: 'Only a Bundle can be posted to the base address',
      at: 'Bundle',
    })
  }
  const type = typeof bundle['type'] === 'string' ? bundle['type'] : undefined
  const { entry = [] } = bundle
  if (!Array.isArray(entry))
    throw fault('malformed', { code: 'structure', text: 'entry must be a list', at: 'Bundle.entry' })
  if (entry.length > limits.fhir.bundleEntries) {
    throw fault('too-large', {
      code: 'too-long',
      text: `A Bundle may have ${String(limits.fhir.bundleEntries)} entries at most`,
      at: 'Bundle.entry',
    })
  }
  const texts = elementsOf(memberText(text, 'entry') ?? '[]')
  const entries = (entry as readonly unknown[]).map((each, index) =>
    readEntry(each, { index, text: texts[index] ?? '{}', base }),
  )
  checkFullUrls(entries)
  return { type, entries }
}

interface Raw {
  readonly index: number
  readonly text: string
  readonly base: string
}

function readEntry(entry: unknown, { index, text, base }: Raw): Entry {
  const at = `Bundle.entry[${String(index)}]`
  const request = isObject(entry) ? entry['request'] : undefined
  if (!isObject(entry) || !isObject(request)) {
    throw fault('malformed', {
      code: 'required',
      text: 'Every entry needs a request with method and url',
      at: `${at}.request`,
    })
  }
  const method = methodOf(request, at)
  const address = addressOf(request, base, at)
  const mark = address.indexOf('?')
  const queryText = mark < 0 ? '' : address.slice(mark + 1)
  const path = (mark < 0 ? address : address.slice(0, mark)).split('/').filter((each) => each !== '')
  const resource = memberText(text, 'resource') ?? ''
  if (needsResource(method, path) && resource === '') {
    throw fault('malformed', { code: 'required', text: `A ${method} needs a resource`, at: `${at}.resource` })
  }
  const fullUrl = entry['fullUrl']
  return {
    index,
    method,
    path,
    queryText,
    query: pairsOf(queryText),
    conditions: conditionsOf(request),
    text: resource,
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

function addressOf(request: JsonObject, base: string, at: string): string {
  const { url } = request
  if (typeof url !== 'string' || url === '')
    throw fault('malformed', { code: 'required', text: 'A request needs a url', at: `${at}.request.url` })
  const relative = url.startsWith(`${base}/`) ? url.slice(base.length + 1) : url
  if (/^[a-z][a-z0-9+.-]*:/i.test(relative)) {
    throw fault('malformed', { code: 'value', text: `The url is not below ${base}`, at: `${at}.request.url` })
  }
  return relative
}

const CONDITIONS = ['ifMatch', 'ifNoneMatch', 'ifModifiedSince', 'ifNoneExist'] as const

function conditionsOf(request: JsonObject): Conditions {
  const given = CONDITIONS.map((name) => [name, request[name]] as const).filter(
    ([, value]) => typeof value === 'string',
  )
  return Object.fromEntries(given)
}

function checkFullUrls(entries: readonly Entry[]): void {
  const seen = new Set<string>()
  for (const { fullUrl, at } of entries) {
    if (fullUrl === undefined) continue
    if (seen.has(fullUrl))
      throw fault('malformed', {
        code: 'duplicate',
        text: 'Two entries have the same fullUrl (bdl-7)',
        at: `${at}.fullUrl`,
      })
    seen.add(fullUrl)
  }
}
