import { expect, it, onTestFinished } from 'vitest'

import { limits } from '../../src/kernel/limits.ts'
import { freshFolder, type Hub, removeFolder, startHub } from './hub.ts'

const physicalType = (code: string) => ({
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/location-physical-type', code }],
})

it('shows every bed of a ward that has more of them than a page of the search', async () => {
  const hub = await startedHub()
  const beds = limits.fhir.pageMost + 5
  await hub.ask(
    '/fhir/Location/big',
    put({ resourceType: 'Location', id: 'big', physicalType: physicalType('wa') }),
  )
  for (let from = 0; from < beds; from += 500)
    await putAll(hub, numbers(from, Math.min(from + 500, beds)).map(bed))

  const board = await hub.json<{ readonly beds: readonly { readonly label: string }[] }>(
    '/api/v1/wards/big/beds',
  )
  const labels = board.beds.map(({ label }) => label)
  expect(new Set(labels)).toEqual(new Set(numbers(0, beds).map((n) => `B${n}`)))
})

async function startedHub(): Promise<Hub> {
  const data = await freshFolder()
  const hub = await startHub({ data })
  onTestFinished(async () => {
    await hub.stop()
    await removeFolder(data)
  })
  return hub
}

function numbers(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, at) => from + at)
}

function bed(n: number) {
  return {
    resourceType: 'Location',
    id: `b${n}`,
    name: `B${n}`,
    physicalType: physicalType('bd'),
    partOf: { reference: 'Location/big' },
  }
}

function put(resource: object): RequestInit {
  return { method: 'PUT', body: JSON.stringify(resource) }
}

async function putAll(hub: Hub, resources: readonly { readonly id: string }[]): Promise<void> {
  const entry = resources.map((resource) => ({
    resource,
    request: { method: 'PUT', url: `Location/${resource.id}` },
  }))
  const body = JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry })
  const answer = await hub.ask('/fhir', { method: 'POST', body })
  expect(answer.status).toBe(200)
}
