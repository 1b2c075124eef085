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
const PATIENT = /^(?:(?:patient|subject|_compartment)=Patient\/|patient=)([A-Za-z0-9.-]{1,64})$/
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
  if (clauses.length < 2 || !PAIRED_TYPES.has(type)) return []
  for (const [index, clause] of clauses.entries()) {
    const patients = partsOf(clause, patientIn)
    if (patients) return clauses.flatMap((other, at) => pairsOf(other, patients, [at, index]))
  }
  return []
}

function pairsOf(
  clause: Clause,
  patients: readonly string[],
  narrows: readonly number[],
): readonly Implied[] {
  const forms = partsOf(clause, pairedIn)
  if (!forms || forms.length * patients.length > MOST) return []
  const anyOf = patients.flatMap((id) =>
    forms.map(({ param, form }) => ({
      by: 'key' as const,
      key: boundedKey(`patient+${param}=Patient/${id}+${form}`),
    })),
  )
  return [{ label: `${clause.label} of the patient`, anyOf, narrows }]
}

function patientIn(key: string): string | undefined {
  return PATIENT.exec(key)?.[1]
}

function pairedIn(key: string): { readonly param: string; readonly form: string } | undefined {
  const param = key.slice(0, key.indexOf('='))
  return param === 'code' || param === 'category' ? { param, form: key.slice(param.length + 1) } : undefined
}

/** What is read from the key of each test, when every test of the clause is a key that has it. */
function partsOf<Part>(
  { anyOf, negated, join }: Clause,
  read: (key: string) => Part | undefined,
): readonly Part[] | undefined {
  if (negated === true || join || anyOf.length === 0) return undefined
  const parts: Part[] = []
  for (const test of anyOf) {
    const part = test.by === 'key' ? read(test.key) : undefined
    if (part === undefined) return undefined
    parts.push(part)
  }
  return parts
}
