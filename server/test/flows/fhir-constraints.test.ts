import { expect, it } from 'vitest'

import { authorise } from '../../src/auth/authorise.ts'
import type { Caller } from '../../src/auth/caller.ts'
import type { AccessRules } from '../../src/fhir/access.ts'
import { tokenKey } from '../../src/fhir/keys/tokens.ts'
import { administrator, startFhir } from './fhir-server.ts'
import type { FhirServer } from './fhir-server.ts'

const COUNT = 6
const SECRET = { system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }
const OPEN = { system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'N' }

/** Two ways to see only the records of patient `mine`: by compartment, and by a security label that only they have. */
const RULES: Readonly<Record<string, AccessRules['constraintFor']>> = {
  compartment: ({ patient }) => (patient === undefined ? [] : [[`_compartment=${patient}`]]),
  'security label': ({ patient }) =>
    patient === undefined ? [] : [[tokenKey('_security', OPEN.code, OPEN.system)]],
}
const limited: Caller = { ...administrator, patient: 'Patient/mine' }

async function wardOf(constraintFor: AccessRules['constraintFor']): Promise<FhirServer> {
  const server = await startFhir({ rules: { authorise, constraintFor } })
  for (const [id, label] of [
    ['mine', OPEN],
    ['other', SECRET],
  ] as const) {
    const meta = { security: [label] }
    const subject = { reference: `Patient/${id}` }
    await put(server, { resourceType: 'Patient', id, meta, name: [{ family: 'Smith' }] })
    const encounter = {
      resourceType: 'Encounter',
      id,
      meta,
      status: 'finished',
      class: { code: 'IMP' },
      subject,
    }
    await put(server, encounter)
    for (let index = 0; index < COUNT; index += 1) {
      const shared = { status: 'final', code: { coding: [{ code: `c${String(index % 2)}` }] }, subject }
      const links = {
        encounter: { reference: `Encounter/${id}` },
        focus: [{ reference: 'Patient/mine' }, { reference: 'Patient/other' }],
      }
      const effectiveDateTime = `2020-01-0${String(index + 1)}`
      await put(server, {
        resourceType: 'Observation',
        id: `${id}-${String(index)}`,
        meta,
        ...shared,
        ...links,
        effectiveDateTime,
        contained: [{ resourceType: 'Device', id: 'd', status: 'active' }],
        device: { reference: '#d' },
      })
    }
  }
  server.become(limited)
  return server
}

async function put({ ask }: FhirServer, body: Readonly<Record<string, unknown>>): Promise<void> {
  const reply = await ask('PUT', `/${String(body['resourceType'])}/${String(body['id'])}`, { body })
  expect(reply.status, reply.text).toBe(201)
}

interface Page {
  readonly total?: number
  readonly link?: readonly { readonly relation: string; readonly url: string }[]
  readonly entry?: readonly { readonly resource: { readonly resourceType: string; readonly id: string } }[]
}

/** Names of all pages in order, and the total that the first one gives. */
async function walk(
  { ask, base }: FhirServer,
  path: string,
): Promise<{ names: string[]; total: number | undefined; pages: number }> {
  const names: string[] = []
  let total: number | undefined
  let pages = 0
  for (let next: string | undefined = path; next !== undefined; pages += 1) {
    const reply = await ask('GET', next.replace(base, ''))
    expect(reply.status, reply.text).toBe(200)
    const page = reply.json as Page
    total ??= page.total
    names.push(...(page.entry ?? []).map(({ resource }) => `${resource.resourceType}/${resource.id}`))
    next = page.link?.find(({ relation }) => relation === 'next')?.url
  }
  return { names, total, pages }
}

const isMine = (name: string): boolean => /\/mine(?:-\d)?$/.test(name)

it.each(Object.entries(RULES))('shows nothing beyond a constraint by %s', async (_name, constraintFor) => {
  const server = await wardOf(constraintFor)
  for (const [path, count] of [
    ['/Observation?_count=2', COUNT],
    ['/Observation?_count=2&_sort=date', COUNT],
    ['/Observation?_count=2&_sort=-_lastUpdated', COUNT],
    ['/Observation?code=c1&_count=2', COUNT / 2],
    ['/Observation?focus=Patient/other&_count=4', COUNT],
    ['/Observation?subject:Patient.name=smith', COUNT],
    ['/Device?status=active&_contained=true&_count=4', COUNT],
    ['/Device?_contained=both&_containedType=container&_sort=status', COUNT],
    ['/Observation?device:Device.status=active&_count=4', COUNT],
    ['/Patient?_has:Observation:patient:code=c1', 1],
    ['/Patient?_id=mine,other', 1],
    ['/?_type=Patient,Observation&_count=3', COUNT + 1],
    ['/Observation/_history?_count=2', COUNT],
    ['/_history?_count=3', COUNT + 2],
  ] as const) {
    const { names, total } = await walk(
      server,
      path.includes('_history') ? path : `${path}${path.includes('?') ? '&' : '?'}_total=accurate`,
    )
    expect({ path, total, length: names.length, others: names.filter((name) => !isMine(name)) }).toEqual({
      path,
      total: count,
      length: count,
      others: [],
    })
    expect(new Set(names).size).toBe(names.length)
  }
})

it.each(Object.entries(RULES))(
  'includes and collects nothing beyond a constraint by %s',
  async (_name, constraintFor) => {
    const server = await wardOf(constraintFor)
    const everything = `/Patient/mine/$everything?_count=3`
    for (const path of [
      '/Observation?_include=Observation:focus',
      '/Observation?_include=*&_count=2',
      '/Patient?_revinclude=Observation:focus',
      '/Encounter?_revinclude=*&_include:iterate=*',
      '/Observation/$lastn?patient=Patient/mine&max=9',
      '/Encounter/mine/$everything',
      everything,
    ]) {
      const { names } = await walk(server, path)
      expect([path, names.filter((name) => !isMine(name))]).toEqual([path, []])
      expect(names.length, path).toBeGreaterThan(1)
    }
    const { names, pages } = await walk(server, everything)
    expect([names.length, new Set(names).size]).toEqual([COUNT + 2, COUNT + 2])
    expect(pages).toBeGreaterThan(2)
    const status = async (method: string, path: string): Promise<number> =>
      (await server.ask(method, path)).status
    for (const path of [
      '/Patient/other',
      '/Patient/other/_history',
      '/Observation/other-0/_history/1',
      '/Patient/other/$everything',
      '/Patient/other/$meta',
      '/Observation/other-0/$validate',
    ])
      expect([path, await status('GET', path)]).toEqual([path, 404])
    expect((await walk(server, '/Observation/$lastn?patient=Patient/other')).names).toEqual([])
  },
)

it.each(Object.entries(RULES))(
  'has the history of what a list names within a constraint by %s only',
  async (_name, constraintFor) => {
    const server = await wardOf(constraintFor)
    server.become(administrator)
    const references = ['Observation/mine-0', 'Observation/other-0', 'Patient/mine', 'Patient/other']
    const entry = references.map((reference) => ({ item: { reference } }))
    const shared = { resourceType: 'List', status: 'current', mode: 'working', entry }
    for (const [id, label] of Object.entries({ mine: OPEN, other: SECRET }))
      await put(server, {
        ...shared,
        id,
        meta: { security: [label] },
        subject: { reference: `Patient/${id}` },
      })
    server.become(limited)
    const { names, total } = await walk(server, '/_history?_list=mine&_count=1')
    expect([names.toSorted(), total]).toEqual([['Observation/mine-0', 'Patient/mine'], 2])
    expect((await walk(server, '/_history?_list=other')).names).toEqual([])
  },
)

it.each(Object.entries(RULES))(
  'reads, writes and refers to nothing beyond a constraint by %s in Bundles',
  async (_name, constraintFor) => {
    const server = await wardOf(constraintFor)
    const patch = Buffer.from('[{"op":"add","path":"/active","value":true}]').toString('base64')
    const entry = [
      { request: { method: 'GET', url: 'Patient/other' } },
      { request: { method: 'GET', url: 'Patient?family=smith' } },
      { request: { method: 'GET', url: 'Patient/_history' } },
      {
        request: { method: 'PATCH', url: 'Patient/other' },
        resource: { resourceType: 'Binary', contentType: 'application/json-patch+json', data: patch },
      },
      { request: { method: 'DELETE', url: 'Observation?code=c0' } },
    ]
    const { text, json } = await server.ask('POST', '', {
      body: { resourceType: 'Bundle', type: 'batch', entry },
    })
    const answers = json['entry'] as readonly {
      readonly response: { readonly status: string }
      readonly resource?: Page
    }[]
    expect(
      answers.map(({ response }) => response.status.slice(0, 3)),
      text,
    ).toEqual(['404', '200', '200', '404', '204'])
    expect([answers[1]?.resource?.total, answers[2]?.resource?.total]).toEqual([1, 1])
    server.become(administrator)
    expect((await walk(server, '/Observation?code=c0')).names.filter((name) => !isMine(name))).toHaveLength(
      COUNT / 2,
    )
  },
)

it.each(Object.entries(RULES))(
  'tells what is wrong with a resource before what lies beyond a constraint by %s',
  async (_name, constraintFor) => {
    const server = await wardOf(constraintFor)
    const code = { text: 'x' }
    const subject = { reference: 'Patient/other' }
    const create = (resource: Readonly<Record<string, unknown>>) => ({
      request: { method: 'POST', url: 'Observation' },
      resource: { resourceType: 'Observation', code, subject, ...resource },
    })
    const send = async (entry: readonly object[]) =>
      server.ask('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } })
    const beyond = create({ status: 'final' })
    const faulty = await send([beyond, create({ status: 'none' }), beyond, create({ status: 4 })])
    expect(faulty.status, faulty.text).toBe(400)
    const issues = faulty.json['issue'] as readonly { readonly expression: readonly string[] }[]
    expect(issues.map(({ expression }) => expression[0])).toEqual([
      'Bundle.entry[1].resource.status',
      'Bundle.entry[3].resource.status',
    ])
    expect((await send([beyond])).status).toBe(403)
    server.become(administrator)
    expect((await server.ask('GET', '/Observation?code:text=x&_summary=count')).json['total']).toBe(0)
  },
)
