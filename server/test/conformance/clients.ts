import { createRequire } from 'node:module'

import { MedplumClient } from '@medplum/core'
import * as kit from 'fhir-kit-client'

import type { Found, Json } from './fhir-peer.ts'

export interface BundleOf {
  readonly type: string
  readonly total?: number
  readonly entry?: readonly {
    readonly resource?: Found
    readonly response?: { readonly status: string; readonly location?: string }
  }[]
}

/** What the three client libraries have in common, each through its own means. A refusal is thrown. */
export interface FhirClient {
  capability(): Promise<Json>
  create(resource: Json): Promise<Found>
  read(type: string, id: string): Promise<Found>
  vread(type: string, id: string, version: string): Promise<Found>
  update(resource: Json): Promise<Found>
  patch(type: string, id: string, operations: readonly object[]): Promise<Found>
  remove(type: string, id: string): Promise<unknown>
  search(type: string, query: Readonly<Record<string, string>>): Promise<BundleOf>
  /** Resources of all pages, through the paging of the library. */
  all(type: string, query: Readonly<Record<string, string>>): Promise<readonly Found[]>
  history(type: string, id: string): Promise<BundleOf>
  process(bundle: Json): Promise<BundleOf>
  /** `GET` of an operation. */
  operation(type: string, id: string, name: string): Promise<Json>
}

export type Connect = (base: string, token: string) => FhirClient

// The libraries come with types of their own for FHIR; here they are peers on a wire, so their methods are seen as plain JSON.
type Method = (...given: readonly unknown[]) => Promise<never>
type Methods<Name extends string> = Readonly<Record<Name, Method>>

type KitMethods = Methods<
  | 'capabilityStatement'
  | 'create'
  | 'read'
  | 'vread'
  | 'update'
  | 'patch'
  | 'delete'
  | 'resourceSearch'
  | 'nextPage'
  | 'resourceHistory'
  | 'batch'
  | 'transaction'
  | 'operation'
>

export const connectKit: Connect = (baseUrl, bearerToken) => {
  const client = new kit.Client({ baseUrl, bearerToken }) as unknown as KitMethods
  const search: FhirClient['search'] = async (resourceType, searchParams) =>
    client.resourceSearch({ resourceType, searchParams })
  return {
    capability: () => client.capabilityStatement(),
    create: (body) => client.create({ resourceType: body['resourceType'], body }),
    read: (resourceType, id) => client.read({ resourceType, id }),
    vread: (resourceType, id, version) => client.vread({ resourceType, id, version }),
    update: (body) => client.update({ resourceType: body['resourceType'], id: body['id'], body }),
    patch: (resourceType, id, jsonPatch) => client.patch({ resourceType, id, jsonPatch }),
    remove: (resourceType, id) => client.delete({ resourceType, id }),
    search,
    all: async (type, query) => {
      const found: Found[] = []
      for (let page: BundleOf | undefined = await search(type, query); page !== undefined;) {
        found.push(...resourcesOf(page))
        page = (await client.nextPage({ bundle: page })) as BundleOf | undefined
      }
      return found
    },
    history: (resourceType, id) => client.resourceHistory({ resourceType, id }),
    process: (body) => client[body['type'] === 'batch' ? 'batch' : 'transaction']({ body }),
    operation: (resourceType, id, name) => client.operation({ resourceType, id, name, method: 'GET' }),
  }
}

type SmartMethods = Methods<'request' | 'create' | 'update' | 'patch' | 'delete'>
/** Loaded without its types: they would bring those of browsers into all of the tests. */
const smart = createRequire(import.meta.url)('fhirclient') as (
  request: object,
  response: object,
  storage: object,
) => { client: (state: object) => SmartMethods }
const NO_STORAGE = {
  set: async (_key: string, value: unknown) => Promise.resolve(value),
  get: async () => Promise.resolve(undefined),
  unset: async () => Promise.resolve(true),
}

export const connectSmart: Connect = (serverUrl, token) => {
  const client = smart({}, {}, NO_STORAGE).client({ serverUrl, tokenResponse: { access_token: token } })
  const address = (type: string, values: Readonly<Record<string, string>>): string =>
    `${type}?${new URLSearchParams(values).toString()}`
  return {
    capability: () => client.request('metadata'),
    create: (resource) => client.create(resource),
    read: (type, id) => client.request(`${type}/${id}`),
    vread: (type, id, version) => client.request(`${type}/${id}/_history/${version}`),
    update: (resource) => client.update(resource),
    patch: (type, id, operations) => client.patch(`${type}/${id}`, operations),
    remove: (type, id) => client.delete(`${type}/${id}`),
    search: (type, values) => client.request(address(type, values)),
    all: (type, values) => client.request(address(type, values), { pageLimit: 0, flat: true }),
    history: (type, id) => client.request(`${type}/${id}/_history`),
    process: (bundle) => {
      const headers = { 'content-type': 'application/fhir+json' }
      return client.request({ url: '/', method: 'POST', body: JSON.stringify(bundle), headers })
    },
    operation: (type, id, name) => client.request(`${type}/${id}/${name}`),
  }
}

type MedplumMethods = Methods<
  | 'get'
  | 'createResource'
  | 'readResource'
  | 'readVersion'
  | 'updateResource'
  | 'patchResource'
  | 'deleteResource'
  | 'search'
  | 'readHistory'
  | 'executeBatch'
> & {
  searchResourcePages: (type: string, query: object) => AsyncIterable<readonly Found[]>
  fhirUrl: (...parts: readonly string[]) => URL
}

export const connectMedplum: Connect = (base, accessToken) => {
  const { origin, pathname } = new URL(base)
  const settings = { baseUrl: `${origin}/`, fhirUrlPath: pathname.slice(1), accessToken, fetch, cacheTime: 0 }
  const client = new MedplumClient(settings) as unknown as MedplumMethods
  return {
    capability: () => client.get(client.fhirUrl('metadata')),
    create: (resource) => client.createResource(resource),
    read: (type, id) => client.readResource(type, id),
    vread: (type, id, version) => client.readVersion(type, id, version),
    update: (resource) => client.updateResource(resource),
    patch: (type, id, operations) => client.patchResource(type, id, operations),
    remove: (type, id) => client.deleteResource(type, id),
    search: (type, query) => client.search(type, { ...query }),
    all: async (type, query) => {
      const found: Found[] = []
      for await (const page of client.searchResourcePages(type, { ...query })) found.push(...page)
      return found
    },
    history: (type, id) => client.readHistory(type, id),
    process: (bundle) => client.executeBatch(bundle),
    operation: (type, id, name) => client.get(client.fhirUrl(type, id, name)),
  }
}

export function resourcesOf(bundle: BundleOf): readonly Found[] {
  return (bundle.entry ?? []).flatMap(({ resource }) => resource ?? [])
}
