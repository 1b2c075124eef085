import { useQuery } from '@tanstack/react-query'

import { FhirPatient, find, only, replacedBy } from '../../api/fhir.ts'
import { shownName } from '../../ui/patient-name.ts'

export interface PatientRow {
  readonly id: string
  readonly name: string
  readonly birthDate: string | undefined
  readonly gender: 'male' | 'female' | 'other' | 'unknown'
  /** Another record goes on in its place. */
  readonly isMerged: boolean
  /** With the place that each stands at: `Patient.identifier[0].value`. */
  readonly numbers: readonly { readonly text: string; readonly element: string }[]
}

const MOST = 50

/** Patients whose name begins with, or whose number or date of birth is, what was typed; all by name when nothing was. */
export function usePatients(text: string, enabled = true) {
  return useQuery({
    queryKey: ['patients', text],
    queryFn: ({ signal }) => find('Patient', queryOf(text), signal),
    enabled,
    select: ({ resources, isMore }) => ({ rows: only(FhirPatient, resources).map(rowOf), isMore }),
    meta: { types: ['Patient'] },
  })
}

export function queryOf(text: string): Readonly<Record<string, string>> {
  const page = { _count: String(MOST), _sort: 'family' }
  const typed = text.trim()
  if (typed === '') return page
  if (/^\d{4}(-\d{2}){0,2}$/.test(typed) && typed.length !== 4) return { birthdate: typed, ...page }
  if (/\d/.test(typed)) return { identifier: typed, ...page }
  return { name: typed.replaceAll(',', '\\,'), ...page }
}

function rowOf(patient: FhirPatient): PatientRow {
  const { id, name, birthDate, gender, identifier = [] } = patient
  return {
    id,
    name: shownName(name)?.text ?? '',
    birthDate,
    gender: gender ?? 'unknown',
    isMerged: replacedBy(patient) !== undefined,
    numbers: identifier.flatMap(({ value }, index) =>
      value === undefined ? [] : { text: value, element: `Patient.identifier[${index}].value` },
    ),
  }
}
