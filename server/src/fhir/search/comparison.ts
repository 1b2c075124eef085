/** The prefixes of date, number and quantity searches. */
export const COMPARATORS = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'] as const
export type Comparator = (typeof COMPARATORS)[number]

/** Half-open `[lo, hi)`; `lo === hi` is the point itself. */
export interface Interval {
  readonly lo: number
  readonly hi: number
}

/**
 * Whether a stored interval is a hit for a searched one. Equality is containment: the searched interval holds the stored one.
 *
 * @see FHIR R4, "Search", section "Prefixes"
 */
export function isHit(comparator: Comparator, stored: Interval, searched: Interval): boolean {
  return HITS[comparator](stored, searched)
}

const HITS: Readonly<Record<Comparator, (stored: Interval, searched: Interval) => boolean>> = {
  eq: (stored, searched) => holds(searched, stored),
  ne: (stored, searched) => !holds(searched, stored),
  gt: (stored, searched) => stored.hi > searched.hi,
  lt: (stored, searched) => stored.lo < searched.lo,
  ge: (stored, searched) => stored.hi > searched.hi || holds(searched, stored),
  le: (stored, searched) => stored.lo < searched.lo || holds(searched, stored),
  sa: (stored, searched) =>
    arePoints(stored, searched) ? stored.lo > searched.lo : stored.lo >= searched.hi,
  eb: (stored, searched) =>
    arePoints(stored, searched) ? stored.hi < searched.lo : stored.hi <= searched.lo,
  ap: overlaps,
}

function arePoints(stored: Interval, searched: Interval): boolean {
  return isPoint(stored) && isPoint(searched)
}

function isPoint({ lo, hi }: Interval): boolean {
  return lo === hi
}

function holds(outer: Interval, inner: Interval): boolean {
  if (isPoint(inner))
    return outer.lo <= inner.lo && (inner.lo < outer.hi || (isPoint(outer) && inner.lo === outer.lo))
  return outer.lo <= inner.lo && inner.hi <= outer.hi
}

export function overlaps(a: Interval, b: Interval): boolean {
  const isAPoint = isPoint(a)
  const isBPoint = isPoint(b)
  if (isAPoint && isBPoint) return a.lo === b.lo
  if (isAPoint) return b.lo <= a.lo && a.lo < b.hi
  if (isBPoint) return a.lo <= b.lo && b.lo < a.hi
  return a.lo < b.hi && b.lo < a.hi
}

/** The interval that every hit shares at least one point with: what the store is asked for before the hits are verified. */
export function reach(comparator: Comparator, searched: Interval): Interval {
  return REACH[comparator](searched)
}

const REACH: Readonly<Record<Comparator, (searched: Interval) => Interval>> = {
  eq: (searched) => searched,
  ap: (searched) => searched,
  ne: () => ({ lo: -Infinity, hi: Infinity }),
  gt: ({ hi }) => ({ lo: hi, hi: Infinity }),
  sa: ({ hi }) => ({ lo: hi, hi: Infinity }),
  ge: ({ lo }) => ({ lo, hi: Infinity }),
  lt: ({ lo }) => ({ lo: -Infinity, hi: lo }),
  eb: ({ lo }) => ({ lo: -Infinity, hi: lo }),
  le: ({ lo, hi }) => ({ lo: -Infinity, hi: lo === hi ? justAbove(hi) : hi }),
}

function justAbove(value: number): number {
  return value + Math.max(Math.abs(value) * Number.EPSILON * 2, Number.MIN_VALUE)
}
