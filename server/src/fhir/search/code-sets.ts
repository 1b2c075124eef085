import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { tokenKey } from '../keys/tokens.ts'
import type { Clause } from './clause.ts'
import { conceptsAround, readCodeSystem } from './code-system.ts'
import type { ParamFilter } from './compile.ts'
import type { Scope, SearchDeps } from './scope.ts'
import { expandValueSet } from './value-set.ts'
import { tokenValue, unescaped } from './values.ts'

type CodeSetModifier = 'in' | 'not-in' | 'above' | 'below'

export function isCodeSet(modifier: string | undefined): modifier is CodeSetModifier {
  return modifier === 'in' || modifier === 'not-in' || modifier === 'above' || modifier === 'below'
}

/**
 * `code:in=[value set]`, `code:below=[system]|[code]`: what the stored ValueSet or CodeSystem says, as the keys of its codes.
 *
 * @throws Fault `malformed` when it is not stored or says more than codes can, `too-costly` over `limits.fhir.chainIds` codes
 */
export async function codeSetClause(
  deps: SearchDeps,
  scope: Scope,
  { filter, modifier }: { filter: ParamFilter; modifier: CodeSetModifier },
): Promise<Clause> {
  const { param, values, label } = filter
  const keys = new Set<string>()
  for (const value of values) {
    const isValueSet = modifier === 'in' || modifier === 'not-in'
    for (const { system, code } of isValueSet
      ? await expandValueSet(deps, scope, unescaped(value))
      : await conceptCodes(deps, scope, { value, modifier, param: param.code }))
      keys.add(tokenKey(param.code, code, system))
    if (keys.size > limits.fhir.chainIds) throw tooMany(label)
  }
  const anyOf = [...keys].map((key) => ({ by: 'key' as const, key }))
  return { label, anyOf, ...(modifier === 'not-in' ? { negated: true } : {}) }
}

function tooMany(label: string): Error {
  return fault('too-costly', {
    code: 'too-costly',
    text: `"${label}" stands for more than ${String(limits.fhir.chainIds)} codes: use a smaller value set`,
  })
}

async function conceptCodes(
  deps: SearchDeps,
  scope: Scope,
  { value, modifier, param }: { value: string; modifier: 'above' | 'below'; param: string },
): Promise<readonly { readonly system: string; readonly code: string }[]> {
  const { system, code } = tokenValue(value, param)
  if (system === undefined || system === '' || code === '') {
    throw fault('malformed', { code: 'value', text: `${param}:${modifier} is written system|code` })
  }
  const codeSystem = await readCodeSystem(deps, scope, system)
  return conceptsAround(codeSystem, code, modifier).map((each) => ({ system, code: each }))
}
