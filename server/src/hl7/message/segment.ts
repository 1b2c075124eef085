import type { Delimiters } from './delimiters.ts'
import { decodeEscapes } from './escapes.ts'
import type { Repetition, Segment } from './message.ts'
import type { Position } from './position.ts'

const NONE: readonly Repetition[] = []
/** Their first field is the field separator itself, their second the encoding characters as they are. */
const HEADERS: ReadonlySet<string> = new Set(['MSH', 'FHS', 'BHS'])

export function isHeader(name: string): boolean {
  return HEADERS.has(name)
}

/** Texts that are the same object are compared at once, and names of segments are compared all the time. */
const names = new Map<string, string>()
/** The standard has 200; others come from senders. */
const KNOWN_NAMES = 1000

/** @returns the one text of that name */
export function segmentName(name: string): string {
  const known = names.get(name)
  if (known !== undefined) return known
  const [own = name] = Object.keys({ [name]: true })
  if (names.size < KNOWN_NAMES) names.set(own, own)
  return own
}

/** A segment that is split when a field is first asked for, and a field when it is itself asked for. */
export class LazySegment implements Segment {
  readonly name: string
  readonly index: number
  readonly raw: string
  readonly #delimiters: Delimiters
  readonly #isHeader: boolean
  #fields: string[] | undefined

  constructor(raw: string, index: number, delimiters: Delimiters) {
    this.raw = raw
    this.index = index
    this.name = segmentName(raw.slice(0, 3))
    this.#delimiters = delimiters
    this.#isHeader = HEADERS.has(this.name)
  }

  get fieldCount(): number {
    return this.#split().length - (this.#isHeader ? 0 : 1)
  }

  rawField(number: number): string {
    if (!this.#isHeader) return number < 1 ? '' : (this.#split()[number] ?? '')
    return number === 1 ? this.#delimiters.field : (this.#split()[number - 1] ?? '')
  }

  field(number: number): readonly Repetition[] {
    const raw = this.rawField(number)
    return raw === '' ? NONE : this.#read(raw, this.delimitersOf(number))
  }

  delimitersOf(number: number): Delimiters {
    return this.#isHeader && number <= 2 ? VERBATIM : this.#delimiters
  }

  /** What `Repetition.component` gives there, without reading the field as a whole. */
  textAt({ field, repetition, component, subcomponent }: Position): string {
    const raw = this.rawField(field)
    if (raw === '') return ''
    if (this.#isHeader && field <= 2)
      return repetition === 1 && component === 1 && subcomponent === 1 ? raw : ''
    const delimiters = this.#delimiters
    let text = partOf(raw, delimiters.repetition, repetition)
    text = partOf(text, delimiters.component, component)
    text = partOf(text, delimiters.subcomponent, subcomponent)
    return text === NULL ? '' : decodeEscapes(text, delimiters)
  }

  #read(raw: string, delimiters: Delimiters): readonly Repetition[] {
    const { repetition } = delimiters
    if (repetition === '' || !raw.includes(repetition)) return [new LazyRepetition(raw, delimiters)]
    return raw.split(repetition).map((one) => new LazyRepetition(one, delimiters))
  }

  #split(): string[] {
    this.#fields ??= this.raw.split(this.#delimiters.field)
    return this.#fields
  }
}

/** The part with a number (from 1) of a text; empty when there is none. */
function partOf(text: string, separator: string, number: number): string {
  let end = separator === '' ? -1 : text.indexOf(separator)
  if (number === 1) return end === -1 ? text : text.slice(0, end)
  for (let left = number; left > 1; left--) {
    if (end === -1) return ''
    const start = end + 1
    end = text.indexOf(separator, start)
    if (left === 2) return end === -1 ? text.slice(start) : text.slice(start, end)
  }
  return ''
}

const VERBATIM: Delimiters = {
  field: '',
  component: '',
  repetition: '',
  escape: '',
  subcomponent: '',
  truncation: '',
}
const NULL = '""'

class LazyRepetition implements Repetition {
  readonly raw: string
  readonly #delimiters: Delimiters
  #components: string[] | undefined

  constructor(raw: string, delimiters: Delimiters) {
    this.raw = raw
    this.#delimiters = delimiters
  }

  get isNull(): boolean {
    return this.raw === NULL
  }

  get text(): string {
    return this.isNull ? '' : decodeEscapes(this.raw, this.#delimiters)
  }

  get componentCount(): number {
    return this.#split().length
  }

  rawComponent(number: number): string {
    return this.#split()[number - 1] ?? ''
  }

  component(number: number, subcomponent = 1): string {
    const raw = this.rawComponent(number)
    const { subcomponent: separator } = this.#delimiters
    const isWhole = separator === '' || !raw.includes(separator)
    const part = isWhole ? (subcomponent === 1 ? raw : '') : (raw.split(separator)[subcomponent - 1] ?? '')
    return part === NULL ? '' : decodeEscapes(part, this.#delimiters)
  }

  #split(): string[] {
    const { component } = this.#delimiters
    this.#components ??=
      component === '' || !this.raw.includes(component) ? [this.raw] : this.raw.split(component)
    return this.#components
  }
}
