/** Requests as text, and the resources that they carry. */
export interface Sent {
  readonly token: string
  readonly method?: 'GET' | 'POST' | 'PUT'
  readonly body?: string
}

export function requestOf(path: string, { token, method = 'GET', body }: Sent): string {
  const head = `${method} ${path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\n`
  if (body === undefined) return `${head}\r\n`
  return `${head}Content-Type: application/fhir+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

const SHARED_FAMILY = 5

/** Five patients of each family name. */
export function familyOf(index: number): string {
  return `Bench${String(Math.floor(index / SHARED_FAMILY)).padStart(6, '0')}`
}

export function patient(index: number): object {
  return {
    resourceType: 'Patient',
    identifier: [{ system: 'urn:bench', value: `bench-${String(index)}` }],
    active: true,
    name: [{ use: 'official', family: familyOf(index), given: ['Amal', 'Nour'] }],
    telecom: [{ system: 'phone', value: '+249 1 555 0100', use: 'home' }],
    gender: 'female',
    birthDate: '1980-02-29',
    address: [{ line: ['12 River Road'], city: 'Khartoum', country: 'SD' }],
  }
}

const MINUTE_MS = 60_000
const START = Date.UTC(2024, 0)
const LOINC = 'http://loinc.org'

/** A heart rate. */
export function observation(index: number, subject: string): object {
  return {
    resourceType: 'Observation',
    status: 'final',
    category: [
      {
        coding: [
          { system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' },
        ],
      },
    ],
    code: { coding: [{ system: LOINC, code: '8867-4', display: 'Heart rate' }], text: 'Heart rate' },
    subject: { reference: subject },
    effectiveDateTime: new Date(START + index * MINUTE_MS).toISOString(),
    valueQuantity: {
      value: 60 + (index % 60),
      unit: 'beats/minute',
      system: 'http://unitsofmeasure.org',
      code: '/min',
    },
  }
}

/** The same as a laboratory system sends it: 1.2 kB. */
export function fullObservation(index: number, subject: string): object {
  return {
    ...observation(index, subject),
    identifier: [{ system: 'urn:bench:result', value: `result-${String(index).padStart(10, '0')}` }],
    encounter: { reference: `Encounter/visit-${subject.slice('Patient/'.length)}` },
    issued: new Date(START + index * MINUTE_MS + MINUTE_MS).toISOString(),
    performer: [{ reference: 'Practitioner/on-duty', display: 'Nurse on duty, ward 3 east' }],
    interpretation: [
      {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation',
            code: 'N',
            display: 'Normal',
          },
        ],
      },
    ],
    note: [
      { text: 'Measured at rest, patient sitting, cuff on the left arm; repeated once after five minutes.' },
    ],
    referenceRange: [
      {
        low: { value: 60, unit: 'beats/minute', system: 'http://unitsofmeasure.org', code: '/min' },
        high: { value: 100, unit: 'beats/minute', system: 'http://unitsofmeasure.org', code: '/min' },
      },
    ],
  }
}

export function bundle(type: 'transaction' | 'batch', entry: readonly object[]): string {
  return JSON.stringify({ resourceType: 'Bundle', type, entry })
}
