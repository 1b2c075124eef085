import { setImmediate } from 'node:timers/promises'

import { expect, it } from 'vitest'

import { limits } from '../../src/kernel/limits.ts'
import { administrator, startFhir } from './fhir-server.ts'
import type { FhirServer } from './fhir-server.ts'

type Json = Readonly<Record<string, unknown>>

const MANY = limits.fhir.chainIds + 50
const AT_ONCE = 1000

async function fill({ fhir }: FhirServer, make: (n: number) => Json): Promise<void> {
  for (let from = 0; from < MANY; from += AT_ONCE) {
    const drafts = Array.from({ length: Math.min(AT_ONCE, MANY - from) }, (_, index) => {
      const resource = make(from + index)
      return {
        type: String(resource['resourceType']),
        id: String(resource['id']),
        method: 'PUT' as const,
        resource: resource as never,
      }
    })
    const { outcome } = await fhir.resources.transact(administrator, { drafts })
    expect(outcome).toBe('committed')
  }
}

async function ids({ ask }: FhirServer, query: string): Promise<readonly string[]> {
  const reply = await ask('GET', query)
  expect(reply.status, reply.text.slice(0, 500)).toBe(200)
  const entries = (reply.json['entry'] ?? []) as readonly {
    resource: { id: string }
    search: { mode: string }
  }[]
  return entries.flatMap(({ resource, search }) => (search.mode === 'match' ? [resource.id] : []))
}

/** The longest turn of the event loop while something is done, and how long the whole took. */
async function turnsDuring(
  work: () => Promise<void>,
): Promise<{ readonly longestMs: number; readonly wholeMs: number }> {
  const over = new AbortController()
  let longestMs = 0
  const started = performance.now()
  const watched = (async () => {
    for (let last = started; !over.signal.aborted;) {
      await setImmediate()
      const now = performance.now()
      longestMs = Math.max(longestMs, now - last)
      last = now
    }
  })()
  await work()
  over.abort()
  await watched
  return { longestMs, wholeMs: performance.now() - started }
}

it(
  'a chain through more resources than can be listed asks each candidate',
  { timeout: 300_000 },
  async () => {
    const server = await startFhir()
    await fill(server, (n) => ({ resourceType: 'Patient', id: `p${String(n)}`, active: n !== 7 }))
    await fill(server, (n) => ({
      resourceType: 'Observation',
      id: `o${String(n)}`,
      status: n === 9 ? 'amended' : 'final',
      code: { coding: [{ code: n < 12 ? 'few' : 'many' }] },
      subject: { reference: `Patient/p${String(n)}` },
      effectiveDateTime: '2024-01-01',
    }))

    const chained = await ids(server, '/Observation?code=few&subject:Patient.active=true&_count=50')
    expect(chained.toSorted()).toEqual(['o0', 'o1', 'o10', 'o11', 'o2', 'o3', 'o4', 'o5', 'o6', 'o8', 'o9'])
    const reverse = await ids(server, '/Patient?_id=p6,p7,p9,none&_has:Observation:patient:status=final')
    expect(reverse.toSorted()).toEqual(['p6', 'p7'])
    const nested = '/Observation?code=few&subject:Patient._has:Observation:patient:status=final&_count=50'
    expect((await ids(server, nested)).length).toBe(11)
    const explained = await server.ask(
      'GET',
      '/Observation?code=few&subject:Patient.active=true&_explain=true',
    )
    expect(explained.text).toContain('looked up for each batch')

    // Conditions for resources that are not stored yet must be ones on keys.
    const conditional = { 'if-none-exist': 'subject:Patient.active=true' }
    const observation = { resourceType: 'Observation', status: 'final', code: { text: 'x' } }
    const created = await server.ask('POST', '/Observation', { body: observation, headers: conditional })
    expect(created.status).toBeGreaterThanOrEqual(400)
    expect(created.text).toContain('make the chain narrower')

    // The order of the index needs no bound: the first page of everything comes at once.
    const newest = await ids(server, '/Observation?status=final&_sort=-date&_count=3')
    expect(newest.length).toBe(3)
    expect((await server.ask('GET', '/Patient?_summary=count')).json['total']).toBe(MANY)

    // A walk over everything that finds nothing lets others have their turns.
    const { longestMs, wholeMs } = await turnsDuring(async () => {
      expect(await ids(server, '/Observation?status:not=final,amended')).toEqual([])
    })
    // A machine that walks it all in little more than a slice of time has no turn to give.
    expect(longestMs).toBeLessThan(Math.max(wholeMs * 0.75, 2 * limits.work.sliceMs))
  },
)
