import type { Caller } from '../../auth/caller.ts'
import { type Observation, hasCode } from './record.contract.ts'
import type { Find } from './search.ts'
import { VITAL_CODES } from './value-view.contract.ts'
import { VITALS, type Vital } from './wards.contract.ts'

export interface PatientValues {
  /** The latest Observation of each vital sign. */
  readonly vitals: Readonly<Partial<Record<Vital, Observation>>>
  /** Laboratory results. */
  readonly results: readonly Observation[]
}

const CURRENT = 'preliminary,final,amended,corrected'
const RESULTS_READ = 30
const VITAL = Object.values(VITAL_CODES).flat()

/** The latest vital signs and laboratory results of a patient (`Patient/1`), each by a search of its own, so that frequent ones hide none. */
export async function readPatientValues(find: Find, caller: Caller, patient: string): Promise<PatientValues> {
  const common = { patient, status: CURRENT, _sort: '-date' }
  const most = { ...common, _count: String(RESULTS_READ) }
  const [laboratory, plain, ...vitals] = await Promise.all([
    find<Observation>(caller, 'Observation', { ...most, category: 'laboratory' }),
    // A laboratory that does not fill OBR-24 sends results without a category.
    find<Observation>(caller, 'Observation', { ...most, 'category:missing': 'true' }),
    ...VITALS.map((vital) => {
      const code = VITAL_CODES[vital].map((loinc) => `http://loinc.org|${loinc}`).join(',')
      return find<Observation>(caller, 'Observation', { ...common, code, _count: '1' })
    }),
  ])
  const pairs = VITALS.flatMap((vital, index) => {
    const observation = vitals[index]?.[0]
    return observation ? [[vital, observation] as const] : []
  })
  const results = [...laboratory, ...plain].filter(({ code }) => !VITAL.some((vital) => hasCode(code, vital)))
  return { results, vitals: Object.fromEntries(pairs) }
}
