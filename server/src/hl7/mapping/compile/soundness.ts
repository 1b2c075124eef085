import { dateInterval } from '../../../fhir/keys/intervals.ts'
import type { JsonValue } from '../../../kernel/json.ts'
import type { MappingWarning } from '../model/image.ts'
import type { Draft } from './draft.ts'
import { originOf } from './origin.ts'
import { join, pathOf } from './target.ts'

/**
 * A period that ends before it begins would refuse the whole message (per-1): its end is left out, and that is told. Which of the two is
 * wrong nobody knows; an end that is missing misleads least.
 */
export function withoutEarlyEnds(draft: Draft): readonly MappingWarning[] {
  const told: MappingWarning[] = []
  if (!draft.hasEnd) return told
  const { written } = draft
  visit(draft.resource, '', (period, path) => {
    const at = written.findIndex((one) => pathOf(one) === join(path, 'end'))
    const [end, start] = [written[at], written.find((one) => pathOf(one) === join(path, 'start'))]
    if (end === undefined || start === undefined) return
    const [origin, begin] = [originOf(end), originOf(start).source]
    if (!isBackwards(period)) {
      const also = [...(origin.also ?? []), begin]
      const { source, rule } = origin
      written[at] = { ...end, output: { ...end.output, origin: () => ({ source, also, rule }) } }
      return
    }
    delete period['end']
    written.splice(at, 1)
    told.push({ kind: 'bad-value', at: origin.source, text: 'ends before it begins: the end is left out' })
  })
  return told
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
  for (const [name, inner] of Object.entries(fragment)) visit(inner, join(path, name), found)
}

function isBackwards({ start, end }: Period): boolean {
  if (typeof start !== 'string' || typeof end !== 'string') return false
  const [first, last] = [dateInterval(start), dateInterval(end)]
  return first !== undefined && last !== undefined && last.hi <= first.lo
}
