import { hasCode } from '@hub/care/facility/record.contract.ts'
import { VITAL_CODES, testCode, valueView } from '@hub/care/facility/value-view.contract.ts'
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
  const groups = Map.groupBy(observations, (observation) => testCode(observation))
  const rows = [...groups].flatMap(([code, group]): TestRow[] => {
    const values = group.flatMap((one) => valueView(one) ?? []).toSorted((a, b) => b.at - a.at)
    const [latest] = values
    return latest === undefined
      ? []
      : [
          {
            code,
            label: latest.label,
            vital: vitalOf(group[0]),
            unit: latest.unit,
            range: rangeOf(group),
            values,
          },
        ]
  })
  return rows.toSorted((a, b) => a.label.localeCompare(b.label))
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
  const [low, high] = [range.low?.value, range.high?.value]
  if (range.text !== undefined) return range.text
  if (low !== undefined && high !== undefined) return `${low}–${high}`
  return low === undefined ? `≤ ${high}` : `≥ ${low}`
}
