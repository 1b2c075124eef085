import { once } from 'node:events'
import { createServer } from 'node:net'

import Fastify from 'fastify'
import { onTestFinished } from 'vitest'

import { createAuditTrail } from '../../src/audit/create-audit-trail.ts'
import { authorise, constraintFor } from '../../src/auth/authorise.ts'
import type { Caller } from '../../src/auth/caller.ts'
import { createFhir } from '../../src/fhir/create-fhir.ts'
import type { Fhir, FhirOptions } from '../../src/fhir/create-fhir.ts'
import { keysOfRows } from '../../src/fhir/keys/keys-of-row.ts'
import { loadDefinitions } from '../../src/fhir/load-definitions.ts'
import { fhirRest } from '../../src/fhir/rest/fhir-rest.ts'
import { createKeyRebuilder } from '../../src/store/key-rebuild.ts'
import type { Store } from '../../src/store/port.ts'
import { freshFolder, freshStore } from '../fresh-store.ts'

export const administrator: Caller = {
  subject: 'test',
  kind: 'client',
  roles: ['administrator'],
  facilities: 'all',
}

export interface FhirServer {
  readonly base: string
  readonly store: Store
  readonly fhir: Fhir
  /** Asks over a real socket; `path` is below the base. */
  readonly ask: (method: string, path: string, options?: AskOptions) => Promise<Reply>
  /** Who calls from now on. */
  readonly become: (caller: Caller) => void
}

export interface AskOptions {
  readonly body?: unknown
  /** Body as it is. */
  readonly text?: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: Readonly<Record<string, unknown>>
  /** What stands at a path such as `entry.0.resource.id`. */
  readonly at: (path: string) => unknown
}

/** Links and the base hold the port, so it must be known before the server listens. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

/** The FHIR plugin on a fresh embedded store, on a free port. */
export async function startFhir(options: Partial<FhirOptions> = {}): Promise<FhirServer> {
  const { store = await freshStore() } = options
  const clock = options.clock ?? Date.now
  const audit = createAuditTrail({
    folder: await freshFolder(),
    store,
    clock,
    onError: (error) => {
      throw error
    },
  })
  const app = Fastify()
  let caller = administrator
  const rules = { authorise, constraintFor }
  const port = await freePort()
  const base = `http://127.0.0.1:${String(port)}/fhir`
  const { definitions = loadDefinitions() } = options
  const keys = createKeyRebuilder({
    store,
    keysOf: keysOfRows(definitions, base),
    clock: Date.now,
    onError: () => undefined,
    onUnmade: () => undefined,
  })
  const fhir = createFhir({
    store,
    definitions,
    keys,
    rules,
    audit,
    clock,
    base,
    pageSecret: Buffer.alloc(32, 7),
    ...options,
  })
  await app.register(fhirRest, { prefix: '/fhir', rest: fhir.rest, callerOf: () => caller })
  await app.listen({ port, host: '127.0.0.1' })
  onTestFinished(async () => {
    await app.close()
    await keys.close()
    await audit.close()
  })
  return {
    base,
    store,
    fhir,
    ask: async (method, path, sent = {}) => ask(`${base}${path}`, method, sent),
    become: (next) => {
      caller = next
    },
  }
}

async function ask(url: string, method: string, { body, text, headers = {} }: AskOptions): Promise<Reply> {
  const sent = text ?? (body === undefined ? undefined : JSON.stringify(body))
  const type = sent === undefined ? {} : { 'content-type': 'application/fhir+json' }
  const response = await fetch(url, {
    method,
    headers: { ...type, ...headers },
    ...(sent === undefined ? {} : { body: sent }),
  })
  const received = await response.text()
  const json = (received.startsWith('{') ? JSON.parse(received) : {}) as Readonly<Record<string, unknown>>
  return {
    status: response.status,
    headers: response.headers,
    text: received,
    json,
    at: (path) => valueAt(json, path),
  }
}

function valueAt(json: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], json)
}
