import { hasCode } from '@hub/care/facility/record.contract.ts'
import { VITAL_CODES, rangeText, testCode, valueView } from '@hub/care/facility/value-view.contract.ts'
import { VITALS } from '@hub/care/facility/wards.contract.ts'
import type { ValueView, Vital } from '@hub/care/facility/wards.contract.ts'

import type { FhirObservation } from '../../api/fhir.ts'

/** Tests by times, for one kind of result. */
export interface ResultGrid {
  readonly kind: 'vital-signs' | 'laboratory' | 'other'
  /** Milliseconds UTC, newest first. */
  readonly times: readonly number[]
  readonly tests: readonly TestRow[]
}

export interface TestRow {
  readonly code: string
  /** As the record says; a vital sign has a name in every language. */
  readonly label: string
  readonly vital: Vital | undefined
  readonly unit: string | undefined
  readonly range: string | undefined
  /** Newest first. */
  readonly values: readonly ValueView[]
}

const COLUMNS = 8
const KINDS = ['vital-signs', 'laboratory', 'other'] as const
const HIDDEN = new Set(['entered-in-error', 'cancelled'])

/** The results of a patient as grids, each with its latest times; kinds without results are left out. */
export function resultGrids(observations: readonly FhirObservation[]): readonly ResultGrid[] {
  const shown = observations.filter(({ status }) => !HIDDEN.has(status))
  return KINDS.flatMap((kind) => {
    const tests = testsOf(shown.filter((observation) => kindOf(observation) === kind))
    const times = new Set(tests.flatMap(({ values }) => values.map(({ at }) => at)))
    const newest = [...times].toSorted((a, b) => b - a).slice(0, COLUMNS)
    return tests.length === 0 ? [] : { kind, tests, times: newest }
  })
}

function testsOf(observations: readonly FhirObservation[]): readonly TestRow[] {
  const seen = observations.flatMap((observation) => {
    const view = valueView(observation)
    return view === undefined ? [] : [{ observation, view }]
  })
  const newestFirst = seen.toSorted((a, b) => b.view.at - a.view.at)
  const rows = [...Map.groupBy(newestFirst, ({ observation }) => testCode(observation))]
  return rows
    .flatMap(([code, group]) => rowsOf(code, group))
    .toSorted((a, b) => a.label.localeCompare(b.label))
}

interface Seen {
  readonly observation: FhirObservation
  readonly view: ValueView
}

/** A number counts in its unit: values of another one get a row of their own. Words stand with the newest unit. */
function rowsOf(code: string, group: readonly Seen[]): readonly TestRow[] {
  const units = new Set(group.filter(({ view }) => hasNumber(view)).map(({ view }) => view.unit))
  const [newest] = units
  const byUnit = Map.groupBy(group, ({ view }) => (hasNumber(view) ? view.unit : newest))
  return [...byUnit].map(([unit, row]) => ({
    code: units.size < 2 ? code : `${code} ${unit ?? ''}`,
    label: row[0]?.view.label ?? '',
    vital: vitalOf(row[0]?.observation),
    unit,
    range: rangeOf(row.map(({ observation }) => observation)),
    values: row.map(({ view }) => view),
  }))
}

/** Whether a value is a number, bounded (`<0.5`) or not, and so counts in its unit. */
function hasNumber({ parts, unit }: ValueView): boolean {
  return unit !== undefined || parts.some(({ text }) => /^[<>]?=?\d/.test(text) && isNumber(bare(text)))
}

function bare(text: string): string {
  return text.replace(/^[<>]=?/, '')
}

function isNumber(text: string): boolean {
  return text.trim() !== '' && !Number.isNaN(Number(text))
}

/** The test whose curve tells most: the worst newest value among those with several numbers. */
export function worthDrawing(grids: readonly ResultGrid[]): TestRow | undefined {
  const drawable = grids
    .flatMap(({ tests }) => tests)
    .filter(({ values }) => values.filter(({ parts }) => isNumber(parts[0]?.text ?? '')).length > 1)
  return drawable.toSorted((a, b) => rankOf(a) - rankOf(b))[0]
}

function rankOf({ values: [newest] }: TestRow): number {
  if (newest?.flag === undefined) return 2
  return newest.flag.startsWith('critical') ? 0 : 1
}

function vitalOf(observation: FhirObservation | undefined): Vital | undefined {
  return VITALS.find((vital) => VITAL_CODES[vital].some((code) => hasCode(observation?.code, code)))
}

const VITAL = Object.values(VITAL_CODES).flat()

function kindOf({ category = [], code }: FhirObservation): ResultGrid['kind'] {
  if (category.some((concept) => hasCode(concept, 'vital-signs'))) return 'vital-signs'
  if (category.length === 0) return VITAL.some((vital) => hasCode(code, vital)) ? 'vital-signs' : 'laboratory'
  if (category.some((concept) => hasCode(concept, 'laboratory'))) return 'laboratory'
  return 'other'
}

/** The reference range of the newest result that names one, as it was sent. */
function rangeOf(group: readonly FhirObservation[]): string | undefined {
  const range = group
    .flatMap(({ referenceRange = [] }) => referenceRange)
    .find(
      ({ low, high, text }) => low?.value !== undefined || high?.value !== undefined || text !== undefined,
    )
  if (range === undefined) return undefined
  return range.text ?? rangeText(range.low?.value, range.high?.value)
}
