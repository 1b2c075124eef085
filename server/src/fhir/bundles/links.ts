import { elementRow } from '../elements.ts'
import type { ElementTable } from '../elements.ts'
import { rewriteStrings } from '../json/rewrite.ts'
import type { Rewrite } from '../json/rewrite.ts'
import { stringIn, textOf, treeOf } from '../json/tree.ts'
import type { Tree } from '../json/tree.ts'
import { sameUrn } from '../keys/same-urn.ts'
import type { Entry } from './read-bundle.ts'
import type { Step } from './step.ts'

/**
 * Types whose whole value may be a link; canonicals stay as they are. R4 names oid and uuid as well, but `Patient/1` is neither: such an element
 * holds an identity, and with a link in it the resource would be refused. @see FHIR R4, "RESTful API", transaction
 */
const LINK_TYPES = new Set(['uri', 'url'])
const RELATIVE = /^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}$/
/** The value of an href or src attribute, without its quotes. */
const NARRATIVE_LINK = /(?<=\b(?:href|src)=["'])[^"']+(?=["'])/g

/** Where the full addresses of a transaction's entries end up: `urn:uuid:…` to `Patient/<new id>`. */
export type LinkMap = ReadonlyMap<string, string>

export function linkMap(steps: readonly Step[]): LinkMap {
  const map = new Map<string, string>()
  for (const step of steps) {
    if (step.kind !== 'write' && step.kind !== 'found') continue
    if (step.entry.fullUrl !== undefined) map.set(sameUrn(step.entry.fullUrl), `${step.type}/${step.id}`)
  }
  return map
}

/** The text of an entry's resource with its links to other entries replaced; everything else stays exactly as it is. */
export function relinked(
  entry: Pick<Entry, 'fullUrl' | 'text'>,
  links: LinkMap,
  elements: () => ElementTable,
): string {
  const root = rootOf(entry.fullUrl)
  const find = (target: string): string | undefined =>
    links.get(sameUrn(target)) ??
    (root !== undefined && RELATIVE.test(target) ? links.get(root + target) : undefined)
  const replace: Rewrite = (name, value) => {
    if (name === 'div') return value.includes('=') ? narrative(value, find) : undefined
    return name === 'reference' ? find(value) : undefined
  }
  const elsewhere: string[] = []
  const text = rewriteStrings(entry.text, (name, value) => {
    const isLink = name === 'div' || name === 'reference'
    if (!isLink && find(value) !== undefined) elsewhere.push(name)
    return replace(name, value)
  })
  // Only there the types of the elements must be known. Most often it is an identifier that says the same as the address.
  if (elsewhere.some((name) => linkNames(elements()).has(name))) return relinkedUris(text, elements(), find)
  return text
}

const NAMES = new WeakMap<ElementTable, ReadonlySet<string>>()

/** Names of elements that are links somewhere: `url`, `instantiatesUri`, … */
function linkNames(table: ElementTable): ReadonlySet<string> {
  const known = NAMES.get(table)
  if (known) return known
  const rows = Object.values(table).flatMap((elements) => Object.entries(elements))
  const names = new Set(rows.flatMap(([name, [type]]) => (LINK_TYPES.has(type) ? name : [])))
  NAMES.set(table, names)
  return names
}

type Find = (target: string) => string | undefined

function relinkedUris(text: string, table: ElementTable, find: Find): string {
  const tree = treeOf(text)
  relink(tree, 'Resource', { table, find })
  return textOf(tree)
}

function relink(tree: Tree, type: string, how: { readonly table: ElementTable; readonly find: Find }): void {
  if (tree.kind === 'list') for (const item of tree.items) relink(item, type, how)
  if (tree.kind !== 'object') return
  const own = type === 'Resource' ? (stringIn(tree.members.get('resourceType')) ?? type) : type
  for (const [name, value] of tree.members) {
    const row = name.startsWith('_') ? (['Element'] as const) : elementRow(how.table, own, name)
    if (!row) continue
    if (LINK_TYPES.has(row[0])) tree.members.set(name, withLinks(value, how.find))
    else relink(value, row[0], how)
  }
}

function withLinks(value: Tree, find: Find): Tree {
  if (value.kind === 'list') return { kind: 'list', items: value.items.map((item) => withLinks(item, find)) }
  const target = find(stringIn(value) ?? '')
  return target === undefined ? value : { kind: 'scalar', text: JSON.stringify(target) }
}

/** `http://other/fhir/` of `http://other/fhir/Patient/1`: what its relative references mean. */
function rootOf(fullUrl: string | undefined): string | undefined {
  const parts = fullUrl?.startsWith('http') === true ? fullUrl.split('/') : []
  return parts.length > 4 ? `${parts.slice(0, -2).join('/')}/` : undefined
}

function narrative(div: string, find: Find): string | undefined {
  const changed = div.replaceAll(NARRATIVE_LINK, (target) => find(target) ?? target)
  return changed === div ? undefined : changed
}
