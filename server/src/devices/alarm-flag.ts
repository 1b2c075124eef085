import type { JsonObject } from '../kernel/json.ts'
import { CRITICAL_HIGH, CRITICAL_LOW } from './heart-rate-rule.ts'

/** An alarm that goes on, as the record collection `device-alarms-open` keeps it. */
export interface OpenAlarm {
  readonly flag: string
  readonly device: string
  /** Milliseconds UTC of the reading that completed it, and its value in beats a minute. */
  readonly since: number
  readonly value: number
  readonly patient: string
}

const READING = 'reading'

/**
 * The alarm as a Flag. The reading that raised it goes with it as a contained Observation with the limits as its reference range, so that a
 * screen can say "132, limit 120" also after a reload.
 *
 * @param end milliseconds UTC of the reading that ended it; absent while it goes on.
 * @see FHIR R4, extension flag-detail
 */
export function flagOf(alarm: OpenAlarm, end?: number): JsonObject {
  const period = {
    start: new Date(alarm.since).toISOString(),
    ...(end === undefined ? {} : { end: new Date(end).toISOString() }),
  }
  return {
    resourceType: 'Flag',
    id: alarm.flag,
    contained: [readingOf(alarm)],
    extension: [
      {
        url: 'http://hl7.org/fhir/StructureDefinition/flag-detail',
        valueReference: { reference: `#${READING}` },
      },
    ],
    status: end === undefined ? 'active' : 'inactive',
    category: [
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/flag-category', code: 'clinical' }] },
    ],
    code: { coding: [{ system: 'urn:mogran:alarm', code: 'vitals.critical' }], text: 'Heart rate critical' },
    subject: { reference: alarm.patient },
    period,
  }
}

function readingOf({ device, since, value, patient }: OpenAlarm): JsonObject {
  return {
    resourceType: 'Observation',
    id: READING,
    status: 'preliminary',
    code: { coding: [{ system: 'http://loinc.org', code: '8867-4', display: 'Heart rate' }] },
    subject: { reference: patient },
    effectiveDateTime: new Date(since).toISOString(),
    valueQuantity: rate(value),
    device: { identifier: { system: 'urn:mogran:device', value: device } },
    referenceRange: [{ low: rate(CRITICAL_LOW), high: rate(CRITICAL_HIGH) }],
  }
}

function rate(value: number): JsonObject {
  return { value, unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' }
}
