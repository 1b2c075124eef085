import { createHash } from 'node:crypto'

import { fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Definitions, SearchParam, TypeModule } from '../definitions.ts'
import { PATCH_FORMATS } from '../patch/patch.ts'
import type { Pair } from '../search/request.ts'
import { PLACES } from './dispatch.ts'

/** Interactions by place and method; what is not registered is not declared. */
const INTERACTIONS = [
  ['instance', 'GET', 'read'],
  ['version', 'GET', 'vread'],
  ['instance', 'PUT', 'update'],
  ['instance', 'PATCH', 'patch'],
  ['instance', 'DELETE', 'delete'],
  ['history', 'GET', 'history-instance'],
  ['type-history', 'GET', 'history-type'],
  ['type', 'POST', 'create'],
  ['type', 'GET', 'search-type'],
] as const

export interface Capability {
  readonly bytes: Uint8Array
  readonly etag: string
}

/** @param started milliseconds: when this server's abilities last changed, its start. */
export async function capabilityOf(
  definitions: Definitions,
  base: string,
  started: number,
): Promise<Capability> {
  const modules = await Promise.all(definitions.types.map(async (type) => definitions.load(type)))
  const known = modules.filter((module) => module !== undefined)
  const statement: JsonObject = {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: new Date(started).toISOString(),
    kind: 'instance',
    software: { name: 'Mogran' },
    implementation: { description: 'Mogran, one FHIR record for every clinical feed', url: base },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json'],
    patchFormat: [...PATCH_FORMATS],
    rest: [restOf(known)],
  }
  const bytes = Buffer.from(JSON.stringify(statement), 'utf8')
  return { bytes, etag: `W/"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` }
}

/** @throws Fault `unsupported`, `malformed` for anything but the CapabilityStatement @see FHIR R4, "RESTful API", capabilities */
export function checkMode(query: readonly Pair[]): void {
  const mode = query.find(([name]) => name === 'mode')?.[1] ?? 'full'
  if (mode === 'full' || mode === 'normative') return
  const isLater = mode === 'terminology'
  throw fault(isLater ? 'unsupported' : 'malformed', {
    code: 'not-supported',
    text: isLater ? 'Terminology services are not supported yet' : 'mode is full, normative or terminology',
  })
}

function restOf(modules: readonly TypeModule[]): JsonObject {
  const interaction = INTERACTIONS.filter(([place, method]) => PLACES[place]?.[method]).map(([, , code]) => ({
    code,
  }))
  const sources = revIncludes(modules)
  return {
    mode: 'server',
    security: { cors: true, description: 'OAuth 2.0 bearer tokens from /auth/token' },
    resource: modules.map((module) => ({
      type: module.type,
      profile: `http://hl7.org/fhir/StructureDefinition/${module.type}`,
      interaction,
      versioning: 'versioned-update',
      readHistory: true,
      updateCreate: true,
      conditionalCreate: true,
      conditionalRead: 'full-support',
      conditionalUpdate: true,
      conditionalDelete: 'single',
      searchInclude: ['*', ...references(module).map(({ code }) => `${module.type}:${code}`)],
      ...listed('searchRevInclude', sources.get(module.type) ?? []),
      ...listed('searchParam', module.params.filter(isSupported).map(declared)),
    })),
    interaction: [{ code: 'transaction' }, { code: 'batch' }, { code: 'history-system' }],
  }
}

function listed(name: string, values: readonly (string | JsonObject)[]): JsonObject {
  return values.length === 0 ? {} : { [name]: values }
}

function isSupported({ type }: SearchParam): boolean {
  return type !== 'composite' && type !== 'special'
}

function declared({ code, type, url }: SearchParam): JsonObject {
  return { name: code, type, definition: url }
}

function references({ params }: TypeModule): readonly SearchParam[] {
  return params.filter(({ type }) => type === 'reference')
}

function revIncludes(modules: readonly TypeModule[]): ReadonlyMap<string, readonly string[]> {
  const sources = new Map<string, string[]>()
  for (const module of modules) {
    for (const { code, target = [] } of references(module)) {
      for (const type of target) sources.set(type, [...(sources.get(type) ?? []), `${module.type}:${code}`])
    }
  }
  return sources
}
