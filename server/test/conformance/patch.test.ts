import { expect, it } from 'vitest'

import { expectRefused, hubForFile } from './fhir-peer.ts'
import type { Answer, Json } from './fhir-peer.ts'

const { ask, make } = hubForFile()
const JSON_PATCH = { 'content-type': 'application/json-patch+json' }
const NAMES = [{ family: 'A', given: ['x', 'y'] }, { family: 'B' }]
const LINK = [{ other: { display: 'x' }, type: 'seealso' }]
const SAMPLE = { resourceType: 'Patient', gender: 'male', birthDate: '1990-01-01', name: NAMES, link: LINK }

async function patch(id: string, operations: unknown, headers: Readonly<Record<string, string>> = {}) {
  return ask('PATCH', `/Patient/${id}`, {
    raw: JSON.stringify(operations),
    headers: { ...JSON_PATCH, ...headers },
  })
}

/** Applies one FHIRPath Patch to a fresh sample. */
async function fhirPatch(...operations: readonly Json[]): Promise<Answer> {
  return fhirPatchOf((await make(SAMPLE)).id, ...operations)
}

async function fhirPatchOf(id: string, ...operations: readonly Json[]): Promise<Answer> {
  const parameter = operations.map((parts) => ({
    name: 'operation',
    part: Object.entries(parts).map(([name, value]) => partOf(name, value)),
  }))
  return ask('PATCH', `/Patient/${id}`, { body: { resourceType: 'Parameters', parameter } })
}

function partOf(name: string, value: unknown): Json {
  if (name === 'value') return { name, ...(value as Json) }
  if (typeof value === 'number') return { name, valueInteger: value }
  return { name, [name === 'type' ? 'valueCode' : 'valueString']: value }
}

async function unchanged(id: string, more: Json = {}): Promise<void> {
  const { json, at } = await ask('GET', `/Patient/${id}`)
  expect(json).toMatchObject({ ...SAMPLE, ...more })
  expect(at('meta.versionId')).toBe('1')
}

it('PA-01 replaces one element, leaves the others', async () => {
  const { id } = await make(SAMPLE)
  const patched = await patch(id, [{ op: 'replace', path: '/gender', value: 'female' }])
  expect(patched.status, patched.text).toBe(200)
  expect(patched.json).toMatchObject({ ...SAMPLE, gender: 'female' })
  expect(patched.headers.get('etag')).toBe('W/"2"')
})

it.each<[string, readonly object[], Json]>([
  [
    'add to a list by index',
    [{ op: 'add', path: '/name/0/given/1', value: 'z' }],
    { given: ['x', 'z', 'y'] },
  ],
  ['add at the end', [{ op: 'add', path: '/name/0/given/-', value: 'z' }], { given: ['x', 'y', 'z'] }],
  ['remove by index', [{ op: 'remove', path: '/name/0/given/0' }], { given: ['y'] }],
  ['move', [{ op: 'move', from: '/name/0/given/0', path: '/name/0/given/1' }], { given: ['y', 'x'] }],
  ['copy', [{ op: 'copy', from: '/name/1/family', path: '/name/0/given/0' }], { given: ['B', 'x', 'y'] }],
  [
    'several in order',
    [
      { op: 'test', path: '/name/0/family', value: 'A' },
      { op: 'remove', path: '/name/0/given/1' },
      { op: 'add', path: '/name/0/given/0', value: 'w' },
    ],
    { given: ['w', 'x'] },
  ],
])('PA-02 can %s', async (_what, operations, first) => {
  const { id } = await make(SAMPLE)
  const patched = await patch(id, operations)
  expect(patched.status, patched.text).toBe(200)
  expect(patched.at('name')).toEqual([{ family: 'A', ...first }, { family: 'B' }])
})

it.each<[string, readonly object[]]>([
  [
    'PA-03 changes nothing where a test fails',
    [
      { op: 'replace', path: '/gender', value: 'female' },
      { op: 'test', path: '/birthDate', value: '1991-01-01' },
    ],
  ],
  ['PA-04 changes nothing at a path that is not there', [{ op: 'replace', path: '/active', value: true }]],
  ['PA-04 removes nothing that is not there', [{ op: 'remove', path: '/name/7' }]],
  ['PA-05 stores nothing invalid', [{ op: 'replace', path: '/gender', value: 'M' }]],
  ['PA-05 stores no empty list', [{ op: 'replace', path: '/name', value: [] }]],
  ['PA-05 stores no resource without what it must have', [{ op: 'remove', path: '/link/0/type' }]],
  ['PA-06 keeps an id', [{ op: 'remove', path: '/id' }]],
  ['PA-06 keeps a type', [{ op: 'remove', path: '/resourceType' }]],
  ['PA-06 keeps the id', [{ op: 'replace', path: '/id', value: 'other' }]],
  ['PA-06 keeps the type', [{ op: 'replace', path: '/resourceType', value: 'Group' }]],
])('%s', async (_row, operations) => {
  const { id } = await make(SAMPLE)
  expectRefused(await patch(id, operations), 400, 409, 422)
  await unchanged(id)
})

it('PA-07 goes by its own version and time', async () => {
  const { id } = await make(SAMPLE)
  for (const [name, value] of [
    ['versionId', '77'],
    ['lastUpdated', '2001-01-01T00:00:00Z'],
  ] as const) {
    const patched = await patch(id, [{ op: 'replace', path: `/meta/${name}`, value }])
    expect([200, 400, 422]).toContain(patched.status)
    expect((await ask('GET', `/Patient/${id}`)).at(`meta.${name}`)).not.toBe(value)
  }
})

it('PA-08 wants a list of operations', async () => {
  const { id } = await make(SAMPLE)
  for (const raw of ['{}', '', 'null', '[{"op":"eat","path":"/gender"}]', '[{"path":"/gender"}]', '[5]'])
    expectRefused(await ask('PATCH', `/Patient/${id}`, { raw, headers: JSON_PATCH }), 400)
  await unchanged(id)
})

it('PA-09 wants a patch type', async () => {
  const { id } = await make(SAMPLE)
  const raw = '[{"op":"replace","path":"/gender","value":"female"}]'
  for (const type of ['application/json', 'text/plain'])
    expectRefused(await ask('PATCH', `/Patient/${id}`, { raw, headers: { 'content-type': type } }), 415)
  expectRefused(await ask('PATCH', `/Patient/${id}`, { raw }), 415)
  await unchanged(id)
  // As every body is: one version, one encoding.
  for (const odd of ['json-patch+json; charset=iso-8859-1', 'fhir+json; fhirVersion=3.0']) {
    const headers = { 'content-type': `application/${odd}` }
    expectRefused(await ask('PATCH', `/Patient/${id}`, { raw: '[]', headers }), 415)
  }
})

it('PA-10 patches nothing that never was', async () => {
  const operations = [{ op: 'replace', path: '/gender', value: 'female' }]
  expectRefused(await patch('none', operations), 404)
  const gone = await make(SAMPLE)
  await ask('DELETE', `/Patient/${gone.id}`)
  expectRefused(await patch(gone.id, operations), 410)
})

it('PA-11 PA-12 patches the version that the client knows, no other', async () => {
  const { id } = await make(SAMPLE)
  const operations = [{ op: 'replace', path: '/gender', value: 'female' }]
  expectRefused(await patch(id, operations, { 'if-match': 'W/"9"' }), 412)
  await unchanged(id)
  expect((await patch(id, operations, { 'if-match': 'W/"1"' })).status).toBe(200)
})

it('PA-13 speaks FHIRPath Patch', async () => {
  const added = await fhirPatch({
    type: 'add',
    path: 'Patient',
    name: 'active',
    value: { valueBoolean: true },
  })
  expect([added.status, added.json['active']], added.text).toEqual([200, true])
  const path = 'Patient.name[0].given'
  const inserted = await fhirPatch({ type: 'insert', path, index: 1, value: { valueString: 'z' } })
  expect(inserted.at('name.0.given'), inserted.text).toEqual(['x', 'z', 'y'])
  const removed = await fhirPatch({ type: 'delete', path: 'Patient.birthDate' })
  expect(removed.json, removed.text).not.toHaveProperty('birthDate')
  const replaced = await fhirPatch({ type: 'replace', path: 'Patient.gender', value: { valueCode: 'other' } })
  expect(replaced.json['gender'], replaced.text).toBe('other')
  const moved = await fhirPatch({ type: 'move', path: 'Patient.name', source: 1, destination: 0 })
  expect(moved.at('name.0.family'), moved.text).toBe('B')
  const filtered = await fhirPatch({
    type: 'replace',
    path: "Patient.name.where(family = 'B').family",
    value: { valueString: 'C' },
  })
  expect(filtered.at('name.1.family'), filtered.text).toBe('C')
})

it('PA-14 deletes nothing quietly, replaces nothing loudly', async () => {
  for (const path of ['Patient.maritalState', "Patient.name.where(familie = 'x')", 'Patient.birthDate.day'])
    expectRefused(await fhirPatch({ type: 'delete', path }), 422)
  const absent = "Patient.extension.where(value.code = 'x')"
  expect((await fhirPatch({ type: 'delete', path: absent })).status).toBe(200)
  const nothing = await fhirPatch({ type: 'delete', path: 'Patient.maritalStatus' })
  expect(nothing.status).toBe(200)
  expect(nothing.json).toMatchObject(SAMPLE)
  const value = { valueBoolean: true }
  expectRefused(await fhirPatch({ type: 'replace', path: 'Patient.active', value }), 400, 422)
  const contact = { valueContactPoint: { value: 'x' } }
  expectRefused(
    await fhirPatch({ type: 'insert', path: 'Patient.telecom', index: 0, value: contact }),
    400,
    422,
  )
  expectRefused(
    await fhirPatch({ type: 'move', path: 'Patient.telecom', source: 0, destination: 0 }),
    400,
    422,
  )
})

it.each<[string, Json]>([
  ['a deletion', { type: 'delete', path: 'Patient.name.family' }],
  ['a deletion of a list', { type: 'delete', path: 'Patient.name' }],
  ['a replacement', { type: 'replace', path: 'Patient.name.family', value: { valueString: 'x' } }],
  ['an addition', { type: 'add', path: 'Patient.name', name: 'text', value: { valueString: 'x' } }],
  ['an insertion', { type: 'insert', path: 'Patient.name.prefix', index: 0, value: { valueString: 'x' } }],
  ['a move', { type: 'move', path: 'Patient.name.prefix', source: 0, destination: 1 }],
])('PA-15 refuses a path with two ends for %s', async (_what, operation) => {
  const name = NAMES.map((each) => ({ ...each, prefix: ['Dr', 'Prof'] }))
  const { id } = await make({ ...SAMPLE, name })
  const first = { type: 'delete', path: 'Patient.birthDate' }
  expectRefused(await fhirPatchOf(id, first, operation), 422)
  await unchanged(id, { name })
})

it('PA-16 takes a patch that changes nothing', async () => {
  const { id } = await make(SAMPLE)
  const patched = await patch(id, [{ op: 'replace', path: '/gender', value: 'male' }])
  expect(patched.status).toBe(200)
  expect(patched.json).toMatchObject(SAMPLE)
  await unchanged(id)
})

it('PA-17 keeps decimals elsewhere as they are written', async () => {
  const raw =
    '{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.00,"unit":"mg"}}'
  const created = await ask('POST', '/Observation', {
    raw,
    headers: { 'content-type': 'application/fhir+json' },
  })
  const id = String(created.json['id'])
  const operations = '[{"op":"replace","path":"/status","value":"amended"}]'
  const patched = await ask('PATCH', `/Observation/${id}`, { raw: operations, headers: JSON_PATCH })
  expect(patched.text).toContain('"value":1.00,')
  expect((await ask('GET', `/Observation/${id}`)).text).toContain('"value":1.00,')
})

it('names the formats of patches where it takes them and where it refuses another one (RFC 5789)', async () => {
  const { id } = await make({ resourceType: 'Patient' })
  const formats = 'application/json-patch+json, application/fhir+json'
  const refused = await ask('PATCH', `/Patient/${id}`, {
    raw: '{}',
    headers: { 'content-type': 'text/plain' },
  })
  expectRefused(refused, 415)
  expect(refused.headers.get('accept-patch')).toBe(formats)
  expect((await ask('OPTIONS', `/Patient/${id}`)).headers.get('accept-patch')).toBe(formats)
  expect((await ask('OPTIONS', '/metadata')).headers.get('accept-patch')).toBeNull()
})

it('refuses patches that would hold up everybody, and goes on', async () => {
  const { id } = await make(SAMPLE)
  const copies = Array.from({ length: 60 }, () => ({ op: 'copy', from: '/name', path: '/name/-' }))
  expectRefused(await patch(id, copies), 422)
  const name = Array.from({ length: 300 }, (_, n) => ({ family: String(n) }))
  const { id: many } = await make({ ...SAMPLE, name })
  const all = '%resource.name.where(%resource.name.where(%resource.name.exists()).exists()).exists()'
  const part = [partOf('type', 'delete'), partOf('path', `Patient.name.where(${all})[0]`)]
  const body = { resourceType: 'Parameters', parameter: [{ name: 'operation', part }] }
  expectRefused(await ask('PATCH', `/Patient/${many}`, { body }), 422)
  await unchanged(id)
})
