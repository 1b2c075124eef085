import type { IssueType } from '../../kernel/fault.ts'
import type { JsonValue } from '../../kernel/json.ts'
import type { AllowedCodes } from './bindings.ts'

export function notInSet({ url }: AllowedCodes): string {
  return `Use a code of the value set ${url}; this one is not in it.`
}

/** A value of the wrong JSON kind is a fault of structure, others one of the value. */
export function asIssue(value: JsonValue | undefined, problem: string): [IssueType, string] {
  return [value === null || typeof value === 'object' ? 'structure' : 'value', problem]
}

/** A JSON value for a message: `an array`. */
export function kindOf(value: JsonValue | undefined): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}
