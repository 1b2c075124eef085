import { PARAMETERS } from './naive-parameters.ts'
import type { Parameter, Token } from './naive-parameters.ts'
import { folded } from './naive-values.ts'
import type { Asked } from './queries.ts'
import type { Json, Resource } from './world.ts'

/**
 * What is wrong with the order of the resources: empty when each key is at most the next one's. Of several values the one that comes first in
 * the order counts; resources without a value stand at the end.
 */
export function sortedAsAsked(rows: readonly (Resource | undefined)[], { sort }: Asked): string {
  for (const [index, row] of rows.entries()) {
    const before = rows[index - 1]
    if (before && row && compare(before, row, sort) > 0) return `${before.id} stands before ${row.id}`
  }
  return ''
}

type Value = bigint | number | string

function compare(a: Resource, b: Resource, sort: readonly string[]): number {
  for (const key of sort) {
    const isDown = key.startsWith('-')
    const code = isDown ? key.slice(1) : key
    const [x, y] = [first(a, code, isDown), first(b, code, isDown)]
    const difference =
      x === undefined || y === undefined
        ? Number(x === undefined) - Number(y === undefined)
        : order(x, y) * (isDown ? -1 : 1)
    if (difference !== 0) return difference
  }
  return 0
}

function order(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return a < b ? -1 : a > b ? 1 : 0
}

function first(resource: Resource, code: string, isDown: boolean): Value | undefined {
  const sorted = valuesOf(resource, code).toSorted(order)
  return isDown ? sorted.at(-1) : sorted[0]
}

function valuesOf(resource: Resource, code: string): readonly Value[] {
  if (code === '_lastUpdated') return [Date.parse(String((resource['meta'] as Json)['lastUpdated']))]
  const parameter = PARAMETERS[resource.resourceType]?.[code]
  if (!parameter) throw new Error(`no order by ${code}`)
  return sortValues(parameter, resource)
}

function sortValues(parameter: Parameter, resource: Resource): readonly Value[] {
  switch (parameter.kind) {
    case 'token':
      return parameter
        .of(resource)
        .flatMap(({ code }: Token) => (code === undefined ? [] : [code.toLowerCase()]))
    case 'string':
      return parameter.of(resource).map(folded)
    case 'uri':
      return parameter.of(resource)
    case 'date':
    case 'number':
      return parameter.of(resource).map(beginning)
    case 'quantity':
      return parameter.of(resource).map(({ span }) => beginning(span))
    case 'reference':
      return parameter
        .of(resource)
        .flatMap(({ reference }) =>
          typeof reference === 'string' && !reference.startsWith('#') ? [reference] : [],
        )
    case 'composite':
    default:
      throw new Error('a composite has no order')
  }
}

/** An interval stands where it begins; one without beginning where it ends. */
function beginning({ lo, hi }: { readonly lo: bigint | number; readonly hi: bigint | number }): Value {
  return lo === -Infinity ? hi : lo
}
