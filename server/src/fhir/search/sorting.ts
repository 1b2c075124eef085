import { limits } from '../../kernel/limits.ts'
import type { Row } from '../../store/port.ts'
import { visitAll } from './hits.ts'
import type { Query } from './hits.ts'
import type { SortKey } from './request.ts'

/** A hit by its sort values; resources without a value stand at the end in both directions. */
interface Ranked {
  readonly values: readonly SortValue[]
  readonly id: string
}

type SortValue = number | string | undefined

export interface SortedPage {
  readonly ids: readonly string[]
  readonly total: number
  /** Set when there is more: what the next page starts behind. */
  readonly last?: readonly string[]
}

/** A page of all hits in a demanded order. @throws Fault `too-costly` over `limits.fhir.sortCandidates` hits */
export async function sortedPage(
  query: Query,
  order: readonly SortKey[],
  page: { count: number; after?: readonly (string | number)[] },
): Promise<SortedPage> {
  const ranked: Ranked[] = []
  const total = await visitAll(query, limits.fhir.sortCandidates, (row) => {
    ranked.push({ values: order.map((key) => valueOf(row, key)), id: row.id })
  })
  const compare = comparing(order)
  const start = page.after && decode(page.after)
  const rest = start ? ranked.filter((each) => compare(each, start) > 0) : ranked
  const hits = rest.toSorted(compare).slice(0, page.count + 1)
  const last = hits.length > page.count ? hits[page.count - 1] : undefined
  return {
    ids: hits.slice(0, page.count).map(({ id }) => id),
    total,
    ...(last ? { last: encode(last) } : {}),
  }
}

function valueOf(row: Row, { param, descending }: SortKey): SortValue {
  if (param.code === '_id') return row.id
  if (param.code === '_lastUpdated') return row.lastUpdated
  if (param.type === 'string')
    return extreme(
      row.names().flatMap((name) => (name.p === param.code ? [name.text] : [])),
      descending,
    )
  if (param.type === 'token' || param.type === 'reference' || param.type === 'uri')
    return scalarOf(row, param.code, descending)
  const ranges = row.ranges().filter((range) => range.p === param.code)
  return extreme(
    ranges.map(({ lo, hi }) => (descending ? hi : lo)),
    descending,
  )
}

function scalarOf(row: Row, code: string, descending: boolean): SortValue {
  const sorts = row.sorts()
  return descending ? (sorts[`-${code}`] ?? sorts[code]) : sorts[code]
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

function comparing(order: readonly SortKey[]): (a: Ranked, b: Ranked) => number {
  return (a, b) => {
    for (const [index, { descending }] of order.entries()) {
      const difference = compareSortValues(a.values[index], b.values[index], descending)
      if (difference !== 0) return difference
    }
    return compareValues(a.id, b.id)
  }
}

function compareSortValues(a: SortValue, b: SortValue, descending: boolean): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  return descending ? -compareValues(a, b) : compareValues(a, b)
}

function compareValues(a: number | string, b: number | string): number {
  if (a === b) return 0
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return a < b ? -1 : 1
}

// One letter tells numbers (infinite ones included), texts and absent values apart in a token.
function encode({ values, id }: Ranked): readonly string[] {
  return [
    id,
    ...values.map((value) =>
      value === undefined ? '-' : `${typeof value === 'number' ? 'n' : 's'}${String(value)}`,
    ),
  ]
}

function decode([id, ...values]: readonly (string | number)[]): Ranked {
  return { id: String(id), values: values.map((value) => decodeValue(String(value))) }
}

function decodeValue(text: string): SortValue {
  if (text === '-') return undefined
  return text.startsWith('n') ? Number(text.slice(1)) : text.slice(1)
}
