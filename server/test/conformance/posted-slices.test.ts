import { expect, it } from 'vitest'

import { fresh, hubForFile, profileOn } from './fhir-peer.ts'
import type { Json } from './fhir-peer.ts'

const { ask, make } = hubForFile()
const name = fresh()
const url = (what: string): string => `http://example.org/${name}/${what}`
const R4 = 'http://hl7.org/fhir/StructureDefinition/'

/** An element by its id. */
const at = (id: string, more: Json = {}): Json => {
  const sliceName = /:(\w+)$/.exec(id)?.[1]
  return { id, path: id.replaceAll(/:\w+/g, ''), ...(sliceName === undefined ? {} : { sliceName }), ...more }
}

const slicedBy = (rules: string, type: string, ...paths: readonly string[]): Json => ({
  slicing: { rules, discriminator: paths.map((path) => ({ type, path })) },
})

async function profile(what: string, type: string, ...element: readonly Json[]): Promise<void> {
  await make(
    profileOn(type, url(what), {
      version: '1',
      kind: /^[A-Z][a-z]+$/.test(type) && type !== 'Identifier' ? 'resource' : 'complex-type',
      ...(type === 'Extension' && { context: [{ type: 'element', expression: 'Element' }] }),
      differential: { element },
    }),
  )
}

interface Found {
  readonly severity: string
  readonly code: string
  readonly expression?: readonly string[]
  readonly details: { readonly text: string }
}

async function issues(what: string, resource: Json): Promise<readonly Found[]> {
  const path = `/${String(resource['resourceType'])}/$validate?profile=${encodeURIComponent(url(what))}`
  const answer = await ask('POST', path, { body: resource })
  expect(answer.status, answer.text.slice(0, 800)).toBe(200)
  return answer.json['issue'] as readonly Found[]
}

async function errors(what: string, resource: Json): Promise<readonly string[]> {
  return (await issues(what, resource))
    .filter(({ severity }) => severity === 'error')
    .map(({ code, expression }) => `${code} ${String(expression?.[0])}`)
}

it('tells items apart by the type of a choice that the discriminator leads to', async () => {
  await profile(
    'payloads',
    'Communication',
    at('Communication.payload', slicedBy('closed', 'type', 'content')),
    at('Communication.payload:text', { max: '1' }),
    at('Communication.payload:text.contentString', { min: 1, type: [{ code: 'string' }] }),
    at('Communication.payload:file', { max: '1' }),
    at('Communication.payload:file.content[x]', { min: 1, type: [{ code: 'Attachment' }] }),
  )
  const sent = (...payload: readonly Json[]) => ({
    resourceType: 'Communication',
    status: 'completed',
    payload,
  })
  const [text, file] = [{ contentString: 'x' }, { contentAttachment: { title: 'x' } }]
  expect(await errors('payloads', sent(text, file))).toEqual([])
  expect(await errors('payloads', sent(text, text))).toEqual(['structure Communication.payload'])
  const other = { contentReference: { reference: 'Patient/1' } }
  expect(await errors('payloads', sent(other))).toEqual(['structure Communication.payload[0]'])
})

it('tells them apart by an element that a slice forbids, and by some of several discriminators', async () => {
  const phone = (slice: string, use: Json) => [
    at(`Patient.telecom:${slice}`, { max: '1' }),
    at(`Patient.telecom:${slice}.system`, { min: 1, fixedCode: slice === 'mail' ? 'email' : 'phone' }),
    at(`Patient.telecom:${slice}.use`, use),
  ]
  await profile(
    'telecoms',
    'Patient',
    at('Patient.telecom', slicedBy('closed', 'value', 'system', 'use')),
    ...phone('home', { min: 1, fixedCode: 'home' }),
    ...phone('mail', { max: '0' }),
    at('Patient.telecom:fax'),
    at('Patient.telecom:fax.system', { fixedCode: 'fax' }),
  )
  const reached = (...telecom: readonly Json[]) => ({ resourceType: 'Patient', telecom })
  const mail = { system: 'email', value: 'a@example.org' }
  const home = { system: 'phone', use: 'home', value: '1' }
  expect(await errors('telecoms', reached(mail, home))).toEqual([])
  expect(await errors('telecoms', reached({ system: 'fax', value: '1', use: 'work' }))).toEqual([])
  expect(await errors('telecoms', reached({ ...mail, use: 'work' }))).toEqual([
    'structure Patient.telecom[0]',
  ])
})

it('tells them apart by the value of an extension', async () => {
  const kind = url('kind')
  await profile('kind', 'Extension', at('Extension.url', { fixedUri: kind }))
  const action = (slice: string) => [
    at(`PlanDefinition.action:${slice}`, { min: 1 }),
    at(`PlanDefinition.action:${slice}.extension:kind`, {
      min: 1,
      type: [{ code: 'Extension', profile: [`${kind}|1`] }],
    }),
    at(`PlanDefinition.action:${slice}.extension:kind.valueCode`, { min: 1, fixedCode: slice }),
  ]
  await profile(
    'plan',
    'PlanDefinition',
    at('PlanDefinition.action', slicedBy('open', 'value', `extension('${kind}').value`)),
    ...action('single'),
    ...action('other'),
    at('PlanDefinition.action:single.title', { min: 1 }),
  )
  const planned = (...actions: readonly (readonly [string, string?])[]) => ({
    resourceType: 'PlanDefinition',
    status: 'active',
    action: actions.map(([valueCode, title]) => ({
      extension: [{ url: kind, valueCode }],
      ...(title === undefined ? {} : { title }),
    })),
  })
  expect(await errors('plan', planned(['single', 'x'], ['other']))).toEqual([])
  expect(await errors('plan', planned(['single'], ['other']))).toEqual([
    'required PlanDefinition.action[0].title',
  ])
  expect(await errors('plan', planned(['single', 'x']))).toEqual(['required PlanDefinition.action'])
})

it('tells them apart by what the profile of a data type fixes', async () => {
  const system = 'urn:oid:1.2.3'
  await profile('number', 'Identifier', at('Identifier.system', { min: 1, fixedUri: system }))
  await profile(
    'doctors',
    'Patient',
    at('Patient.generalPractitioner', slicedBy('open', 'value', 'identifier.system')),
    at('Patient.generalPractitioner:numbered', { min: 1 }),
    at('Patient.generalPractitioner:numbered.identifier', {
      type: [{ code: 'Identifier', profile: [`${url('number')}|1`] }],
    }),
  )
  const known = (by: string) => ({
    resourceType: 'Patient',
    generalPractitioner: [{ identifier: { system: by, value: '1' } }],
  })
  expect(await errors('doctors', known(system))).toEqual([])
  expect(await errors('doctors', known('urn:oid:1.2.4'))).toEqual(['required Patient.generalPractitioner'])
})

it('stands on the version of a base, and takes the profiles of resources for their types', async () => {
  await profile('named', 'Patient', at('Patient.name', { min: 1 }))
  const element = [at('Patient.birthDate', { min: 1 })]
  const baseDefinition = `${url('named')}|1`
  await make(profileOn('Patient', url('born'), { baseDefinition, differential: { element } }))
  const found = await errors('born', { resourceType: 'Patient' })
  expect(found.toSorted()).toEqual(['required Patient.birthDate', 'required Patient.name'])
  const resource = { type: [{ code: 'Resource', profile: [`${R4}Patient`] }] }
  await profile('people', 'Bundle', at('Bundle.entry.resource', resource))
  const bundle = (...types: readonly string[]) => ({
    resourceType: 'Bundle',
    type: 'collection',
    entry: types.map((resourceType, i) => ({
      fullUrl: `http://example.org/fhir/${resourceType}/${String(i)}`,
      resource: { resourceType, id: String(i), active: true },
    })),
  })
  expect(await errors('people', bundle('Patient'))).toEqual([])
  expect(await errors('people', bundle('Patient', 'Practitioner'))).toEqual([
    'structure Bundle.entry[1].resource',
  ])
})

it('tells entries of Bundles apart by the type of their resource, and targets by that of a reference', async () => {
  await profile('place', 'Location', at('Location.name', { min: 1 }))
  await profile(
    'entries',
    'Bundle',
    at('Bundle.entry', slicedBy('closed', 'type', 'resource')),
    at('Bundle.entry:place', { min: 1 }),
    at('Bundle.entry:place.resource', { type: [{ code: 'Location', profile: [url('place')] }] }),
    at('Bundle.entry:person', { max: '1' }),
    at('Bundle.entry:person.resource', { type: [{ code: 'Patient' }] }),
  )
  const entry = (resource: Json) => ({ fullUrl: `urn:uuid:${crypto.randomUUID()}`, resource })
  const bundle = (...resources: readonly Json[]) => ({
    resourceType: 'Bundle',
    type: 'collection',
    entry: resources.map(entry),
  })
  const [place, person] = [
    { resourceType: 'Location', name: 'x' },
    { resourceType: 'Patient', active: true },
  ]
  expect(await errors('entries', bundle(place, person))).toEqual([])
  expect(await errors('entries', bundle({ resourceType: 'Location', status: 'active' }))).toEqual([
    'required Bundle.entry[0].resource.name',
  ])
  expect(await errors('entries', bundle(place, { resourceType: 'Device' }))).toEqual([
    'structure Bundle.entry[1]',
  ])
  await profile(
    'lists',
    'List',
    at('List.entry', slicedBy('closed', 'type', 'item.resolve()')),
    at('List.entry:person'),
    at('List.entry:person.item', { type: [{ code: 'Reference', targetProfile: [`${R4}Patient`] }] }),
  )
  const list = (reference: string) => ({
    resourceType: 'List',
    status: 'current',
    mode: 'working',
    entry: [{ item: { reference } }],
  })
  expect(await errors('lists', list('Patient/1'))).toEqual([])
  expect(await errors('lists', list('Device/1'))).toEqual(['structure List.entry[0]'])
})

it('checks the rest of a profile whose slices cannot be told apart', async () => {
  await profile(
    'partly',
    'Patient',
    at('Patient.name', { min: 1 }),
    at('Patient.address', slicedBy('closed', 'value', 'use')),
    at('Patient.address:home', { min: 1 }),
  )
  const found = await errors('partly', { resourceType: 'Patient', birthDate: '1970-01-01' })
  expect(found).toEqual(['required Patient.name'])
  const good = {
    resourceType: 'Patient',
    birthDate: '1970-01-01',
    name: [{ family: 'A' }],
    address: [{ city: 'x' }],
  }
  expect(await errors('partly', good)).toEqual([])
  const texts = (await issues('partly', good)).map(({ details }) => details.text).join()
  expect(texts).toContain('the slices of address (slice home says nothing about use)')
})

it('checks what stands beside primitive values', async () => {
  const part = (what: string) => ({ type: [{ code: 'Extension', profile: [url(what)] }] })
  await profile('street', 'Extension', at('Extension.url', { fixedUri: url('street') }))
  await profile(
    'streets',
    'Patient',
    at('Patient.birthDate', { min: 1 }),
    at('Patient.birthDate.id', { max: '0' }),
    at('Patient.address.line.extension:street', { min: 1, max: '1', ...part('street') }),
    at('Patient.address.line.extension:street.value[x]', { min: 1, type: [{ code: 'string' }] }),
    at('Patient.deceased[x].id', { max: '0' }),
  )
  const extension = [{ url: url('street'), valueString: 'x' }]
  const lived = (lines: readonly (Json | null)[], more: Json = {}) => ({
    resourceType: 'Patient',
    birthDate: '1970-01-01',
    address: [{ line: lines.map(() => 'x 1'), _line: lines }],
    ...more,
  })
  expect(await errors('streets', lived([{ extension }, { extension }]))).toEqual([])
  expect(await errors('streets', lived([{ extension }, null]))).toEqual([
    'required Patient.address[0].line[1].extension',
  ])
  const plain = { ...lived([]), address: [{ line: ['x 1'] }] }
  expect(await errors('streets', plain)).toEqual(['required Patient.address[0].line[0].extension'])
  const named = lived([{ extension }], { _birthDate: { id: 'a' }, deceasedDateTime: '2020' })
  expect(await errors('streets', named)).toEqual(['structure Patient.birthDate.id'])
})
