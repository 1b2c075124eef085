import type { JsonObject } from '../kernel/json.ts'
import type { Metric, Profile } from './profile.ts'
import type { Reading } from './reading.ts'

export interface ChartedMinute {
  readonly profile: Profile
  readonly device: string
  readonly patient: string
  /** Start of the minute, milliseconds UTC. */
  readonly minute: number
  readonly readings: readonly Reading[]
}

interface Summary {
  readonly metric: Metric
  readonly median: number
  readonly least: number
  readonly most: number
  readonly count: number
}

const MINUTE_MS = 60_000
const STATISTICS = 'http://terminology.hl7.org/CodeSystem/observation-statistics'
const LOINC = 'http://loinc.org'

/** The charted points of one minute: one Observation a metric or panel, with the median as its value and least, most and count as components. */
export function chartMinute(charted: ChartedMinute): readonly JsonObject[] {
  const summaries = charted.profile.metrics.flatMap((metric) => summary(metric, charted.readings))
  const single = summaries.filter(({ metric }) => metric.panel === undefined)
  const panels = charted.profile.panels.flatMap((panel) => {
    const parts = summaries.filter(({ metric }) => metric.panel === panel.loinc)
    return parts.length === 0
      ? []
      : [observation(charted, coding(panel.loinc, panel.name), { component: parts.map(part) })]
  })
  return [...single.map((one) => observation(charted, codes(one.metric), value(one))), ...panels]
}

/** The code that a charted Observation goes by: one a minute and patient. */
export function nameOf(resource: JsonObject): string {
  return JSON.stringify(resource['code'])
}

function summary(metric: Metric, readings: readonly Reading[]): Summary[] {
  const values = readings.flatMap((reading) => reading.values[metric.key] ?? []).toSorted((a, b) => a - b)
  const [least, most, median] = [values[0], values.at(-1), values[Math.trunc((values.length - 1) / 2)]]
  return least === undefined || most === undefined || median === undefined
    ? []
    : [{ metric, median, least, most, count: values.length }]
}

function observation(charted: ChartedMinute, code: JsonObject, rest: JsonObject): JsonObject {
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
    code,
    subject: { reference: charted.patient },
    effectivePeriod: {
      start: new Date(charted.minute).toISOString(),
      end: new Date(charted.minute + MINUTE_MS - 1).toISOString(),
    },
    device: { reference: `Device/${charted.device}` },
    ...rest,
  }
}

function value({ metric, median, least, most, count }: Summary): JsonObject {
  return {
    valueQuantity: quantity(metric, median),
    component: [
      { code: statistic('minimum'), valueQuantity: quantity(metric, least) },
      { code: statistic('maximum'), valueQuantity: quantity(metric, most) },
      { code: statistic('count'), valueInteger: count },
    ],
  }
}

function part({ metric, median }: Summary): JsonObject {
  return { code: codes(metric), valueQuantity: quantity(metric, median) }
}

function codes({ loinc, also, mdc, name }: Metric): JsonObject {
  return {
    coding: [
      { system: LOINC, code: loinc, display: name },
      ...(also === undefined ? [] : [{ system: LOINC, code: also }]),
      { system: 'urn:iso:std:iso:11073:10101', code: mdc },
    ],
    text: name,
  }
}

function coding(loinc: string, name: string): JsonObject {
  return { coding: [{ system: LOINC, code: loinc, display: name }], text: name }
}

function statistic(code: string): JsonObject {
  return { coding: [{ system: STATISTICS, code }] }
}

function quantity({ unit }: Metric, amount: number): JsonObject {
  return { value: amount, unit, system: 'http://unitsofmeasure.org', code: unit }
}
