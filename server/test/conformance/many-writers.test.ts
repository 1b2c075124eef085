import { describe, expect, it } from 'vitest'

import { fresh, hubForFile } from './fhir-peer.ts'
import type { Answer, Json } from './fhir-peer.ts'

const { ask, find } = hubForFile()
const WRITERS = 64

describe('many writers of one resource', () => {
  it('gives each update without a precondition its own version', async () => {
    const id = fresh()
    const answers = await together((n) => ask('PUT', `/Patient/${id}`, { body: person(id, n) }))
    expect(counted(answers)).toEqual({ 200: WRITERS - 1, 201: 1 })
    expect(versionsOf(answers)).toEqual(numbers(1))
  })

  it('lets exactly one of those that expect the same version win', async () => {
    const id = fresh()
    await ask('PUT', `/Patient/${id}`, { body: person(id) })
    const answers = await together((n) =>
      ask('PUT', `/Patient/${id}`, { body: person(id, n), headers: { 'if-match': 'W/"1"' } }),
    )
    expect(counted(answers)).toEqual({ 200: 1, 412: WRITERS - 1 })
  })

  it('makes each patch, also beside updates', async () => {
    const id = fresh()
    await ask('PUT', `/Patient/${id}`, { body: person(id) })
    const answers = await together((n) =>
      n % 4 === 0
        ? ask('PUT', `/Patient/${id}`, { body: person(id, n) })
        : patched(n % 2 === 0 ? `/Patient/${id}` : `/Patient?_id=${id}`, n),
    )
    expect(counted(answers)).toEqual({ 200: WRITERS })
    expect(versionsOf(answers)).toEqual(numbers(2))
  })

  it('adds the label of each $meta-add', async () => {
    const id = fresh()
    await ask('PUT', `/Patient/${id}`, { body: person(id) })
    const answers = await together((n) => {
      const valueMeta = { tag: [{ system: 'http://example.org/t', code: String(n) }] }
      const body = { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta }] }
      return ask('POST', `/Patient/${id}/$meta-add`, { body })
    })
    expect(counted(answers)).toEqual({ 200: WRITERS })
    expect((await ask('GET', `/Patient/${id}`)).at('meta.tag')).toHaveLength(WRITERS)
  })
})

describe('many writers of what the same criteria mean', () => {
  it('creates one resource, and updates it once for each of the others', async () => {
    const value = fresh()
    const answers = await together((n) =>
      ask('PUT', `/Patient?${byIdentifier(value)}`, { body: known(value, n) }),
    )
    expect(counted(answers)).toEqual({ 200: WRITERS - 1, 201: 1 })
    expect(versionsOf(answers)).toEqual(numbers(1))
  })

  it('creates what nobody has once, whatever the criteria are', async () => {
    const value = fresh()
    for (const criteria of [byIdentifier(value), `name=${fresh()}&birthdate=1970-01-01`]) {
      const headers = { 'if-none-exist': criteria }
      const name = new URLSearchParams(criteria).get('name') ?? ''
      const body = { ...known(value, 0), ...(name === '' ? {} : { name: [{ family: name }] }) }
      const answers = await together(() => ask('POST', '/Patient', { body, headers }))
      expect(counted(answers)).toEqual({ 200: WRITERS - 1, 201: 1 })
      expect(new Set(answers.map((answer) => answer.at('id'))).size).toBe(1)
    }
  })

  it('creates one for each of many criteria that are no single key', async () => {
    const names = Array.from({ length: WRITERS }, () => fresh())
    const answers = await together((n) => {
      const headers = { 'if-none-exist': `name=${names[n] ?? ''}` }
      return ask('POST', '/Patient', {
        body: { ...known(fresh(), n), name: [{ family: names[n] }] },
        headers,
      })
    })
    expect(counted(answers)).toEqual({ 201: WRITERS })
  })

  it('deletes once, and tells nobody of a conflict', async () => {
    const value = fresh()
    await together((n) => ask('POST', '/Patient', { body: known(value, n) }))
    const answers = await together(() => ask('DELETE', `/Patient?${byIdentifier(value)}`))
    expect(counted(answers)).toEqual({ 204: WRITERS })
    expect(await find(`/Patient?${byIdentifier(value)}`)).toEqual([])
  })
})

it('takes transactions that write the same resources in any order', async () => {
  const value = fresh()
  const ids = [fresh(), fresh(), fresh()]
  const answers = await together((n) => {
    const entry: object[] = (n % 2 === 0 ? ids : ids.toReversed()).map((id) => ({
      resource: person(id, n),
      request: { method: 'PUT', url: `Patient/${id}` },
    }))
    const resource = known(value, n)
    if (n % 3 === 0)
      entry.push({ resource, request: { method: 'PUT', url: `Patient?${byIdentifier(value)}` } })
    if (n % 3 === 1)
      entry.push({
        resource,
        request: { method: 'POST', url: 'Patient', ifNoneExist: byIdentifier(value) },
      })
    return ask('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } })
  })
  expect(counted(answers)).toEqual({ 200: WRITERS })
  for (const id of ids)
    expect((await ask('GET', `/Patient/${id}`)).at('meta.versionId')).toBe(String(WRITERS))
})

function byIdentifier(value: string): string {
  return `identifier=http://example.org/i|${value}`
}

function person(id: string, n = 0): Json {
  return { resourceType: 'Patient', id, name: [{ family: `Writer ${String(n)}` }] }
}

function known(value: string, n: number): Json {
  return {
    resourceType: 'Patient',
    identifier: [{ system: 'http://example.org/i', value }],
    name: [{ family: `Known ${String(n)}` }],
    birthDate: '1970-01-01',
  }
}

function patched(path: string, n: number): Promise<Answer> {
  const headers = { 'content-type': 'application/json-patch+json' }
  const raw = JSON.stringify([{ op: 'add', path: '/birthDate', value: `19${String(10 + n)}-01-01` }])
  return ask('PATCH', path, { raw, headers })
}

function together(write: (n: number) => Promise<Answer>): Promise<readonly Answer[]> {
  return Promise.all(Array.from({ length: WRITERS }, (_, n) => write(n)))
}

function counted(answers: readonly Answer[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

function versionsOf(answers: readonly Answer[]): readonly number[] {
  return answers.map((answer) => Number(answer.at('meta.versionId'))).toSorted((a, b) => a - b)
}

function numbers(from: number): readonly number[] {
  return Array.from({ length: WRITERS }, (_, n) => from + n)
}
