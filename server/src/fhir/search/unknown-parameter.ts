import { fault } from '../../kernel/fault.ts'
import type { Fault } from '../../kernel/fault.ts'
import type { TypeModule } from '../definitions.ts'

/** A parameter that the type does not have: refused when the caller is strict, left out with a warning when lenient. */
export class UnknownParameter extends Error {
  readonly fault: Fault

  constructor(module: Pick<TypeModule, 'type' | 'params'>, what: string) {
    super('unknown search parameter')
    const known = module.params.map(({ code }) => code).join(', ')
    this.fault = fault('malformed', {
      code: 'not-supported',
      text: `${what} is no search parameter of ${module.type}; known are: ${known}`,
    })
  }
}
