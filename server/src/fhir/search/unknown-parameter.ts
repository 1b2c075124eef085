import { fault } from '../../kernel/fault.ts'
import type { Fault } from '../../kernel/fault.ts'
import type { SearchParam, TypeModule } from '../definitions.ts'

/** A parameter or modifier that the type does not have: refused when the caller is strict, left out with a warning when lenient. */
export class UnknownParameter extends Error {
  readonly fault: Fault

  constructor(text: string) {
    super('unknown search parameter')
    this.fault = fault('malformed', { code: 'not-supported', text })
  }
}

export function unknownParameter(
  module: Pick<TypeModule, 'type' | 'params'>,
  what: string,
): UnknownParameter {
  const known = module.params.map(({ code }) => code).join(', ')
  return new UnknownParameter(`${what} is no search parameter of ${module.type}; known are: ${known}`)
}

export function unknownModifier(
  { code }: Pick<SearchParam, 'code'>,
  modifier: string,
  known: readonly string[],
): UnknownParameter {
  const choice = known.length === 0 ? 'it has no modifiers' : `known modifiers are: ${known.join(', ')}`
  return new UnknownParameter(`${code}:${modifier} is not supported; ${choice}`)
}
