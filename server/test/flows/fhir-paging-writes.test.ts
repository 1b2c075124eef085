import { expect, it } from 'vitest'

import { startFhir } from './fhir-server.ts'
import type { FhirServer, Reply } from './fhir-server.ts'

type Json = Readonly<Record<string, unknown>>

const DAYS = ['2020-01-01', '2020-01-02', '2020-01-03']

function observation(n: number, more: Json = {}): Json {
  return {
    resourceType: 'Observation',
    id: `o${String(n).padStart(2, '0')}`,
    status: n % 2 === 0 ? 'final' : 'amended',
    code: { coding: [{ system: 'urn:c', code: `c${String(n % 3)}` }] },
    subject: { reference: `Patient/p${String(n % 2)}` },
    ...(n % 4 === 3 ? {} : { effectiveDateTime: DAYS[n % 3] }),
    valueQuantity: { value: n % 5 },
    ...more,
  }
}

async function put({ ask }: FhirServer, body: Json): Promise<void> {
  const reply = await ask('PUT', `/Observation/${String(body['id'])}`, { body })
  expect([200, 201], reply.text.slice(0, 500)).toContain(reply.status)
}

async function fill({ ask }: FhirServer): Promise<void> {
  const all = [...Array.from({ length: 24 }, (_, n) => observation(n)), observation(0, { id: 'moving' })]
  const entry = all.map((resource) => ({
    resource,
    request: { method: 'PUT', url: `Observation/${String(resource['id'])}` },
  }))
  const body = { resourceType: 'Bundle', type: 'transaction', entry }
  expect((await ask('POST', '', { body })).status).toBe(200)
}

function read(reply: Reply): { ids: readonly string[]; next: string | undefined } {
  expect(reply.status, reply.text.slice(0, 500)).toBe(200)
  const entries = (reply.json['entry'] ?? []) as readonly { resource: { id: string } }[]
  const links = reply.json['link'] as readonly { relation: string; url: string }[]
  return {
    ids: entries.map(({ resource }) => resource.id),
    next: links.find(({ relation }) => relation === 'next')?.url,
  }
}

/** Between two pages: new resources at every place of the order, one that moves, one that goes. */
async function disturb(server: FhirServer, round: number): Promise<void> {
  const id = (name: string): string => `${name}-${String(round)}`
  await put(server, observation(round, { id: id('a-new'), effectiveDateTime: '2019-01-01' }))
  await put(server, observation(round + 1, { id: id('z-new'), effectiveDateTime: '2021-01-01' }))
  await put(server, observation(round + 3, { id: id('m-new') }))
  await put(server, observation(round, { id: 'moving', effectiveDateTime: `20${String(10 + round)}-01-01` }))
  if (round === 0) await server.ask('DELETE', '/Observation/o05')
}

const ORDERS = [
  '',
  '_sort=date',
  '_sort=-date',
  '_sort=_lastUpdated',
  '_sort=-_lastUpdated',
  '_sort=_id',
  '_sort=-_id',
  '_sort=code,-date',
  '_sort=-value-quantity',
  '_sort=status,subject,_id',
]
const FILTERS = ['', 'status=final,amended', 'subject=Patient/p0,Patient/p1', 'date=ge2019']

it.each(ORDERS.flatMap((order) => FILTERS.map((filter) => [order, filter] as const)))(
  'every resource that was there and was not changed is seen exactly once: %s %s',
  { timeout: 60_000 },
  async (order, filter) => {
    const server = await startFhir()
    await fill(server)
    const address = (count: number): string =>
      `/Observation?${[filter, order, `_count=${String(count)}`].filter(Boolean).join('&')}`
    const whole = read(await server.ask('GET', address(100))).ids
    const seen: string[] = []
    let page = read(await server.ask('GET', address(5)))
    for (let round = 0; ; round++) {
      seen.push(...page.ids)
      if (page.next === undefined || round > 20) break
      if (round < 4) await disturb(server, round)
      page = read(await server.ask('GET', page.next.slice(server.base.length)))
    }
    const unchanged = whole.filter((id) => id !== 'moving' && id !== 'o05')
    expect(seen.filter((id) => unchanged.includes(id))).toEqual(unchanged)
    const others = seen.filter((id) => id !== 'moving')
    expect(new Set(others).size).toBe(others.length)
  },
)
