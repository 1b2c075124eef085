import { boundedKey } from '../keys/bounded.ts'
import type { Clause } from './clause.ts'

/** Types whose parameters `patient` and `subject` lie in the patient compartment, for which the extractors write pair keys. */
const PAIRED_TYPES = new Set([
  'AllergyIntolerance',
  'CarePlan',
  'Condition',
  'DiagnosticReport',
  'DocumentReference',
  'Goal',
  'Immunization',
  'MedicationRequest',
  'Observation',
  'Procedure',
  'ServiceRequest',
])
const PATIENT = /^(?:(?:patient|subject|_compartment)=Patient\/|patient=)(?<id>[A-Za-z0-9.-]{1,64})$/
const PAIRED = /^(?<param>code|category)=(?<form>.*)$/s
const MOST = 100

/** Narrower drivers that follow from two clauses together: one patient's resources with one code or category. */
export function pairClauses(type: string, clauses: readonly Clause[]): readonly Clause[] {
  if (!PAIRED_TYPES.has(type)) return []
  const patients = clauses.flatMap((clause) => patientIds(clause) ?? [])
  return clauses.flatMap((clause) => pairsOf(clause, patients))
}

function pairsOf(clause: Clause, patients: readonly string[]): readonly Clause[] {
  const forms = keyMatches(clause, PAIRED)
  if (!forms || patients.length === 0 || forms.length * patients.length > MOST) return []
  const anyOf = patients.flatMap((id) =>
    forms.map(({ param, form }) => ({
      by: 'key' as const,
      key: boundedKey(`patient+${String(param)}=Patient/${id}+${String(form)}`),
    })),
  )
  return [{ label: `${clause.label} of the patient`, anyOf }]
}

function patientIds(clause: Clause): readonly string[] | undefined {
  return keyMatches(clause, PATIENT)?.map(({ id }) => id ?? '')
}

/** The named groups of all tests, when every test of the clause is a key that matches. */
function keyMatches(
  clause: Clause,
  pattern: RegExp,
): readonly Readonly<Record<string, string | undefined>>[] | undefined {
  if (clause.negated === true || clause.anyOf.length === 0) return undefined
  const matches = clause.anyOf.map((test) => (test.by === 'key' ? pattern.exec(test.key)?.groups : undefined))
  return matches.every((groups) => groups !== undefined) ? matches : undefined
}
