import type { Caller } from '../../auth/caller.ts'
import type { Observation } from './record.contract.ts'
import type { Find } from './search.ts'
import { VITAL_CODES } from './value-view.contract.ts'
import { VITALS, type Vital } from './wards.contract.ts'

export interface PatientValues {
  /** The latest Observation of each vital sign. */
  readonly vitals: Readonly<Partial<Record<Vital, Observation>>>
  /** Laboratory results, newest first. */
  readonly results: readonly Observation[]
}

const CURRENT = 'preliminary,final,amended,corrected'
const RESULTS_READ = 30

/** The latest vital signs and laboratory results of a patient (`Patient/1`), each by a search of its own, so that frequent ones hide none. */
export async function readPatientValues(find: Find, caller: Caller, patient: string): Promise<PatientValues> {
  const common = { patient, status: CURRENT, _sort: '-date' }
  const [results, ...vitals] = await Promise.all([
    find<Observation>(caller, 'Observation', {
      ...common,
      category: 'laboratory',
      _count: String(RESULTS_READ),
    }),
    ...VITALS.map((vital) => {
      const code = VITAL_CODES[vital].map((loinc) => `http://loinc.org|${loinc}`).join(',')
      return find<Observation>(caller, 'Observation', { ...common, code, _count: '1' })
    }),
  ])
  const pairs = VITALS.flatMap((vital, index) => {
    const observation = vitals[index]?.[0]
    return observation ? [[vital, observation] as const] : []
  })
  return { results, vitals: Object.fromEntries(pairs) }
}
