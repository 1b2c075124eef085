import type { TypeModule } from '../../definitions.ts'
import { boundedKey } from '../../keys/bounded.ts'

/** Keys of which a member of the compartment has one; none for types that are never part of it. */
export function memberKeys(module: TypeModule, compartment: string): readonly string[] {
  if (compartment.startsWith('Patient/')) return [`_compartment=${compartment}`]
  return module.params
    .filter(
      ({ code, type, target }) =>
        ENCOUNTER.has(code) && type === 'reference' && target?.includes('Encounter') === true,
    )
    .map(({ code }) => boundedKey(`${code}=${compartment}`))
}

const ENCOUNTER = new Set(['encounter', 'context', 'related-ref'])
