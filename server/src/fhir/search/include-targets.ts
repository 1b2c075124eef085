import type { Row } from '../../store/port.ts'
import { boundedKey } from '../keys/bounded.ts'
import { readReference } from '../keys/references.ts'
import { outermostReferences, referencesIn, targetOf } from './references.ts'
import type { Target } from './references.ts'
import type { Include } from './request.ts'

/** Of most references a resource has one value, which is its sort scalar: the resource needs not be read. */
export function targetsOf(rows: readonly Row[], include: Include, base: string): readonly Target[] {
  const known = new Set<string>()
  const targets: Target[] = []
  const only = onlyValueOf(include.param)
  for (const row of rows) {
    if (include.source !== '*' && include.source !== row.type) continue
    const scalar = only(row)
    if (scalar !== undefined && known.has(scalar)) continue
    const target = scalar === undefined ? undefined : targetOf(readReference(scalar, ''))
    if (scalar === undefined || target === undefined) targets.push(...targetsInBody(row, include, base))
    else {
      known.add(scalar)
      if (isMeant(include, target)) targets.push(target)
    }
  }
  return targets
}

function onlyValueOf(param: string): (row: Row) => string | undefined {
  if (param === '*') return () => undefined
  const outermost = outermostReferences(param)
  return (row) => {
    const [first, last] = outermost(row)
    return last === undefined ? first : undefined
  }
}

function targetsInBody(row: Row, include: Include, base: string): readonly Target[] {
  const { param } = include
  return referencesIn(row.bytes, base).filter(
    (target) =>
      isMeant(include, target) &&
      (param === '*' || row.has(boundedKey(`${param}=${target.type}/${target.id}`))),
  )
}

function isMeant({ target }: Include, { type }: Target): boolean {
  return target === undefined || target === type
}
