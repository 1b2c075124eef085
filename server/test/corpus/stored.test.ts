import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it, onTestFinished } from 'vitest'

import { freshDatabase } from '../database.ts'
import { freshFolder, removeFolder, startHub } from '../flows/hub.ts'
import type { Hub } from '../flows/hub.ts'
import { mongoUrl } from '../services/mongo-server.ts'
import { CORPUS } from './folder.ts'

type Json = Record<string, unknown>

const FHIR = join(CORPUS, 'fhir')
const FOLDERS = ['r4-spec-examples', 'us-core-examples', 'synthea-2019-smart', 'synthea-2021-blaze']
const AT_ONCE = 500
/** Examples that break R4: `validation.test.ts` names them. */
const REFUSED = 12

describe.skipIf(!existsSync(FHIR)).each(['embedded', 'mongodb'])(
  'what is stored of the corpus, %s',
  (store) => {
    it('comes back with every digit and in its order', { timeout: 900_000 }, async () => {
      const hub = await hubOn(store)
      const wrong: string[] = []
      let [kept, refused] = [0, 0]
      for (const resources of inGroups(resourcesOf())) {
        const made = await sent(hub, resources)
        refused += made.filter((address) => address === undefined).length
        const back = await read(
          hub,
          made.flatMap((address) => address ?? []),
        )
        for (const resource of resources.filter((_, n) => made[n] !== undefined)) {
          const found = back.shift()
          // Content is given to those only who may read what its security context names, and that is not here.
          if (found === undefined && 'securityContext' in resource) continue
          kept++
          const [was, is] = [contentOf(resource), contentOf(found ?? {})]
          if (was !== is) wrong.push(`${was.slice(0, 300)} IS ${is.slice(0, 300)}`)
        }
      }
      expect(wrong.slice(0, 10)).toEqual([])
      expect(kept).toBeGreaterThan(10_000)
      expect(refused).toBe(REFUSED)
    })
  },
)

async function hubOn(store: string): Promise<Hub> {
  const data = await freshFolder()
  const env = store === 'mongodb' ? { MONGODB_URL: new URL(freshDatabase(), await mongoUrl()).href } : {}
  const hub = await startHub({ data, env })
  onTestFinished(async () => {
    await hub.stop()
    await removeFolder(data)
  })
  return hub
}

/** Every file, and of Bundles that are to be processed their resources. */
function* resourcesOf(): Generator<Json> {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(FHIR, folder), { recursive: true, withFileTypes: true }),
  )
  for (const { parentPath, name } of files) {
    const resource = name.endsWith('.json') ? exact(readFileSync(join(parentPath, name), 'utf8')) : {}
    if (resource['type'] === 'transaction')
      for (const entry of resource['entry'] as { resource: Json }[]) yield entry.resource
    else if (typeof resource['resourceType'] === 'string') yield resource
  }
}

function* inGroups(resources: Iterable<Json>): Generator<Json[]> {
  let group: Json[] = []
  for (const resource of resources) {
    group.push(resource)
    if (group.length < AT_ONCE) continue
    yield group
    group = []
  }
  yield group
}

/** Numbers as they are written. */
function exact(text: string): Json {
  return JSON.parse(text, (_name, value: unknown, context?: { source?: string }) =>
    typeof value === 'number'
      ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(context?.source ?? '')
      : value,
  ) as Json
}

/** References by search stand in transactions only: here they name somebody. */
function sendable(resource: Json): string {
  return JSON.stringify(resource).replaceAll(/"reference":"([A-Za-z]+)\?[^"]*"/g, '"reference":"$1/somebody"')
}

/** Addresses of what was made; `undefined` where it was refused. */
async function sent(hub: Hub, resources: readonly Json[]): Promise<readonly (string | undefined)[]> {
  const entries = resources.map(
    (resource) =>
      `{"resource":${sendable(resource)},"request":{"method":"POST","url":"${String(resource['resourceType'])}"}}`,
  )
  const answer = await batch(hub, entries)
  return answer.map(({ response }) => /[A-Za-z]+\/[^/]+(?=\/_history)/.exec(response?.location ?? '')?.[0])
}

async function read(hub: Hub, addresses: readonly string[]): Promise<(Json | undefined)[]> {
  const entries = addresses.map((url) => JSON.stringify({ request: { method: 'GET', url } }))
  return (await batch(hub, entries)).map(({ resource }) => resource)
}

interface Answered {
  readonly resource?: Json
  readonly response?: { readonly status: string; readonly location?: string }
}

async function batch(hub: Hub, entries: readonly string[]): Promise<readonly Answered[]> {
  const answer = await hub.ask('/fhir', {
    method: 'POST',
    body: `{"resourceType":"Bundle","type":"batch","entry":[${entries.join(',')}]}`,
  })
  const text = await answer.text()
  expect(answer.status, text.slice(0, 500)).toBe(200)
  return (exact(text)['entry'] ?? []) as readonly Answered[]
}

/** Everything but what the hub sets, and the type, which it puts first. */
function contentOf(resource: Json): string {
  const { id: _id, resourceType, meta = {}, ...rest } = exact(sendable(resource))
  const { versionId: _version, lastUpdated: _time, ...labels } = meta as Json
  return JSON.stringify({ resourceType, meta: labels, ...rest })
}
