import { fault } from '../../kernel/fault.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { Row } from '../../store/port.ts'
import { boundedKey } from '../keys/bounded.ts'
import { readReference } from '../keys/references.ts'
import type { Clause, Test } from './clause.ts'
import { hitsOf } from './hits.ts'
import { latestOf } from './latest-version.ts'
import { lookUp } from './scope.ts'
import type { Scope, SearchDeps } from './scope.ts'

/** A stored CodeSystem as a table: what stands above each code, and its properties. */
export interface CodeTable {
  readonly url: string
  readonly parents: ReadonlyMap<string, readonly string[]>
  readonly properties: ReadonlyMap<string, readonly Property[]>
}

export interface Property {
  readonly name: string
  readonly value: string
}

interface Canonical {
  readonly type: 'CodeSystem' | 'ValueSet' | 'StructureDefinition'
  /** With or without version. */
  readonly canonical: string
}

/** The stored resource with this canonical url, in the version that it names or else the latest; or what R4 itself defines. @throws Fault `malformed` */
export async function readCanonical(
  deps: SearchDeps,
  scope: Pick<Scope, 'caller'>,
  wanted: Canonical & { readonly type: 'CodeSystem' | 'ValueSet' },
): Promise<JsonObject> {
  const found = (await findCanonical(deps, scope, wanted)) ?? ownDefinition(deps, wanted)
  if (found) return found
  const { type, canonical } = wanted
  throw fault('malformed', {
    code: 'not-found',
    text: `${type} ${canonical.slice(0, 256)} is not stored here: store it first, or search by its codes`,
  })
}

function ownDefinition(
  { definitions }: SearchDeps,
  { type, canonical }: Canonical & { readonly type: 'CodeSystem' | 'ValueSet' },
): JsonObject | undefined {
  const [url = '', version] = canonical.split('|', 2)
  const own = definitions.terminologyOf(type, url)
  return version === undefined || own?.['version'] === version ? own : undefined
}

/** Of what is stored; `undefined` when it is not. */
export async function findCanonical(
  deps: SearchDeps,
  scope: Pick<Scope, 'caller'>,
  { type, canonical }: Canonical,
): Promise<JsonObject | undefined> {
  const [url = '', version] = canonical.split('|', 2)
  const rows = await storedRows(deps, scope, { type, url })
  const editions = rows
    .map(({ bytes, lastUpdated }) => ({
      lastUpdated,
      resource: JSON.parse(Buffer.from(bytes).toString('utf8')) as JsonObject,
    }))
    .filter(({ resource }) => version === undefined || resource['version'] === version)
  return latestOf(editions)?.resource
}

async function storedRows(
  deps: SearchDeps,
  scope: Pick<Scope, 'caller'>,
  { type, url }: { type: string; url: string },
): Promise<readonly Row[]> {
  const module = await deps.definitions.load(type)
  if (!module) return []
  deps.access.authorise(scope.caller, 'read', type)
  // A literal reference comes first: no url looks like one. @see FHIR R4, "Search", modifier in
  const literal = readReference(url, deps.base)
  const isLiteral = literal.type === type && literal.id !== undefined && literal.version === undefined
  const test: Test = isLiteral
    ? { by: 'id', id: literal.id ?? '' }
    : { by: 'key', key: boundedKey(`url=${url}`) }
  const clause: Clause = { label: type, anyOf: [test] }
  const rows: Row[] = []
  for (const hits of hitsOf(await lookUp(deps, scope, { module, clause }), { wanted: 1 }))
    rows.push(...(await hits).map(({ row }) => row))
  return rows
}

/** @throws Fault `malformed` when it is not stored, or stored without its codes */
export async function readCodeSystem(
  deps: SearchDeps,
  scope: Pick<Scope, 'caller'>,
  canonical: string,
): Promise<CodeTable> {
  const system = await readCanonical(deps, scope, { type: 'CodeSystem', canonical })
  if (
    system['content'] !== 'complete' &&
    system['content'] !== 'fragment' &&
    system['content'] !== 'example'
  ) {
    throw fault('malformed', {
      code: 'not-supported',
      text: `CodeSystem ${canonical.slice(0, 256)} is known without its codes`,
    })
  }
  const table = { url: textOf(system['url']), parents: new Map(), properties: new Map() }
  addConcepts(table, system['concept'], undefined)
  return table
}

interface Draft extends CodeTable {
  readonly parents: Map<string, readonly string[]>
  readonly properties: Map<string, readonly Property[]>
}

function addConcepts(table: Draft, concepts: JsonValue | undefined, parent: string | undefined): void {
  for (const concept of listOf(concepts)) {
    const code = textOf(concept['code'])
    const properties = listOf(concept['property']).map((property) => ({
      name: textOf(property['code']),
      value: valueOf(property),
    }))
    const named = properties.flatMap(({ name, value }) => (name === 'parent' ? [value] : []))
    table.parents.set(code, [
      ...(table.parents.get(code) ?? []),
      ...(parent === undefined ? [] : [parent]),
      ...named,
    ])
    table.properties.set(code, properties)
    addConcepts(table, concept['concept'], code)
  }
}

/** A primitive as text; empty for what is none. */
export function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : ''
}

export function listOf(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly JsonObject[]) : []
}

function valueOf(property: JsonObject): string {
  const [, value] = Object.entries(property).find(([name]) => name.startsWith('value')) ?? []
  return textOf(typeof value === 'object' && value !== null ? (value as JsonObject)['code'] : value)
}

/** The code itself and all that it stands for (`below`), or all that stand for it (`above`). @throws Fault `malformed` for an unknown code */
export function conceptsAround(
  { url, parents }: CodeTable,
  code: string,
  direction: 'above' | 'below',
): readonly string[] {
  if (!parents.has(code)) {
    throw fault('malformed', {
      code: 'code-invalid',
      text: `"${code.slice(0, 64)}" is no code of ${url.slice(0, 256)}`,
    })
  }
  const next = direction === 'above' ? parents : childrenOf(parents)
  const seen = new Set([code])
  for (const each of seen) for (const other of next.get(each) ?? []) seen.add(other)
  return [...seen]
}

function childrenOf(parents: CodeTable['parents']): ReadonlyMap<string, readonly string[]> {
  const children = new Map<string, string[]>()
  for (const [code, above] of parents) {
    for (const parent of above) {
      const list = children.get(parent) ?? []
      list.push(code)
      children.set(parent, list)
    }
  }
  return children
}
