import { describe, expect, inject, it, onTestFinished } from 'vitest'

import { openMongoStore } from '../../src/store/mongo/store.ts'
import type { Store } from '../../src/store/port.ts'
import { freshDatabase } from '../database.ts'
import { startFhir } from '../flows/fhir-server.ts'
import type { FhirServer } from '../flows/fhir-server.ts'
import { freshStore } from '../fresh-store.ts'
import { randomOf } from '../long/random.ts'
import { dropDatabase } from '../services/mongo-server.ts'
import { sortedAsAsked } from './naive-order.ts'
import { naiveOf, nameOf } from './naive.ts'
import type { Naive } from './naive.ts'
import { randomSearch } from './queries.ts'
import type { Asked } from './queries.ts'
import { containedOf, makeWorld } from './world.ts'
import type { Random, Resource } from './world.ts'

const SEARCHES = 1200
const PATIENTS = 30

async function anyStore(): Promise<Store> {
  const url = inject('mongodb')
  if (url === '') return freshStore()
  const database = freshDatabase()
  const store = await openMongoStore({ url, database })
  onTestFinished(async () => {
    await store.close()
    await dropDatabase(url, database)
  })
  return store
}

async function stored({ ask }: FhirServer, resources: readonly Resource[]): Promise<readonly Resource[]> {
  const made: Resource[] = []
  for (const resource of resources) {
    const reply = await ask('PUT', `/${resource.resourceType}/${resource.id}`, { body: resource })
    // A random Observation may break obs-7: its code is that of a component and it has a value.
    if (reply.status === 201) made.push(reply.json as Resource)
    else if (!reply.text.includes('obs-7')) throw new Error(reply.text)
  }
  return made
}

function addressOf({ type, filters, sort, contained }: Asked, count: number): string {
  const query = new URLSearchParams()
  for (const [name, value] of filters) query.append(name, value)
  if (sort.length > 0) query.set('_sort', sort.join(','))
  if (contained) query.set('_contained', contained.which)
  if (contained) query.set('_containedType', contained.returned)
  query.set('_count', String(count))
  query.set('_total', 'accurate')
  return `/${type}?${query.toString()}`
}

/** All pages of a search, as the links lead through them: what their entries are called. */
async function pagesOf(
  { ask, base }: FhirServer,
  address: string,
): Promise<{ names: readonly string[]; total: unknown; problem?: string }> {
  const names: string[] = []
  let total: unknown
  for (let next: string | undefined = address; next !== undefined;) {
    const reply = await ask('GET', next)
    if (reply.status !== 200) return { names, total, problem: reply.text.slice(0, 300) }
    total ??= reply.json['total']
    const entries = (reply.json['entry'] ?? []) as readonly { fullUrl: string; search: { mode: string } }[]
    const matches = entries.filter(({ search }) => search.mode === 'match')
    names.push(...matches.map(({ fullUrl }) => fullUrl.slice(base.length + 1)))
    const links = reply.json['link'] as readonly { relation: string; url: string }[]
    next = links.find(({ relation }) => relation === 'next')?.url.slice(base.length)
  }
  return { names, total }
}

/** What a search finds, by name, with the resource that its place in the order comes from. */
function expectedOf({ type, filters, contained }: Asked, { resources, naive }: Known): Map<string, Resource> {
  const found = new Map<string, Resource>()
  const isMet = (resource: Resource): boolean =>
    resource.resourceType === type && filters.every(([name, value]) => naive.meets(resource, name, value))
  for (const resource of resources) {
    const name = nameOf(resource)
    if (contained?.which !== 'true' && isMet(resource)) found.set(name, resource)
    if (!contained) continue
    for (const inside of containedOf(resource).filter(isMet))
      found.set(contained.returned === 'contained' ? `${name}#${inside.id}` : name, inside)
  }
  return found
}

/** What differs between the hub's answer and the naive one; empty when nothing does. */
async function differences(server: FhirServer, asked: Asked, world: Known): Promise<readonly string[]> {
  const address = addressOf(asked, 3 + Math.floor(world.random() * 20))
  const expected = expectedOf(asked, world)
  const { names, total, problem } = await pagesOf(server, address)
  // A container stands where the first of several matches stands: that is tested elsewhere.
  const isOrdered = asked.contained?.returned !== 'container'
  const found = [
    problem,
    ...[...expected.keys()].filter((name) => !names.includes(name)).map((name) => `lacks ${name}`),
    ...names.filter((name) => !expected.has(name)).map((name) => `has ${name}`),
    new Set(names).size < names.length ? 'repeats' : undefined,
    total === expected.size ? undefined : `counts ${String(total)} instead of ${String(expected.size)}`,
    isOrdered
      ? sortedAsAsked(
          names.map((name) => expected.get(name)),
          asked,
        )
      : undefined,
  ]
  world.note(names.length)
  return found.flatMap((text) => (text ? `${decodeURIComponent(address)}: ${text}` : []))
}

interface Known {
  readonly resources: readonly Resource[]
  readonly random: Random
  readonly naive: Naive
  readonly note: (hits: number) => void
}

describe.each([1, 2, 3])('random searches of a small record, seed %d', (seed) => {
  it('find what a naive reading of the specification finds, in order', { timeout: 600_000 }, async () => {
    const random = randomOf(seed)
    const server = await startFhir({ store: await anyStore() })
    const resources = await stored(server, makeWorld(random, PATIENTS))
    let hits = 0
    const note = (count: number): void => {
      hits += count
    }
    const world = { resources, random, naive: naiveOf(resources), note }
    const found: string[] = []
    for (let n = 0; n < SEARCHES; n++) found.push(...(await differences(server, randomSearch(random), world)))
    expect(found.slice(0, 20)).toEqual([])
    expect(hits).toBeGreaterThan(SEARCHES)
  })
})
