import type { FreshHub } from './hub-process.ts'
import { bundle, familyOf, fullObservation, observation, patient, requestOf } from './samples.ts'

export interface Size {
  readonly patients: number
  readonly observations: number
}

/** One thing that clients do again and again. */
export interface Operation {
  readonly what: string
  /** The request number `index`. */
  readonly request: (index: number) => string
  /** What the bare server answers: the bytes that the hub answers to this path. Absent: it sends the body back. */
  readonly path?: string
  /** Wanted ratio by connections. */
  readonly wanted: Readonly<Record<number, string>>
  /** Resources of one request, when that is not one. */
  readonly resources?: number
}

export const CONNECTIONS = [1, 16, 64] as const
const BATCH = 100
const HEART_RATE = 'http://loinc.org|8867-4'

/** Patients `p0`, `p1`, ... and for each the same number of Observations, through the front door. */
export async function seed(hub: FreshHub, { patients, observations }: Size): Promise<void> {
  const post = (index: number) => ({
    request: { method: 'POST', url: 'Observation' },
    resource: fullObservation(index, `Patient/p${String(index % patients)}`),
  })
  await sent(hub, patients, putPatient)
  await sent(hub, observations, post)
}

function putPatient(index: number): object {
  const id = `p${String(index)}`
  return { request: { method: 'PUT', url: `Patient/${id}` }, resource: { ...patient(index), id } }
}

async function sent(hub: FreshHub, count: number, entryOf: (index: number) => object): Promise<void> {
  let next = 0
  const feed = async (): Promise<void> => {
    while (next < count) {
      const from = next
      next += BATCH
      const entry = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => entryOf(from + index))
      await hub.ask('/fhir', { method: 'POST', body: bundle('transaction', entry) })
    }
  }
  await Promise.all([feed(), feed(), feed(), feed()])
}

/** The operations of the table, over what `seed` made. */
export function operationsOf(hub: FreshHub, size: Size): readonly Operation[] {
  return [...readsOf(hub, size), ...writesOf(hub, size)]
}

const STRIDE = 7919

/** Far from the one before, so that nothing lives of being the same. */
function spread(index: number, { patients }: Size): number {
  return (index * STRIDE) % patients
}

function readsOf({ token }: FreshHub, size: Size): readonly Operation[] {
  const get = (pathOf: (index: number) => string) => ({
    path: pathOf(1),
    request: (index: number) => requestOf(pathOf(index), { token }),
  })
  const idOf = (index: number) => `p${String(spread(index, size))}`
  const ofPatient = (index: number) =>
    `/fhir/Observation?subject=Patient/${idOf(index)}&code=${HEART_RATE}&_sort=-date&_count=20`
  const byName = (index: number) => `/fhir/Patient?family=${familyOf(spread(index, size))}`
  const back = (index: number) => `/fhir/Patient?_id=${idOf(index)}&_revinclude=Observation:subject`
  return [
    { what: 'read by id', ...get((index) => `/fhir/Patient/${idOf(index)}`), wanted: { 16: '0.6' } },
    { what: 'sorted Observation search, 20 of 1.2 kB', ...get(ofPatient), wanted: { 16: '0.35' } },
    { what: 'name search, 5 results', ...get(byName), wanted: { 16: '0.3' } },
    {
      what: '_include, 20 + 1',
      ...get((index) => `${ofPatient(index)}&_include=Observation:subject`),
      wanted: { 16: '0.3' },
    },
    { what: '_revinclude, 100', ...get(back), wanted: { 16: '0.32' } },
    { what: '$everything, 101', ...get((index) => `/fhir/Patient/${idOf(index)}/$everything`), wanted: {} },
  ]
}

function writesOf({ token }: FreshHub, size: Size): readonly Operation[] {
  const wanted = { 16: '0.12', 64: '0.18' }
  const send = (method: 'POST' | 'PUT', path: string, resource: object) =>
    requestOf(`/fhir/${path}`, { token, method, body: JSON.stringify(resource) })
  const result = (index: number) => observation(index, `Patient/p${String(spread(index, size))}`)
  const changed = (index: number) => {
    const id = `p${String(spread(index, size))}`
    return send('PUT', `Patient/${id}`, { ...patient(index), id, multipleBirthInteger: index })
  }
  const hundred = (index: number) => {
    const entry = Array.from({ length: BATCH }, (_, place) => ({
      request: { method: 'POST', url: 'Observation' },
      resource: result(index * BATCH + place),
    }))
    return requestOf('/fhir', { token, method: 'POST', body: bundle('transaction', entry) })
  }
  return [
    { what: 'PUT Patient', request: changed, wanted },
    {
      what: 'POST Patient',
      request: (index) => send('POST', 'Patient', patient(size.patients + index)),
      wanted,
    },
    { what: 'POST Observation', request: (index) => send('POST', 'Observation', result(index)), wanted },
    { what: 'transaction of 100', request: hundred, wanted: {}, resources: BATCH },
  ]
}
