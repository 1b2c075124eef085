import { boundedKey } from '../keys/bounded.ts'
import type { Clause, PartsTest, Test } from './clause.ts'
import type { Implied } from './plan.ts'

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

/** All that may drive a search: its clauses, and what follows from them. The order is the same for each page of a search. */
export function driversOf(type: string, clauses: readonly Clause[]): readonly Implied[] {
  const drivers = [...clauses, ...clauses.flatMap(partClauses)]
  return [...drivers, ...pairClauses(type, drivers)]
}

/** What follows from a composite: each of its parts. */
function partClauses({ label, anyOf, negated }: Clause): readonly Clause[] {
  const composites = anyOf.filter((test): test is PartsTest => test.by === 'parts')
  const [first] = composites
  if (!first || negated === true || composites.length < anyOf.length) return []
  return first.parts.map((_, index) => ({
    label: `part ${String(index + 1)} of ${label}`,
    anyOf: composites.flatMap(({ parts }): readonly Test[] => parts.slice(index, index + 1)),
  }))
}

/** Narrower drivers that follow from two clauses together: one patient's resources with one code or category. */
function pairClauses(type: string, clauses: readonly Clause[]): readonly Implied[] {
  if (!PAIRED_TYPES.has(type)) return []
  const patient = clauses.findIndex((clause) => keyMatches(clause, PATIENT) !== undefined)
  const patients = keyMatches(clauses[patient], PATIENT)?.map(({ id }) => id ?? '') ?? []
  return clauses.flatMap((clause, index) => pairsOf(clause, patients, [index, patient]))
}

function pairsOf(
  clause: Clause,
  patients: readonly string[],
  narrows: readonly number[],
): readonly Implied[] {
  const forms = keyMatches(clause, PAIRED)
  if (!forms || patients.length === 0 || forms.length * patients.length > MOST) return []
  const anyOf = patients.flatMap((id) =>
    forms.map(({ param, form }) => ({
      by: 'key' as const,
      key: boundedKey(`patient+${String(param)}=Patient/${id}+${String(form)}`),
    })),
  )
  return [{ label: `${clause.label} of the patient`, anyOf, narrows }]
}

/** The named groups of all tests, when every test of the clause is a key that matches. */
function keyMatches(
  clause: Clause | undefined,
  pattern: RegExp,
): readonly Readonly<Record<string, string | undefined>>[] | undefined {
  if (!clause || clause.negated === true || clause.join || clause.anyOf.length === 0) return undefined
  const matches = clause.anyOf.map((test) => (test.by === 'key' ? pattern.exec(test.key)?.groups : undefined))
  return matches.every((groups) => groups !== undefined) ? matches : undefined
}
