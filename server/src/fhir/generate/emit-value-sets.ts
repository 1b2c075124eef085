import type { JsonObject } from '../../kernel/json.ts'
import { listed } from './bindings.ts'
import type { BindingSource } from './bindings.ts'
import { DefinitionError } from './definition-error.ts'
import { expand } from './value-sets.ts'

/** R4's own value sets by url: the codes of each by system, or the name of the syntax that its codes have. Those that R4 does not list are left out. */
export function emitValueSets({ terminology, syntaxes }: BindingSource): string {
  const urls = [...terminology.values()].flatMap(({ resourceType, url }) =>
    resourceType === 'ValueSet' && !(url in syntaxes) ? url : [],
  )
  const codes = (url: string): readonly (readonly [string, JsonObject])[] => {
    try {
      return [[url, listed(expand(url, terminology))]]
    } catch (error) {
      if (error instanceof DefinitionError) return []
      throw error
    }
  }
  return JSON.stringify({ ...syntaxes, ...Object.fromEntries(urls.flatMap(codes)) })
}
