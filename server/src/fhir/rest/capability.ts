import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

import { may, ROLES } from '../../auth/permissions.ts'
import { fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Method } from '../calls/call.ts'
import { isTagged } from '../calls/conditions.ts'
import type { RestDeps } from '../calls/rest-deps.ts'
import { shaped, shapeOf } from '../calls/shaping.ts'
import type { Definitions, SearchParam } from '../definitions.ts'
import { PLACES } from '../interactions/dispatch.ts'
import { HISTORY_NAMES } from '../interactions/read-calls.ts'
import type { OperationDefinition } from '../operations/operation-definition.ts'
import { OPERATIONS } from '../operations/registry.ts'
import { PATCH_FORMATS } from '../patch/patch.ts'
import { COMPARTMENT_TYPES } from '../search/compartments.ts'
import { modifiersOf } from '../search/parse-filter.ts'
import { RESULT_PARAMETERS } from '../search/parse-request.ts'
import type { Pair, Shape } from '../search/request.ts'

/** Interactions by place and method, and the right that they need; what is not registered, or nobody's right, is not declared. */
const INTERACTIONS = [
  ['instance', 'GET', 'read', 'read'],
  ['version', 'GET', 'vread', 'read'],
  ['instance', 'PUT', 'update', 'update'],
  ['instance', 'PATCH', 'patch', 'update'],
  ['instance', 'DELETE', 'delete', 'delete'],
  ['history', 'GET', 'history-instance', 'read'],
  ['type-history', 'GET', 'history-type', 'read'],
  ['type', 'POST', 'create', 'create'],
  ['type', 'GET', 'search-type', 'search'],
] as const

const PACKAGE = new URL('../../../package.json', import.meta.url)
const { version: VERSION } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { readonly version: string }

/** Makes the statement when it is asked for, and again when the search parameters have changed. */
export function createMetadata(
  { definitions, base, clock }: Pick<RestDeps, 'definitions' | 'base' | 'clock'>,
  cors: boolean,
): RestDeps['metadata'] {
  let made: Made | undefined
  return ({ query, conditions }) => {
    checkMode(query)
    const revision = definitions.revision()
    if (made?.revision !== revision) {
      const whole = tagged(statementOf(definitions, { base, changed: clock(), cors }))
      made = { revision, whole, forms: new Map() }
    }
    const { bytes, etag } = formOf(definitions, made, shapeOf(query))
    const headers = { etag }
    return isTagged(conditions.ifNoneMatch, etag)
      ? { status: 304, headers }
      : { status: 200, headers, body: bytes }
  }
}

interface Capability {
  readonly bytes: Uint8Array
  readonly etag: string
}

function tagged(bytes: Uint8Array): Capability {
  return { bytes, etag: `W/"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` }
}

interface Made {
  readonly revision: number
  readonly whole: Capability
  /** By their shape. */
  readonly forms: Map<string, Capability>
}

/** Everybody may ask: what took long to make is kept. */
function formOf(definitions: Definitions, { whole, forms }: Made, shape: Shape): Capability {
  const name = JSON.stringify(shape)
  const known = name === '{}' ? whole : forms.get(name)
  if (known) return known
  const type = 'CapabilityStatement'
  const form = tagged(shaped(whole.bytes, shape, { type, table: definitions.elements() }))
  if (forms.size < MOST_FORMS) forms.set(name, form)
  return form
}

const MOST_FORMS = 16

type SearchedType = Readonly<{ type: string; params: readonly SearchParam[]; profiles: readonly string[] }>

/** @param server `changed` in milliseconds: when its abilities last changed; `cors`: pages of some other origin may call. */
function statementOf(
  definitions: Definitions,
  { base, changed, cors }: { readonly base: string; readonly changed: number; readonly cors: boolean },
): Uint8Array {
  const types = definitions.types.map((type) => ({
    type,
    params: definitions.params(type),
    profiles: definitions.profilesOf(type),
  }))
  const statement: JsonObject = {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: new Date(changed).toISOString(),
    kind: 'instance',
    name: 'Mogran',
    software: { name: 'Mogran', version: VERSION },
    implementation: { description: 'Mogran, one FHIR record for every clinical feed', url: base },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'application/json', 'json'],
    patchFormat: [...PATCH_FORMATS],
    rest: [restOf(types, cors)],
  }
  return Buffer.from(JSON.stringify(statement), 'utf8')
}

/** @throws Fault `unsupported`, `malformed` for anything but the CapabilityStatement @see FHIR R4, "RESTful API", capabilities */
function checkMode(query: readonly Pair[]): void {
  const mode = query.find(([name]) => name === 'mode')?.[1] ?? 'full'
  if (mode === 'full' || mode === 'normative') return
  const isLater = mode === 'terminology'
  throw fault(isLater ? 'unsupported' : 'malformed', {
    code: 'not-supported',
    text: isLater ? 'Terminology services are not supported yet' : 'mode is full, normative or terminology',
  })
}

const SYSTEM_INTERACTIONS = [
  ['system', 'GET', 'search-system'],
  ['system-history', 'GET', 'history-system'],
] as const

function restOf(types: readonly SearchedType[], cors: boolean): JsonObject {
  const sources = revIncludes(types)
  return {
    mode: 'server',
    documentation: `Every search takes ${RESULT_PARAMETERS.join(', ')}; those across types take _type as well, and need it to look into contained resources. Unknown parameters are refused unless the request says Prefer: handling=lenient.`,
    security: { cors, service: [OAUTH], description: 'OAuth 2.0 bearer tokens from /auth/token' },
    resource: types.map((type) => resourceOf(type, sources.get(type.type) ?? [])),
    searchParam: EVERYWHERE,
    interaction: [...BUNDLES, ...declaredInteractions(SYSTEM_INTERACTIONS)],
    ...listed(
      'operation',
      operations(({ system }) => system),
    ),
    compartment: COMPARTMENT_TYPES.map((type) => `${COMPARTMENT}${type.toLowerCase()}`),
  }
}

const OAUTH = {
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/restful-security-service', code: 'OAuth' }],
}
/** What `POST [base]` does. */
const BUNDLES = [{ code: 'transaction' }, { code: 'batch' }]
/** What filters resources of all types and has no SearchParameter in R4. */
const EVERYWHERE = [
  { name: '_has', type: 'special', documentation: '_has:[type]:[reference]:[parameter], nested and chained' },
  {
    name: '_list',
    type: 'special',
    documentation: 'The id of a List; functional lists ($current-problems) are not supported',
  },
]
const COMPARTMENT = 'http://hl7.org/fhir/CompartmentDefinition/'

type Interactions = readonly (readonly [
  place: keyof typeof PLACES,
  method: Method,
  code: string,
  ...rest: readonly string[],
])[]

function declaredInteractions(interactions: Interactions): readonly JsonObject[] {
  return interactions
    .filter(([place, method]) => PLACES[place]?.[method])
    .map(([, , code]) =>
      code.startsWith('history') ? { code, documentation: `Takes ${HISTORY_NAMES}` } : { code },
    )
}

/** What one would expect of a type and does not find. */
const LIMITS: ReadonlyMap<string, string> = new Map([
  [
    'Bundle',
    'A Bundle is searched as a whole: composition and message lead into it, and take no chain; nothing is included by them.',
  ],
])

function resourceOf({ type, params, profiles }: SearchedType, revInclude: readonly string[]): JsonObject {
  return {
    type,
    profile: `http://hl7.org/fhir/StructureDefinition/${type}`,
    ...listed('supportedProfile', profiles),
    ...(LIMITS.has(type) ? { documentation: LIMITS.get(type) } : {}),
    interaction: declaredInteractions(INTERACTIONS.filter(([, , , right]) => may(ROLES, right, type))),
    versioning: 'versioned-update',
    readHistory: true,
    updateCreate: may(ROLES, 'update', type),
    conditionalCreate: may(ROLES, 'create', type),
    conditionalRead: 'full-support',
    conditionalUpdate: may(ROLES, 'update', type),
    conditionalDelete: may(ROLES, 'delete', type) ? 'multiple' : 'not-supported',
    referencePolicy: ['literal', 'logical', 'local'],
    searchInclude: ['*', ...references(params).map(({ code }) => `${type}:${code}`)],
    searchRevInclude: ['*', ...revInclude],
    ...listed('searchParam', params.map(declared)),
    ...listed(
      'operation',
      operations(({ resource }) => resource.includes(type) || resource.includes('Resource'), type),
    ),
  }
}

function operations(isHere: (definition: OperationDefinition) => boolean, type = ''): readonly JsonObject[] {
  return OPERATIONS.map(({ definition }) => definition)
    .filter(isHere)
    .map(({ code: name, url, urlOf, description: documentation }) => {
      const definition = urlOf?.[type] ?? url
      // What R4 defines is said there.
      return definition.startsWith('urn:') ? { name, definition, documentation } : { name, definition }
    })
}

function listed(name: string, values: readonly (string | JsonObject)[]): JsonObject {
  return values.length === 0 ? {} : { [name]: values }
}

/** R4 has no element for modifiers: they stand in the documentation. */
function declared(param: SearchParam): JsonObject {
  const { code, type, url } = param
  const modifiers = modifiersOf(param).map((name) => `:${name}`)
  if (type === 'reference') modifiers.push(':[type]')
  const documentation = modifiers.length === 0 ? {} : { documentation: `Modifiers: ${modifiers.join(', ')}` }
  return { name: code, definition: url, type, ...documentation }
}

function references(params: SearchedType['params']): readonly SearchParam[] {
  return params.filter(({ type }) => type === 'reference')
}

function revIncludes(types: readonly SearchedType[]): ReadonlyMap<string, readonly string[]> {
  const sources = new Map<string, string[]>()
  for (const { type: source, params } of types) {
    for (const { code, target = [] } of references(params)) {
      for (const type of target) {
        const known = sources.get(type) ?? []
        known.push(`${source}:${code}`)
        sources.set(type, known)
      }
    }
  }
  return sources
}
