/** How an Observation is shown: by the hub on the ward board and by the console on the chart, so that both say the same. */
import type { Choice, Component, Concept, Observation, Quantity } from './record.contract.ts'
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
  const standing = STANDINGS[observation.status ?? '']
  return {
    resource: `Observation/${observation.id}`,
    label: labelOf(observation.code),
    parts: [...parts],
    at,
    ...(unit === undefined ? {} : { unit }),
    ...(flag === undefined ? {} : { flag }),
    ...(standing === undefined ? {} : { standing }),
  }
}

/** The code by which two Observations count as the same test. */
export function testCode({ code }: Observation): string {
  const first = code.coding?.[0]
  return first ? `${first.system ?? ''}|${first.code ?? ''}` : (code.text ?? '')
}

/** A part is printed with its own words; several make one value. */
type Part = ValueView['parts'][number]

/** Of a value[x] of any kind, else the reason why there is none, else of the components. */
function partsOf(observation: Observation): readonly Part[] {
  const { component = [], dataAbsentReason } = observation
  const pressures = [SYSTOLIC, DIASTOLIC].flatMap((code) => componentPart(component, code))
  if (pressures.length > 0) return pressures
  const own = choicePart('Observation', observation)
  if (own !== undefined) return [own]
  const parts = component.slice(0, COMPONENTS_SHOWN).flatMap((one, index) => namedPart(one, index))
  if (parts.length > 0 || dataAbsentReason === undefined) return parts
  return [{ text: labelOf(dataAbsentReason), element: 'Observation.dataAbsentReason' }]
}

const COMPONENTS_SHOWN = 20

/** The value[x] of an Observation or of a component. */
function choicePart(at: string, value: Choice): Part | undefined {
  const { valueQuantity, valueString, valueInteger, valueCodeableConcept, valueBoolean } = value
  if (valueQuantity?.value !== undefined) return quantityPart(`${at}.valueQuantity`, valueQuantity)
  if (valueString !== undefined) return { text: valueString, element: `${at}.valueString` }
  if (valueInteger !== undefined) return { text: String(valueInteger), element: `${at}.valueInteger` }
  if (valueBoolean !== undefined) return { text: String(valueBoolean), element: `${at}.valueBoolean` }
  if (valueCodeableConcept) {
    return { text: labelOf(valueCodeableConcept), element: `${at}.valueCodeableConcept` }
  }
  return spanPart(at, value)
}

/** Of the choices that hold two ends. */
function spanPart(at: string, value: Choice): Part | undefined {
  const { valueRatio, valueRange, valuePeriod } = value
  if (valueRatio) {
    const text = [valueRatio.numerator, valueRatio.denominator].map(withUnit).join(':')
    return { text, element: `${at}.valueRatio.numerator.value` }
  }
  if (valueRange) {
    const { low, high } = valueRange
    const end = low?.value === undefined ? 'high' : 'low'
    return { text: rangeText(low?.value, high?.value), element: `${at}.valueRange.${end}.value` }
  }
  if (valuePeriod) {
    const { start = '', end = '' } = valuePeriod
    return { text: `${start} – ${end}`, element: `${at}.valuePeriod.${start === '' ? 'end' : 'start'}` }
  }
  return plainPart(at, value)
}

/** Of the choices that are one text. */
function plainPart(at: string, { valueDateTime, valueTime, valueSampledData }: Choice): Part | undefined {
  if (valueDateTime !== undefined) return { text: valueDateTime, element: `${at}.valueDateTime` }
  if (valueTime !== undefined) return { text: valueTime, element: `${at}.valueTime` }
  const data = valueSampledData?.data
  return data === undefined ? undefined : { text: data, element: `${at}.valueSampledData.data` }
}

/** Two limits as people write them; of an open one only the end that is there. */
export function rangeText(low: Quantity['value'], high: Quantity['value']): string {
  if (low !== undefined && high !== undefined) return `${low}–${high}`
  return low === undefined ? `≤ ${high}` : `≥ ${low}`
}

function withUnit(quantity: Quantity | undefined): string {
  const { value = '', comparator = '', unit, code } = quantity ?? {}
  const shown = unit ?? code
  return `${comparator}${value}${shown === undefined ? '' : ` ${printedUnit(shown)}`}`
}

/** A component by its name, with the unit that is its own. */
function namedPart(component: Component, index: number): readonly Part[] {
  const part = choicePart(`Observation.component[${index}]`, component)
  if (part === undefined) return []
  const text = component.valueQuantity ? withUnit(component.valueQuantity) : part.text
  return [{ text: `${labelOf(component.code)} ${text}`.trim(), element: part.element }]
}

function componentPart(components: readonly Component[], code: string): readonly Part[] {
  const index = components.findIndex((component) => hasCode(component.code, code))
  const quantity = components[index]?.valueQuantity
  return quantity?.value === undefined
    ? []
    : [quantityPart(`Observation.component[${index}].valueQuantity`, quantity)]
}

function quantityPart(element: string, { value, comparator }: Quantity): Part {
  return { text: `${comparator ?? ''}${value}`, element: `${element}.value` }
}

function unitOf({ valueQuantity, valueRange, component = [] }: Observation): string | undefined {
  const pressure = [SYSTOLIC, DIASTOLIC].map((code) => component.find((part) => hasCode(part.code, code)))
  const quantity =
    valueQuantity ?? valueRange?.low ?? valueRange?.high ?? pressure.find(Boolean)?.valueQuantity
  const unit = quantity?.unit ?? quantity?.code
  return unit === undefined ? undefined : printedUnit(unit)
}

/** `Observation.status`, where it says that the value may change or has changed. */
const STANDINGS: Readonly<Record<string, ValueView['standing']>> = {
  registered: 'preliminary',
  preliminary: 'preliminary',
  amended: 'corrected',
  corrected: 'corrected',
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
