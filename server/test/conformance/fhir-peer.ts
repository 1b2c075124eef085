import { randomUUID } from 'node:crypto'

import { afterAll, beforeAll, expect, inject } from 'vitest'

import { freshDatabase } from '../database.ts'
import { freshFolder, removeFolder, startHub } from '../flows/hub.ts'
import type { Hub } from '../flows/hub.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of a MongoDB server; empty: the hubs run on the embedded store. */
    mongodb: string
  }
}

export type Json = Readonly<Record<string, unknown>>

export interface Sent {
  readonly body?: unknown
  /** Body as it is; without a content type unless `headers` name one. */
  readonly raw?: string | Uint8Array<ArrayBuffer>
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Uint8Array
  readonly text: string
  readonly json: Json
  /** What stands at a path such as `entry.0.resource.id`. */
  readonly at: (path: string) => unknown
}

/** A FHIR client that knows nothing of the hub but its address and a token. */
export interface Peer {
  readonly base: () => string
  readonly token: () => string
  readonly ask: (method: string, path: string, sent?: Sent) => Promise<Answer>
  /** Creates and returns what the server made of it. */
  readonly make: (resource: Json) => Promise<Json & { readonly id: string }>
  /** Logical ids of the matches of all pages of a search, in order. */
  readonly find: (path: string) => Promise<readonly string[]>
  /** `find`, mapped to names given at creation, sorted: for expectations such as "A B C". */
  readonly names: (path: string, names: ReadonlyMap<string, string>) => Promise<string>
}

/** One hub for the tests of a file, a process of its own, on the store that the project names. */
export function hubForFile(env: Readonly<Record<string, string>> = {}): Peer {
  let data = ''
  let hub: Hub | undefined
  beforeAll(async () => {
    data = await freshFolder()
    const server = inject('mongodb')
    const store = server === '' ? {} : { MONGODB_URL: new URL(freshDatabase(), server).href }
    hub = await startHub({ data, env: { ...store, ...env } })
  })
  afterAll(async () => {
    expect(await hub?.stop()).toBe(0)
    await removeFolder(data)
  })
  const base = (): string => `${hub?.http ?? ''}/fhir`
  const ask = async (method: string, path: string, sent: Sent = {}): Promise<Answer> => {
    const url = path.startsWith('http') ? path : `${base()}${path}`
    const type = sent.body === undefined ? {} : { 'content-type': 'application/fhir+json' }
    const body = sent.raw ?? (sent.body === undefined ? undefined : JSON.stringify(sent.body))
    const headers = { authorization: `Bearer ${hub?.token ?? ''}`, ...type, ...sent.headers }
    return answerOf(
      await fetch(url, { method, headers, ...(body === undefined ? {} : { body: bytesOf(body) }) }),
    )
  }
  return { base, token: () => hub?.token ?? '', ask, ...conveniences(ask) }
}

/** Bytes leave `fetch` without a content type of its own choice. */
function bytesOf(body: string | Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return typeof body === 'string' ? new TextEncoder().encode(body) : body
}

function conveniences(ask: Peer['ask']): Pick<Peer, 'make' | 'find' | 'names'> {
  const make: Peer['make'] = async (resource) => {
    const created = await ask('POST', `/${String(resource['resourceType'])}`, { body: resource })
    expect(created.status, created.text.slice(0, 800)).toBe(201)
    return { ...created.json, id: String(created.json['id']) }
  }
  const find: Peer['find'] = async (path) => {
    const found: string[] = []
    for (let next: string | undefined = path; next !== undefined;) {
      const page = await ask('GET', next)
      expect(page.status, page.text.slice(0, 800)).toBe(200)
      found.push(...idsOf(page))
      next = linkOf(page, 'next')
    }
    return found
  }
  const names: Peer['names'] = async (path, byId) =>
    (await find(path))
      .map((id) => byId.get(id) ?? '?')
      .toSorted((a, b) => a.localeCompare(b))
      .join(' ')
  return { make, find, names }
}

async function answerOf(response: Response): Promise<Answer> {
  const bytes = new Uint8Array(await response.arrayBuffer())
  const text = new TextDecoder().decode(bytes)
  const json = (text.trimStart().startsWith('{') ? JSON.parse(text) : {}) as Json
  const { status, headers } = response
  return { status, headers, bytes, text, json, at: (path) => valueAt(json, path) }
}

export function valueAt(json: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (value as Json | undefined)?.[name], json)
}

/** A resource as a server gives it. */
export type Found = Json & {
  readonly id: string
  readonly resourceType: string
  readonly meta: { readonly lastUpdated: string; readonly tag?: readonly { readonly code: string }[] }
}

export interface Entry {
  readonly fullUrl?: string
  readonly resource?: Found
  readonly search?: { readonly mode: string }
  readonly request?: { readonly method: string; readonly url: string }
  readonly response?: {
    readonly status: string
    readonly location?: string
    readonly etag?: string
    readonly lastModified?: string
    readonly outcome?: Json
  }
}

export function entriesOf(answer: Answer): readonly Entry[] {
  return (answer.json['entry'] ?? []) as readonly Entry[]
}

/** Ids of the entries that a search reports as `mode`. */
export function idsOf(answer: Answer, mode = 'match'): readonly string[] {
  return entriesOf(answer).flatMap(({ search, resource }) =>
    search?.mode === mode && resource ? resource.id : [],
  )
}

export function linkOf(answer: Answer, relation: string): string | undefined {
  const links = (answer.json['link'] ?? []) as readonly { relation: string; url: string }[]
  return links.find((link) => link.relation === relation)?.url
}

/** A name that no other test uses: for tags, identifiers and families. */
export function fresh(): string {
  return `t${randomUUID().replaceAll('-', '')}`
}

/** `meta.tag` of one test, so that its searches see its own resources only. */
export function tagged(code: string): Json {
  return { meta: { tag: [{ system: 'urn:test', code }] } }
}

/** All codes of R4's value set issue-type. */
const ISSUE_TYPES = new Set(
  [
    'invalid structure required value invariant security login unknown expired forbidden suppressed processing',
    'not-supported duplicate multiple-matches not-found deleted too-long code-invalid extension too-costly',
    'business-rule conflict transient lock-error no-store exception timeout incomplete throttled informational',
  ].flatMap((line) => line.split(' ')),
)
const SEVERITIES = ['fatal', 'error', 'warning', 'information']

/** What every refusal must be: one of the status codes, an OperationOutcome that helps, no trace of the code. Row HT-06. */
export function expectRefused(answer: Answer, ...status: readonly number[]): void {
  expect(status, answer.text.slice(0, 800)).toContain(answer.status)
  expect(answer.headers.get('content-type')).toMatch(/^application\/fhir\+json/)
  expect(answer.json['resourceType']).toBe('OperationOutcome')
  const issues = answer.json['issue'] as readonly Json[]
  expect(issues.length).toBeGreaterThan(0)
  for (const issue of issues) {
    expect(SEVERITIES).toContain(issue['severity'])
    expect(ISSUE_TYPES).toContain(issue['code'])
    expect(valueAt(issue, 'details.text') ?? issue['diagnostics']).toMatch(/\S/)
  }
  expect(answer.text).not.toMatch(/\bat .*\.[cm]?[jt]s:\d|node:internal/)
}

/** A profile of a type; its last part is its name. @param more counts over what most have */
export function profileOn(type: string, url: string, more: Json): Json {
  return {
    resourceType: 'StructureDefinition',
    url,
    name: url.slice(url.lastIndexOf('/') + 1).replaceAll('-', ''),
    status: 'active',
    kind: 'resource',
    abstract: false,
    type,
    derivation: 'constraint',
    baseDefinition: `http://hl7.org/fhir/StructureDefinition/${type}`,
    ...more,
  }
}
