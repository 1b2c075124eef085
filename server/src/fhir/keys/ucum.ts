import { ARBITRARY_UNITS, BASE_UNITS, PREFIXES, SHIFTED_UNITS, UNITS } from './ucum-units.ts'

export const UCUM = 'http://unitsofmeasure.org'

/** A unit in terms of base units: `value * factor + offset` of `dimension` (such as `g1.m-3`; `1` for plain numbers). */
export interface CanonicalUnit {
  readonly dimension: string
  readonly factor: number
  readonly offset: number
}

const LONGEST = 64
const KEPT_MOST = 2000
const PRECISION = 12

const known = new Map<string, CanonicalUnit | undefined>()

/** What a UCUM code stands for; `undefined` for what is no unit of the table, which is then compared as it is written. */
export function canonicalUnit(code: string): CanonicalUnit | undefined {
  if (known.has(code)) return known.get(code)
  const unit = code.length > LONGEST ? undefined : read(code)
  if (known.size >= KEPT_MOST) known.clear()
  known.set(code, unit)
  return unit
}

/** Twelve digits: the same amount in two units gives the same number, whatever binary arithmetic added behind them. */
export function canonicalValue(value: number, { factor, offset }: CanonicalUnit): number {
  return Number((value * factor + offset).toPrecision(PRECISION))
}

interface Term {
  readonly factor: number
  readonly exponents: ReadonlyMap<string, number>
}

const ONE: Term = { factor: 1, exponents: new Map() }

function read(code: string): CanonicalUnit | undefined {
  const shifted = Object.hasOwn(SHIFTED_UNITS, code) ? SHIFTED_UNITS[code] : undefined
  if (shifted) return { dimension: 'K1', factor: shifted[0], offset: shifted[1] }
  const term = new Reader(code).whole()
  return term && { dimension: dimensionOf(term), factor: term.factor, offset: 0 }
}

function dimensionOf({ exponents }: Term): string {
  const parts = [...exponents].filter(([, exponent]) => exponent !== 0)
  return parts.length === 0
    ? '1'
    : parts
        .map(([unit, exponent]) => `${unit}${exponent}`)
        .toSorted()
        .join('.')
}

const SYMBOL = /(?:\[[^\]]*\]|[A-Za-z%'"_]|10[*^])+/y
const DIGITS = /[+-]?\d+/y
const ANNOTATION = /\{[^}]*\}/y

/** Recursive descent over `term.term/term`, with parentheses, exponents and annotations. */
class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  whole(): Term | undefined {
    const term = this.#product()
    return this.#at === this.#text.length ? term : undefined
  }

  #product(): Term | undefined {
    let result = ONE
    let power = this.#took('/') ? -1 : 1
    do {
      const component = this.#component()
      if (!component) return undefined
      result = multiplied(result, component, power)
      power = this.#text[this.#at] === '/' ? -1 : 1
    } while (this.#took('.') || this.#took('/'))
    return result
  }

  #component(): Term | undefined {
    if (this.#took('(')) {
      const inner = this.#product()
      return inner && this.#took(')') ? inner : undefined
    }
    const symbol = this.#match(SYMBOL)
    if (symbol !== undefined) return this.#annotated(this.#raised(unitTerm(symbol)))
    const digits = this.#match(DIGITS)
    if (digits !== undefined) return this.#annotated({ ...ONE, factor: Number(digits) })
    return this.#match(ANNOTATION) === undefined ? undefined : ONE
  }

  #raised(unit: Term | undefined): Term | undefined {
    const exponent = this.#match(DIGITS)
    return unit && exponent !== undefined ? multiplied(ONE, unit, Number(exponent)) : unit
  }

  #annotated(unit: Term | undefined): Term | undefined {
    this.#match(ANNOTATION)
    return unit
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const [text] = pattern.exec(this.#text) ?? []
    if (text !== undefined) this.#at += text.length
    return text
  }

  #took(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at += 1
    return true
  }
}

function unitTerm(symbol: string): Term | undefined {
  const plain = plainUnit(symbol)
  if (plain) return plain
  for (const length of [1, 2]) {
    const prefix = symbol.slice(0, length)
    const rest = symbol.slice(length)
    const exponent = Object.hasOwn(PREFIXES, prefix) ? PREFIXES[prefix] : undefined
    const unit = exponent !== undefined && isMetric(rest) ? plainUnit(rest) : undefined
    if (unit) return { ...unit, factor: unit.factor * 10 ** (exponent ?? 0) }
  }
  return undefined
}

function isMetric(symbol: string): boolean {
  return (
    (BASE_UNITS.has(symbol) && !ARBITRARY_UNITS.has(symbol)) ||
    (Object.hasOwn(UNITS, symbol) && UNITS[symbol]?.[2] === 'metric')
  )
}

function plainUnit(symbol: string): Term | undefined {
  if (BASE_UNITS.has(symbol)) return { factor: 1, exponents: new Map([[symbol, 1]]) }
  const row = Object.hasOwn(UNITS, symbol) ? UNITS[symbol] : undefined
  if (!row) return undefined
  const definition = row[1] === '1' ? ONE : new Reader(row[1]).whole()
  return definition && { ...definition, factor: definition.factor * row[0] }
}

function multiplied(a: Term, b: Term, power: number): Term {
  const exponents = new Map(a.exponents)
  for (const [unit, exponent] of b.exponents)
    exponents.set(unit, (exponents.get(unit) ?? 0) + exponent * power)
  return { factor: a.factor * b.factor ** power, exponents }
}
