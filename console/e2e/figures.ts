import type { APIRequestContext, Locator } from '@playwright/test'
import { expect } from '@playwright/test'

import { admit, bearer, found, freshStay, patientId, report } from './hub.ts'
import type { Stay } from './hub.ts'

const HOUR = 3_600_000
const LATE = new Date(Date.now() - 3 * HOUR - 600_000).toISOString()
const EARLY = new Date(Date.now() - 27 * HOUR).toISOString()
const LOINC = 'http://loinc.org'
const CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category'

interface Quantity {
  readonly value: number
}
export interface Observation {
  readonly effectiveDateTime: string
  readonly code: { readonly coding: readonly { readonly code: string }[] }
  readonly valueQuantity?: Quantity
  readonly component?: readonly { readonly valueQuantity: Quantity }[]
  readonly referenceRange?: readonly {
    readonly text?: string
    readonly low?: Quantity
    readonly high?: Quantity
  }[]
}
export interface Patient {
  readonly birthDate: string
  readonly identifier: readonly { readonly value: string }[]
  readonly name: readonly { readonly family: string; readonly given: readonly string[] }[]
  readonly telecom?: readonly { readonly value: string }[]
  readonly address?: readonly { readonly line?: readonly string[]; readonly city?: string }[]
}
interface Encounter {
  readonly period: { readonly start: string }
  readonly location: readonly { readonly location: { readonly reference: string } }[]
}
interface Place {
  readonly id: string
  readonly name: string
  readonly partOf?: { readonly reference: string }
}

/** The numbers in a text, in their order: `124/78` are two, `08:05` is one. */
function figuresIn(text: string): readonly string[] {
  return text.match(/\d+(?:[.:]\d+)*/g) ?? []
}

export const sorted = (texts: readonly string[]) => texts.flatMap(figuresIn).toSorted()

export async function shownIn(place: Locator): Promise<readonly string[]> {
  return sorted([await place.innerText()])
}

/** `26-Nov-2026 00:04` in the zone of the hub. */
export function instant(text: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: 'Africa/Khartoum',
    year: 'numeric',
    month: 'short',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(new Date(text))
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? ''
  return `${of('day')}-${of('month')}-${of('year')} ${of('hour')}:${of('minute')}`
}

export function yearsSince(birth: string): number {
  const [year = 0, month = 1, day = 1] = birth.split('-').map(Number)
  const now = new Date()
  const isBefore =
    now.getUTCMonth() + 1 < month || (now.getUTCMonth() + 1 === month && now.getUTCDate() < day)
  return now.getUTCFullYear() - year - (isBefore ? 1 : 0)
}

export function valuesOf({ valueQuantity, component = [] }: Observation): readonly string[] {
  return [valueQuantity, ...component.map((part) => part.valueQuantity)].flatMap((quantity) =>
    quantity === undefined ? [] : String(quantity.value),
  )
}

async function record(request: APIRequestContext, id: string, observation: object): Promise<void> {
  const resource = { resourceType: 'Observation', status: 'final', subject: { reference: `Patient/${id}` } }
  const answer = await request.post('/fhir/Observation', {
    headers: { ...(await bearer(request)), 'content-type': 'application/fhir+json' },
    data: { ...resource, ...observation },
  })
  expect(answer.status()).toBe(201)
}

interface Measured {
  readonly code: string
  readonly value: number
  readonly unit: string
  readonly at: string
}

function vital({ code, value, unit, at }: Measured) {
  return {
    category: [{ coding: [{ system: CATEGORY, code: 'vital-signs' }] }],
    code: { coding: [{ system: LOINC, code }] },
    effectiveDateTime: at,
    valueQuantity: { value, unit, system: 'http://unitsofmeasure.org', code: unit },
  }
}

function pressure(code: string, value: number) {
  const {
    category: _none,
    effectiveDateTime: _either,
    ...component
  } = vital({ code, value, unit: 'mm[Hg]', at: LATE })
  return component
}

export async function patientWithValues(request: APIRequestContext): Promise<{ stay: Stay; id: string }> {
  const stay = freshStay()
  await admit(stay)
  const id = await patientId(request, stay)
  for (const value of ['3.9', '6.25']) {
    await report({
      mrn: stay.mrn,
      id: `${stay.mrn}${value.length}`,
      value,
      flag: '',
      at: value === '3.9' ? EARLY : LATE,
    })
  }
  const measured = [
    { code: '8867-4', value: 88, unit: '/min', at: EARLY },
    { code: '8867-4', value: 91, unit: '/min', at: LATE },
    { code: '2708-6', value: 96, unit: '%', at: LATE },
    { code: '9279-1', value: 17, unit: '/min', at: LATE },
    { code: '8310-5', value: 37.4, unit: 'Cel', at: LATE },
  ]
  for (const one of measured) await record(request, id, vital(one))
  const { valueQuantity: _none, ...panel } = vital({ code: '85354-9', value: 0, unit: 'mm[Hg]', at: LATE })
  await record(request, id, { ...panel, component: [pressure('8480-6', 131), pressure('8462-4', 77)] })
  await found(request, `Observation?patient=${id}&code=2823-3`, 2)
  return { stay, id }
}

export const observationsOf = async (request: APIRequestContext, id: string) =>
  (await found(
    request,
    `Observation?patient=${id}&_sort=-date&_count=100`,
  )) as unknown as readonly Observation[]
export const patientOf = async (request: APIRequestContext, id: string) =>
  (await found(request, `Patient?_id=${id}`))[0] as unknown as Patient
export const placeOf = async (request: APIRequestContext, reference = '') =>
  (await found(request, `Location?_id=${reference.split('/')[1]}`))[0] as unknown as Place

export async function staysOf(request: APIRequestContext, id: string) {
  const stays = (await found(
    request,
    `Encounter?patient=${id}&status=in-progress`,
  )) as unknown as readonly Encounter[]
  expect(stays).toHaveLength(1)
  return stays[0]
}
