/** How an Observation is shown: by the hub on the ward board and by the console on the chart, so that both say the same. */
import type { Component, Concept, Observation, Quantity } from './record.contract.ts'
import { hasCode } from './record.contract.ts'
import type { Interpretation, ValueView, Vital } from './wards.contract.ts'

/** LOINC codes of each vital sign; the first is the one of the FHIR vital signs profile. */
export const VITAL_CODES: Readonly<Record<Vital, readonly string[]>> = {
  hr: ['8867-4'],
  spo2: ['2708-6', '59408-5'],
  bp: ['85354-9', '55284-4', '35094-2'],
  rr: ['9279-1'],
  temp: ['8310-5', '8329-5'],
}
const SYSTOLIC = '8480-6'
const DIASTOLIC = '8462-4'

/** HL7 v3 ObservationInterpretation, as far as it says that something is not normal. */
const FLAGS: Readonly<Record<string, Interpretation>> = {
  L: 'low',
  H: 'high',
  A: 'abnormal',
  LL: 'critical-low',
  HH: 'critical-high',
  LU: 'critical-low',
  HU: 'critical-high',
  AA: 'critical',
}

/** Print forms of UCUM units; any other unit is printed as it is. */
const PRINTED: Readonly<Record<string, string>> = {
  'mm[Hg]': 'mmHg',
  Cel: '°C',
  '[degF]': '°F',
  '{beats}/min': 'bpm',
  '[pH]': '',
}
const POWER = /^10\*(\d{1,2})(?=\/|$)/
const MICRO = /(?<![A-Za-z])u(?=(?:L|g|mol|m|U|kat)(?![A-Za-z]))/g
const SUPERSCRIPT = '⁰¹²³⁴⁵⁶⁷⁸⁹'

/** A unit as people read it: `10*3/uL` as `×10³/µL`. */
export function printedUnit(unit: string): string {
  return (
    PRINTED[unit] ??
    unit
      .replace(POWER, (_all, digits: string) => `×10${raised(digits)}`)
      .replaceAll(MICRO, 'µ')
      .replaceAll('[iU]', 'IU')
  )
}

function raised(digits: string): string {
  return Array.from(digits, (digit) => SUPERSCRIPT[Number(digit)]).join('')
}

/** The view of one Observation; `undefined` when it has no value to show or no time. */
export function valueView(observation: Observation): ValueView | undefined {
  const parts = partsOf(observation)
  const at = measuredAt(observation)
  if (parts.length === 0 || at === undefined) return undefined
  const unit = unitOf(observation)
  const flag = flagOf(observation)
  return {
    resource: `Observation/${observation.id}`,
    label: labelOf(observation.code),
    parts,
    at,
    ...(unit === undefined ? {} : { unit }),
    ...(flag === undefined ? {} : { flag }),
  }
}

/** The code by which two Observations count as the same test. */
export function testCode({ code }: Observation): string {
  const first = code.coding?.[0]
  return first ? `${first.system ?? ''}|${first.code ?? ''}` : (code.text ?? '')
}

function partsOf(observation: Observation): ValueView['parts'] {
  const { valueQuantity, valueString, valueInteger, valueCodeableConcept, component = [] } = observation
  const pressures = [SYSTOLIC, DIASTOLIC].flatMap((code) => componentPart(component, code))
  if (pressures.length > 0) return pressures
  if (valueQuantity?.value !== undefined) return [quantityPart('Observation.valueQuantity', valueQuantity)]
  if (valueString !== undefined) return [{ text: valueString, element: 'Observation.valueString' }]
  if (valueInteger !== undefined) return [{ text: String(valueInteger), element: 'Observation.valueInteger' }]
  if (valueCodeableConcept) {
    return [{ text: labelOf(valueCodeableConcept), element: 'Observation.valueCodeableConcept' }]
  }
  return []
}

function componentPart(components: readonly Component[], code: string): ValueView['parts'] {
  const index = components.findIndex((component) => hasCode(component.code, code))
  const quantity = components[index]?.valueQuantity
  return quantity?.value === undefined
    ? []
    : [quantityPart(`Observation.component[${index}].valueQuantity`, quantity)]
}

function quantityPart(element: string, { value, comparator }: Quantity): ValueView['parts'][number] {
  return { text: `${comparator ?? ''}${value}`, element: `${element}.value` }
}

function unitOf({ valueQuantity, component }: Observation): string | undefined {
  const quantity = valueQuantity ?? component?.find((part) => part.valueQuantity)?.valueQuantity
  const unit = quantity?.unit ?? quantity?.code
  return unit === undefined ? undefined : printedUnit(unit)
}

function flagOf({ interpretation = [] }: Observation): Interpretation | undefined {
  const codes = interpretation.flatMap(({ coding = [] }) =>
    coding.flatMap(({ code }) => FLAGS[code ?? ''] ?? []),
  )
  return codes.find((flag) => flag.startsWith('critical')) ?? codes[0]
}

function measuredAt({
  effectiveDateTime,
  effectiveInstant,
  effectivePeriod,
  issued,
}: Observation): number | undefined {
  const text =
    effectiveDateTime ?? effectiveInstant ?? effectivePeriod?.end ?? effectivePeriod?.start ?? issued
  const at = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(at) ? undefined : at
}

function labelOf({ text, coding }: Concept): string {
  return text ?? coding?.find(({ display }) => display)?.display ?? coding?.[0]?.code ?? ''
}
