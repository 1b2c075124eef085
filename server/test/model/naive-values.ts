/** Values of a search and of resources as the specification reads them: exact numbers, half-open times, folded texts. */

const SCALE = 30n

export interface Span<Value> {
  readonly lo: Value
  readonly hi: Value
}

/** A decimal text as a whole number of 1e-30. */
export function exact(text: string): bigint {
  const [mantissa = '0', exponent = '0'] = text.toLowerCase().split('e')
  const [whole = '0', fraction = ''] = mantissa.replace('-', '').split('.')
  const power = SCALE + BigInt(exponent) - BigInt(fraction.length)
  const size = BigInt(whole + fraction) * 10n ** power
  return mantissa.startsWith('-') ? -size : size
}

/** Half a unit of the last written digit. */
export function halfDigit(text: string): bigint {
  const [mantissa = '0', exponent = '0'] = text.toLowerCase().split('e')
  const fraction = mantissa.split('.')[1] ?? ''
  return 10n ** (SCALE + BigInt(exponent) - BigInt(fraction.length)) / 2n
}

/** Milliseconds of a date of R4; every part that is missing widens it. */
export function timeSpan(text: string): Span<number> {
  const [date = '', clock] = text.split('T')
  const [year = '', month, day] = date.split('-')
  const y = Number(year)
  if (month === undefined) return { lo: Date.UTC(y, 0), hi: Date.UTC(y + 1, 0) }
  if (day === undefined) return { lo: Date.UTC(y, Number(month) - 1), hi: Date.UTC(y, Number(month)) }
  const midnight = Date.UTC(y, Number(month) - 1, Number(day))
  if (clock === undefined) return { lo: midnight, hi: midnight + 86_400_000 }
  const lo = Date.parse(/[Z+-]/.test(clock) ? text : `${text}Z`)
  const fraction = /\.(\d+)/.exec(clock)?.[1]
  if (fraction !== undefined) return { lo, hi: lo + 1000 / 10 ** Math.min(fraction.length, 3) }
  return { lo, hi: lo + (/^\d\d:\d\d:\d\d/.test(clock) ? 1000 : 60_000) }
}

export function folded(text: string): string {
  const whole = withoutCase(text)
  return singleBlanks(whole.replaceAll(/\p{Punctuation}/gu, '')) || singleBlanks(whole)
}

function singleBlanks(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}

function withoutCase(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll('ß', 'ss')
    .replaceAll(/\p{Mark}/gu, '')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .normalize('NFC')
}

const PREFIXES = new Set(['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb'])

export function prefixOf(value: string): readonly [prefix: string, rest: string] {
  return PREFIXES.has(value.slice(0, 2)) ? [value.slice(0, 2), value.slice(2)] : ['eq', value]
}

type Compared<Value> = (stored: Span<Value>, searched: Span<Value>) => boolean

const isPoint = <Value>({ lo, hi }: Span<Value>): boolean => lo === hi
const arePoints = <Value>(a: Span<Value>, b: Span<Value>): boolean => isPoint(a) && isPoint(b)
const contained: Compared<number | bigint> = (stored, searched) =>
  searched.lo <= stored.lo &&
  (stored.hi < searched.hi || (stored.hi === searched.hi && (!isPoint(stored) || isPoint(searched))))
const above: Compared<number | bigint> = (stored, searched) => stored.hi > searched.hi
const below: Compared<number | bigint> = (stored, searched) => stored.lo < searched.lo

/** R4, "Prefixes", on ranges: `eq` when the search value contains the resource's, the others by the ends. */
const RULES: Readonly<Record<string, Compared<number | bigint>>> = {
  eq: contained,
  ne: (stored, searched) => !contained(stored, searched),
  gt: above,
  lt: below,
  ge: (stored, searched) => above(stored, searched) || contained(stored, searched),
  le: (stored, searched) => below(stored, searched) || contained(stored, searched),
  sa: (stored, searched) =>
    arePoints(stored, searched) ? stored.lo > searched.hi : stored.lo >= searched.hi,
  eb: (stored, searched) =>
    arePoints(stored, searched) ? stored.hi < searched.lo : stored.hi <= searched.lo,
}

export function spansMatch(
  prefix: string,
  stored: Span<number | bigint>,
  searched: Span<number | bigint>,
): boolean {
  const rule = RULES[prefix]
  if (!rule) throw new Error(`no prefix ${prefix}`)
  return rule(stored, searched)
}
