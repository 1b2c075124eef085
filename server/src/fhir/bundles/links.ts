import { elementRow } from '../elements.ts'
import type { ElementTable } from '../elements.ts'
import { plainText } from '../json/plain-text.hot.ts'
import type { Place } from '../json/plain-text.hot.ts'
import { stringIn, textOf, treeOf } from '../json/tree.ts'
import type { Tree } from '../json/tree.ts'
import { sameUrn } from '../keys/same-urn.ts'
import type { Step } from './step.ts'

/**
 * Types whose whole value may be a link; canonicals stay as they are. R4 names oid and uuid as well, but `Patient/1` is neither: such an element
 * holds an identity, and with a link in it the resource would be refused. @see FHIR R4, "RESTful API", transaction
 */
const LINK_TYPES = new Set(['uri', 'url'])
const RELATIVE = /^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}$/
/** The value of an href or src attribute, without its quotes; XML allows blanks around the equals sign. */
const NARRATIVE_LINK = /(?<=\b(?:href|src)\s*=\s*["'])[^"']+(?=["'])/g

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

/** Replaces the links of one Bundle in its resources. */
export interface Linker {
  /** The text of a resource with its links to other entries replaced; everything else stays exactly as it is. */
  relinked(source: LinkSource): string
}

export interface LinkSource {
  readonly type: string
  readonly fullUrl: string | undefined
  readonly place: Place
  /** What else a reference is replaced by. */
  readonly otherwise?: (reference: string) => string | undefined
}

export function createLinker(links: LinkMap, elements: () => ElementTable): Linker {
  const first = firstBytes(links)
  // Where an entry has an address, relative references are such, too.
  const relative = first.slice()
  for (let letter = UPPER_A; letter <= UPPER_Z; letter += 1) relative[letter] = 1
  return {
    relinked({ type, fullUrl, place, otherwise = () => undefined }) {
      const own = type === 'Bundle' ? namesOfEntries(place) : undefined
      const root = own ? undefined : rootOf(fullUrl)
      const find: Find = (target) =>
        (own?.has(sameUrn(target)) === true ? undefined : links.get(sameUrn(target))) ??
        (root !== undefined && RELATIVE.test(target) ? links.get(root + target) : undefined)
      const elsewhere: string[] = []
      const replace = (name: string, value: string): string | undefined => {
        if (name === 'div') return value.includes('=') ? narrative(value, find) : undefined
        if (name === 'reference') return find(value) ?? otherwise(value)
        if (find(value) !== undefined) elsewhere.push(name)
        return undefined
      }
      const text = plainText(place, { names: ASKED, first: root === undefined ? first : relative, replace })
      // Only there the types of the elements must be known. Most often it is an identifier that says the same as the address.
      if (elsewhere.some((name) => linkNames(elements()).has(name)))
        return relinkedUris(text, elements(), find)
      return text
    },
  }
}

const FULL_URL = /"fullUrl"\s*:\s*"([^"]+)"/g

/** What a Bundle names itself stays: its links lead to its own entries first. @see FHIR R4, "Bundle", resolving references */
function namesOfEntries({ bytes, from, to }: Place): ReadonlySet<string> {
  const urls = bytes.toString('utf8', from, to).matchAll(FULL_URL)
  return new Set(urls.map(([, url = '']) => sameUrn(url)))
}

const ASKED = ['"reference"', '"div"'].map((name) => Buffer.from(name))
const [UPPER_A, UPPER_Z] = [65, 90]

/** What a link of this Bundle may begin with; the scheme has no case, and any letter may be written as an escape. */
function firstBytes(links: LinkMap): Uint8Array {
  const first = new Uint8Array(256)
  for (const link of ['\\', ...links.keys()]) {
    first[Buffer.from(link)[0] ?? 0] = 1
    first[Buffer.from(link.toUpperCase())[0] ?? 0] = 1
  }
  return first
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
  if (!isJson(text)) return text
  const tree = treeOf(text)
  relink(tree, 'Resource', { table, find })
  return textOf(tree)
}

/** Who parses the text says what is wrong with it. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
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
  const changed = div.replaceAll(NARRATIVE_LINK, (target) => linked(target, find) ?? target)
  return changed === div ? undefined : changed
}

/** A link may lead to a part of what it names: `urn:uuid:…#part`. */
function linked(target: string, find: Find): string | undefined {
  const mark = target.indexOf('#')
  if (mark < 1) return find(target)
  const found = find(target.slice(0, mark))
  return found === undefined ? undefined : found + target.slice(mark)
}
