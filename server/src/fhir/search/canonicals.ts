import type { JsonObject } from '../../kernel/json.ts'
import type { Row } from '../../store/port.ts'
import type { TypeModule } from '../definitions.ts'
import { elementRow } from '../elements.ts'
import type { ElementTable } from '../elements.ts'
import { boundedKey } from '../keys/bounded.ts'
import { tokenKey } from '../keys/tokens.ts'
import type { BodyTest, Clause, Test } from './clause.ts'
import type { ParamFilter } from './compile.ts'
import { outermostReferences } from './references.ts'
import { unescaped } from './values.ts'

/** What a canonical reference says: `http://example.org/Questionnaire/q|2`. */
export interface Canonical {
  readonly url: string
  readonly version?: string
}

/** Whether resources of this type are referred to by their url. */
export function hasUrl(table: ElementTable, type: string): boolean {
  return elementRow(table, type, 'url')?.[0] === 'uri'
}

/** One parameter of the type of the module. */
export interface Canonicals {
  readonly module: TypeModule
  readonly param: string
  readonly base: string
}

/** The types that the parameter may refer to by url. */
export function canonicalTargets(table: ElementTable, { module, param }: Canonicals): readonly string[] {
  const { target = [] } = module.params.find(({ code }) => code === param) ?? {}
  return target.filter((type) => hasUrl(table, type))
}

/** The urls that a resource refers to by a parameter, as its keys have them. */
function canonicalsIn(resource: JsonObject, { module, param, base }: Canonicals): readonly Canonical[] {
  const { k } = module.extract(resource, { lastUpdated: 0, facilities: [], base })
  const found = k.flatMap((key) => {
    const text = key.startsWith(`${param}=`) ? key.slice(param.length + 1) : ''
    const [url = '', version] = text.split('|', 2)
    return url.includes(':') ? [{ url, ...(version === undefined ? {} : { version }) }] : []
  })
  // What has a version stands there without it as well.
  const versioned = new Set(found.flatMap(({ url, version }) => (version === undefined ? [] : url)))
  return found.filter(({ url, version }) => version !== undefined || !versioned.has(url))
}

export function bodyOf({ bytes }: Pick<Row, 'bytes'>): JsonObject {
  return JSON.parse(
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'),
  ) as JsonObject
}

/** The urls that rows refer to. */
export function canonicalsOf(rows: readonly Row[], source: Canonicals): readonly Canonical[] {
  const outermost = outermostReferences(source.param)
  return rows.flatMap((row) => {
    const [first, last] = outermost(row)
    // Most resources have none, or one by type and id: they need not be read.
    if (first === undefined || (last === undefined && !first.includes(':'))) return []
    return canonicalsIn(bodyOf(row), source)
  })
}

/** What the resources have that rows refer to by url. */
export function definitionTests(rows: readonly Row[], source: Canonicals): readonly Test[] {
  return canonicalsOf(rows, source).map(definitionTest)
}

/** Without a version all with the url have it. */
export function definitionTest({ url, version }: Canonical): Test {
  const named: Test = { by: 'key', key: boundedKey(`url=${url}`) }
  if (version === undefined) return named
  const parts: readonly Test[] = [named, { by: 'key', key: tokenKey('version', version) }]
  return { by: 'parts', composite: 'url', parts, perElement: false }
}

/** What those have that refer to a row: by its id, and to a definition by its url with its own version or without one. */
export function referrerTests(table: ElementTable, row: Row, source: Canonicals): readonly Test[] {
  const { param } = source
  const byId: Test = { by: 'key', key: boundedKey(`${param}=${row.type}/${row.id}`) }
  const { url, version } = hasUrl(table, row.type) ? bodyOf(row) : {}
  if (typeof url !== 'string') return [byId]
  const bare: BodyTest = {
    by: 'body',
    key: boundedKey(`${param}=${url}`),
    holds: (resource) =>
      canonicalsIn(resource, source).some((each) => each.url === url && each.version === undefined),
  }
  if (typeof version !== 'string') return [byId, bare]
  return [byId, bare, { by: 'key', key: boundedKey(`${param}=${url}|${version}`) }]
}

/** `questionnaire:below=http://h/q|1`: the versions 1, 1.0 and 1.1 of it; without one, all. @see FHIR R4, "Search", references and versions */
export function canonicalBelowClause({ label, values }: ParamFilter, source: Canonicals): Clause {
  const anyOf = values.map((value): Test => {
    const [url = '', version] = unescaped(value).split('|', 2)
    const key = boundedKey(`${source.param}=${url}`)
    if (version === undefined) return { by: 'key', key }
    const isBelow = (each: Canonical): boolean =>
      each.url === url && (each.version === version || each.version?.startsWith(`${version}.`) === true)
    return { by: 'body', key, holds: (resource) => canonicalsIn(resource, source).some(isBelow) }
  })
  return { label, anyOf }
}
