import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { checkFullUrl } from './bundle-full-url.ts'
import { checkDocument, checkMessage } from './bundle-links.ts'
import type { Check } from './check.ts'
import { isObject } from './collections.ts'

/** The rules for Bundles that R4 says in words. @see FHIR R4, "Bundle", "Search", "FHIR Documents", "Messaging" */
export function checkBundle(bundle: JsonObject, check: Check): void {
  const type = bundle['type']
  const entries = listOf(bundle['entry'])
  checkLinks(listOf(bundle['link']), check)
  const expected = type === 'searchset' ? searchedTypes(bundle) : undefined
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i]
    if (entry === undefined || !check.item('entry', i, entry)) continue
    checkFullUrl(entry, type, check)
    if (type === 'searchset') checkHit(entry, expected, check)
    if (type === 'transaction' || type === 'batch') checkRequest(entry, check)
    check.leave()
  }
  if (type === 'document') checkDocument(entries, check)
  if (type === 'message') checkMessage(entries, check)
}

/** Pages of a search or history: each has one predecessor and one successor. */
const ONCE: ReadonlySet<JsonValue | undefined> = new Set([
  'self',
  'first',
  'previous',
  'prev',
  'next',
  'last',
])

function checkLinks(links: readonly JsonObject[], check: Check): void {
  const seen = new Set<JsonValue | undefined>()
  for (let i = 0; i < links.length; i++) {
    const relation = links[i]?.['relation']
    if (seen.has(relation) && ONCE.has(relation) && check.item('link', i, links[i])) {
      check.addAt(
        'relation',
        'structure',
        'A Bundle has one link of this relation at most: remove the others.',
      )
      check.leave()
    }
    seen.add(relation)
  }
}

function checkHit(entry: JsonObject, expected: ReadonlySet<string> | undefined, check: Check): void {
  const { search, resource } = entry
  const mode = isObject(search) ? search['mode'] : undefined
  if (!isObject(resource) || mode === undefined) return
  const type = resource['resourceType']
  if (mode === 'outcome') {
    if (type !== 'OperationOutcome')
      check.addAt('resource', 'structure', 'An entry of search mode "outcome" is an OperationOutcome.')
    return
  }
  if (resource['id'] === undefined)
    check.addAt('resource', 'required', 'What a search has found has an id: add it.')
  if (mode === 'match' && typeof type === 'string' && expected && !expected.has(type))
    check.addAt(
      'resource',
      'structure',
      `The search of the link "self" finds ${[...expected].join(', ')} only.`,
    )
}

/** The types that the link `self` searches for, when it tells. */
function searchedTypes(bundle: JsonObject): ReadonlySet<string> | undefined {
  const url = listOf(bundle['link']).find(({ relation }) => relation === 'self')?.['url']
  const [, path, query] = /^([^?#]{1,2000})\?([^#]{0,8000})$/.exec(typeof url === 'string' ? url : '') ?? []
  const type = /(?:^|\/)([A-Z][A-Za-z]{1,60})$/.exec(path ?? '')?.[1]
  if (type !== undefined) return new Set([type])
  const types = new URLSearchParams(query).getAll('_type').flatMap((each) => each.split(','))
  const named = new Set(types.filter((each) => each !== ''))
  return named.size === 0 ? undefined : named
}

function checkRequest(entry: JsonObject, check: Check): void {
  const { request, resource } = entry
  if (!isObject(request)) return
  const { method, url } = request
  const needsResource =
    method === 'PUT' || (method === 'POST' && typeof url === 'string' && !/[$?]|_search/.test(url))
  if (needsResource && resource === undefined)
    check.addAt('resource', 'required', 'An entry that creates or updates needs the resource: add it.')
}

function listOf(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]).filter(isObject) : []
}
