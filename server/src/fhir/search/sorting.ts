import type { Row } from '../../store/port.ts'
import { PART, scalarOf } from '../keys/collector.ts'
import type { SortKey } from './request.ts'

/** A hit by its sort values; resources without a value stand at the end in both directions. */
export interface Ranked {
  readonly values: readonly SortValue[]
  readonly type: string
  readonly id: string
}

type SortValue = number | string | undefined

/** What a resource is ranked by. */
export type Rankable = Pick<Row, 'type' | 'id' | 'lastUpdated' | 'scalar' | 'names' | 'ranges'>

export function rankOf(row: Rankable, order: readonly SortKey[]): Ranked {
  return { values: order.map((key) => valueOf(row, key)), type: row.type, id: row.id }
}

function valueOf(row: Rankable, { param: { code, type }, descending }: SortKey): SortValue {
  if (code === '_id') return row.id
  if (code === '_lastUpdated') return row.lastUpdated
  if (type === 'token' || type === 'reference') {
    const highest = descending ? row.scalar(`-${code}`) : undefined
    return highest ?? row.scalar(code)
  }
  if (type === 'string' || type === 'uri') {
    const names = row.names().flatMap(({ p, text }) => (p === code && !text.endsWith(PART) ? [text] : []))
    return extreme(names, descending)
  }
  return extreme(
    row.ranges().flatMap((range) => (range.p === code ? [scalarOf(range)] : [])),
    descending,
  )
}

function extreme<Value extends number | string>(
  values: readonly Value[],
  descending: boolean,
): Value | undefined {
  let best: Value | undefined
  for (const value of values) {
    if (best === undefined || compareValues(value, best) > 0 === descending) best = value
  }
  return best
}

export function comparing(order: readonly SortKey[]): (a: Ranked, b: Ranked) => number {
  return (a, b) => {
    for (const [index, { descending }] of order.entries()) {
      const difference = compareSortValues(a.values[index], b.values[index], descending)
      if (difference !== 0) return difference
    }
    return compareValues(a.type, b.type) || compareValues(a.id, b.id)
  }
}

function compareSortValues(a: SortValue, b: SortValue, descending: boolean): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  return descending ? -compareValues(a, b) : compareValues(a, b)
}

const PLAIN = /^[ -~]*$/

/** Texts in the order of their UTF-8 bytes. */
function compareValues(a: number | string, b: number | string): number {
  if (a === b) return 0
  if (typeof a === 'string' && typeof b === 'string' && !(PLAIN.test(a) && PLAIN.test(b)))
    return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return a < b ? -1 : 1
}

// One letter tells numbers (infinite ones included), texts and absent values apart in a token.
export function encodeRank({ values, type, id }: Ranked): readonly string[] {
  return [
    type,
    id,
    ...values.map((value) =>
      value === undefined ? '-' : `${typeof value === 'number' ? 'n' : 's'}${String(value)}`,
    ),
  ]
}

export function decodeRank([type, id, ...values]: readonly (string | number)[]): Ranked {
  return { type: String(type), id: String(id), values: values.map((value) => decodeValue(String(value))) }
}

function decodeValue(text: string): SortValue {
  if (text === '-') return undefined
  return text.startsWith('n') ? Number(text.slice(1)) : text.slice(1)
}
