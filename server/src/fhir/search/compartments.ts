import { fault } from '../../kernel/fault.ts'
import type { TypeModule } from '../definitions.ts'
import { boundedKey } from '../keys/bounded.ts'
import type { Clause, Test } from './clause.ts'
import { COMPARTMENTS, SELF } from './compartment-table.ts'

/** Types whose resources have a compartment. */
export const COMPARTMENT_TYPES: readonly string[] = ['Patient', ...Object.keys(COMPARTMENTS)].toSorted()

/** Resources of the type in a compartment such as `Encounter/1`. @throws Fault `malformed` for a type that is never part of it */
export function compartmentClause(module: TypeModule, compartment: string): Clause {
  const clause = memberClause(module, compartment)
  if (clause) return clause
  const [owner = ''] = compartment.split('/')
  throw fault('malformed', {
    code: 'not-supported',
    text: `${module.type} is never part of the compartment of a ${owner.slice(0, 64)}`,
  })
}

/** The same; `undefined` for a type that is never part of it. */
export function memberClause(module: TypeModule, compartment: string): Clause | undefined {
  const label = `compartment of ${compartment}`
  const [owner = '', id = ''] = compartment.split('/')
  if (owner === 'Patient') return { label, anyOf: [{ by: 'key', key: `_compartment=${compartment}` }] }
  const codes = Object.hasOwn(COMPARTMENTS, owner) ? COMPARTMENTS[owner]?.[module.type] : undefined
  if (!codes) return undefined
  const anyOf = codes.map((code): Test =>
    code === SELF ? { by: 'id', id } : { by: 'key', key: boundedKey(`${code}=${compartment}`) },
  )
  return { label, anyOf }
}
