import type { JsonObject } from '../../kernel/json.ts'
import type { Check } from './check.ts'

/** A code system that R4 defines whole. */
export interface CodeSystemRule {
  readonly caseSensitive: boolean
  /** In lower case where case does not matter. */
  readonly codes: readonly string[]
}

/** Advice on a code that its own system, one of R4, does not have, however weakly it is bound. */
export function checkCoding({ system, code }: JsonObject, check: Check): void {
  if (typeof system !== 'string' || typeof code !== 'string') return
  const known = check.known.codeSystemOf(system)
  if (!known || known.codes.includes(known.caseSensitive ? code : code.toLowerCase())) return
  check.step('code', -1)
  check.advise('code-invalid', `The code system ${system} of R4 has no such code: mend one of them.`)
  check.leave()
}
