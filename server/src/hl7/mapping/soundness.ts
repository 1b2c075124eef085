import { dateInterval } from '../../fhir/keys/intervals.ts'
import type { JsonValue } from '../../kernel/json.ts'
import type { Draft } from './draft.ts'
import type { MappingWarning } from './image.ts'

/**
 * A period that ends before it begins would refuse the whole message (per-1): its end is left out, and that is told. Which of the two is
 * wrong nobody knows; an end that is missing misleads least.
 */
export function withoutEarlyEnds(draft: Draft): readonly MappingWarning[] {
  const told: MappingWarning[] = []
  if (!hasPeriod(draft.resource)) return told
  visit(draft.resource, draft.type, (period, path) => {
    const at = draft.trace.findIndex(({ element }) => element === `${path}.end`)
    const [end, start] = [draft.trace[at], draft.trace.find(({ element }) => element === `${path}.start`)]
    if (end === undefined || start === undefined) return
    if (!isBackwards(period)) {
      draft.trace[at] = { ...end, also: [...(end.also ?? []), start.source] }
      return
    }
    delete period['end']
    draft.trace.splice(at, 1)
    told.push({ kind: 'bad-value', at: end.source, text: 'ends before it begins: the end is left out' })
  })
  return told
}

/** Few resources have one: the others need no paths. */
function hasPeriod(value: JsonValue | undefined): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some((item: JsonValue) => hasPeriod(item))
  const fragment = value as Period
  if (fragment['start'] !== undefined && fragment['end'] !== undefined) return true
  for (const name of Object.keys(fragment)) if (hasPeriod(fragment[name])) return true
  return false
}

type Period = Record<string, JsonValue | undefined>

function visit(
  value: JsonValue | undefined,
  path: string,
  found: (period: Period, path: string) => void,
): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) visit(item as JsonValue, `${path}[${at}]`, found)
    return
  }
  const fragment = value as Period
  if (fragment['start'] !== undefined && fragment['end'] !== undefined) found(fragment, path)
  for (const [name, inner] of Object.entries(fragment)) visit(inner, `${path}.${name}`, found)
}

function isBackwards({ start, end }: Period): boolean {
  if (typeof start !== 'string' || typeof end !== 'string') return false
  const [first, last] = [dateInterval(start), dateInterval(end)]
  return first !== undefined && last !== undefined && last.hi <= first.lo
}
