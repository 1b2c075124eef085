import { randomOf } from './random.ts'

/** A request before it is sent; the path stands below the FHIR base. */
export interface FuzzRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer
}

const PATIENT = {
  resourceType: 'Patient',
  id: 'p1',
  meta: { tag: [{ system: 'urn:x', code: 'y' }], profile: ['http://example.org/p|1'] },
  text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml"><p>x</p></div>' },
  identifier: [{ system: 'http://example.org', value: 'v' }],
  name: [{ family: 'Osman', given: ['Amna', null], _given: [null, { id: 'g' }] }],
  gender: 'female',
  birthDate: '1990-02-03',
  contact: [{ name: { text: 'x' }, period: { start: '2020-01-01T00:00:00Z' } }],
}
const OBSERVATION = {
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '2823-3' }], text: 'K' },
  subject: { reference: 'Patient/p1' },
  effectiveDateTime: '2020-01-01T10:00:00+02:00',
  valueQuantity: { value: 5.4, unit: 'mmol/L', system: 'http://unitsofmeasure.org', code: 'mmol/L' },
}
const BUNDLE = {
  resourceType: 'Bundle',
  type: 'transaction',
  entry: [
    {
      fullUrl: 'urn:uuid:6a0e4e3c-7b8b-4c3e-9a6e-2f0a4e2d1c01',
      resource: PATIENT,
      request: { method: 'POST', url: 'Patient', ifNoneExist: 'identifier=http://example.org|v' },
    },
    { resource: OBSERVATION, request: { method: 'POST', url: 'Observation' } },
    { request: { method: 'GET', url: 'Patient?name=x' } },
  ],
}
const PATCH = [{ op: 'replace', path: '/name/0/family', value: 'B' }]
const FHIR = { 'content-type': 'application/fhir+json' }
const sent = (method: string, path: string, content: unknown): FuzzRequest => ({
  method,
  path,
  headers: FHIR,
  body: Buffer.from(JSON.stringify(content)),
})
const got = (path: string): FuzzRequest => ({ method: 'GET', path, headers: {} })

const SEEDS: readonly FuzzRequest[] = [
  sent('POST', '/Patient', PATIENT),
  sent('PUT', '/Patient/p1', PATIENT),
  sent('POST', '/Observation', OBSERVATION),
  sent('POST', '', BUNDLE),
  sent('POST', '/', { ...BUNDLE, type: 'batch' }),
  { ...sent('PATCH', '/Patient/p1', PATCH), headers: { 'content-type': 'application/json-patch+json' } },
  sent('POST', '/Patient/$validate', PATIENT),
  {
    ...sent('POST', '/Patient', PATIENT),
    headers: { ...FHIR, 'if-none-exist': 'identifier=http://example.org|v' },
  },
  { method: 'DELETE', path: '/Patient?identifier=http://example.org|v', headers: {} },
  got('/Patient/p1'),
  got('/Patient/p1/_history?_count=2&_since=2020-01-01T00:00:00Z'),
  got('/Patient?name=a&birthdate=ge1990-01-01&_sort=-birthdate,family&_count=5&_total=accurate'),
  got('/Observation?subject:Patient.name=x&code=http://loinc.org|2823-3,x&value-quantity=gt5.4||mg'),
  got('/Observation?_include=Observation:subject&_include:iterate=Patient:organization&_summary=true'),
  got('/Patient?_has:Observation:patient:code=x&_elements=name&_pretty=true'),
  got('/Observation?code-value-quantity=x$gt5&date=2020&date=ne2021-01&category:not=lab'),
  got('/Patient/p1/$everything?start=2020&_type=Observation'),
  got('/?_type=Patient,Observation&_lastUpdated=gt2020'),
]
/** What breaks parsers: bounds, signs of other languages, numbers and dates that are none. */
const ODD = [
  '',
  '\0',
  '\u{1F600}',
  '\uD800',
  '%',
  '%zz',
  '%00',
  '__proto__',
  'constructor',
  '{"$gt":""}',
  '../..',
  '-1',
  '1e999',
  '9'.repeat(400),
  '0.1e-400',
  '2020-02-30',
  '2020-13',
  'T00',
  'a,b|c$d\\',
  '\\',
  '|',
  '|||',
  ':',
  '*',
  '(((((',
  '[[[[',
  'x'.repeat(3000),
  '<script>',
  'null',
  'true',
  'Patient/',
  'http://',
  'urn:uuid:',
  '#',
  'ge',
  'ap',
  '_id',
  '&&==',
  ';',
]

/** The `n`th request: a seed with one to four changes of its text, headers or bytes. */
export function fuzzRequest(n: number): FuzzRequest {
  const random = randomOf(n)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  let request = pick(SEEDS)
  for (let changes = 1 + Math.floor(random() * 4); changes > 0; changes--)
    request = changed(request, random, pick)
  return request
}

type Pick = <T>(list: readonly T[]) => T

function changed(request: FuzzRequest, random: () => number, pick: Pick): FuzzRequest {
  const { body } = request
  const kind = random()
  if (body !== undefined && kind < 0.6) return { ...request, body: changedBody(body, random, pick) }
  if (kind < 0.9) return { ...request, path: changedPath(request.path, random, pick) }
  if (kind < 0.95) return { ...request, method: pick(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']) }
  const name = pick([
    'if-match',
    'if-none-match',
    'if-modified-since',
    'prefer',
    'accept',
    'content-type',
    'if-none-exist',
  ])
  return {
    ...request,
    headers: {
      ...request.headers,
      [name]: pick(ODD)
        .replaceAll(/[^\x20-\x7e]/g, '?')
        .slice(0, 200),
    },
  }
}

/** Replaces, repeats, cuts or inserts a piece. Every character is sent as a request line may hold it. */
function changedPath(path: string, random: () => number, pick: Pick): string {
  const parts = path.split(/(?=[/?&=:|,$])/)
  const index = Math.floor(random() * parts.length)
  const odd = encodeURI(pick(ODD).toWellFormed()).replaceAll('#', '%23')
  const part = parts[index] ?? ''
  const kind = random()
  if (kind < 0.3) parts[index] = (part[0] ?? '') + odd
  else if (kind < 0.5) parts.splice(index, 0, part)
  else if (kind < 0.7) parts.splice(index, 1)
  else if (kind < 0.9) parts.splice(index, 0, `${pick(['&', '?', '/', ','])}${odd}`)
  else parts[index] = part.slice(0, Math.floor(random() * part.length))
  const joined = parts.join('')
  return joined.startsWith('/') || joined === '' || joined.startsWith('?') ? joined : `/${joined}`
}

function changedBody(body: Buffer, random: () => number, pick: Pick): Buffer {
  const at = Math.floor(random() * body.length)
  const kind = random()
  if (kind < 0.2) {
    const copy = Buffer.from(body)
    copy[at] = Math.floor(random() * 256)
    return copy
  }
  if (kind < 0.3) return body.subarray(0, at)
  const end = Math.min(body.length, at + Math.floor(random() * 60))
  const piece = kind < 0.5 ? body.subarray(at, end) : Buffer.from(replacement(random, pick))
  return Buffer.concat([body.subarray(0, at), piece, body.subarray(kind < 0.7 ? at : end)])
}

function replacement(random: () => number, pick: Pick): string {
  const depth = Math.floor(random() * 3000)
  return pick([
    JSON.stringify(pick(ODD)),
    pick(ODD),
    '['.repeat(depth),
    '{"a":'.repeat(depth),
    '1e400',
    'null',
    `[${'1,'.repeat(depth)}1]`,
    '"\\ud800"',
  ])
}
