import type { Delimiters } from '../../message/delimiters.ts'
import { decodeEscapes } from '../../message/escapes.ts'
import type { Segment } from '../../message/message.ts'
import type { Occurrence } from './structure.ts'

/** A repetition of a field. */
interface Home {
  /** Name of the segment, with its number where it repeats. */
  readonly label: string
  readonly field: number
  /** Number of the repetition; 0 when the field has only one. */
  readonly place: number
  readonly raw: string
  readonly delimiters: Delimiters
  /** The repetition before. */
  readonly previous?: Node
}

const NULL = '""'

/**
 * One value of a message with its place: a repetition of a field, a component of it or a subcomponent. Many rows read the same value, so a
 * message has one node for it, which remembers its text and its parts.
 */
export class Node {
  readonly home: Home
  /** As it was sent. */
  readonly raw: string
  /** 0 for the whole repetition. */
  readonly component: number
  readonly subcomponent: number
  /** The list of this node alone. */
  readonly alone: readonly Node[] = [this]
  #text: string | undefined
  /** Texts become nodes when they are asked for. */
  #parts: (string | Node)[] | undefined

  constructor(home: Home, raw = home.raw, [component, subcomponent]: readonly [number, number] = WHOLE) {
    this.home = home
    this.raw = raw
    this.component = component
    this.subcomponent = subcomponent
  }

  /** Decoded text, of the first component when there are several; empty when absent or null. */
  get text(): string {
    this.#text ??= this.#read()
    return this.#text
  }

  /** Decoded text of the whole repetition, separators inside it kept: for texts that a sender did not escape. */
  get wholeText(): string {
    const { raw, delimiters } = this.home
    return raw === NULL ? '' : decodeEscapes(raw, delimiters)
  }

  /** The sender means "delete". */
  get isNull(): boolean {
    return this.raw === NULL
  }

  /**
   * A component of a repetition, a subcomponent of a component. A subcomponent has no parts: its first is itself.
   *
   * @returns undefined when it is empty
   */
  part(number: number): Node | undefined {
    if (this.subcomponent !== 0) return number === 1 ? this : undefined
    this.#parts ??= this.#split()
    const found = this.#parts[number - 1]
    if (found === undefined || found === '' || found instanceof Node) return found || undefined
    const made = this.#makePart(number, found)
    if (made !== undefined) this.#parts[number - 1] = made
    return made
  }

  /** Each text of a list with commas, at the same place. */
  listed(): readonly Node[] {
    const texts = this.raw.split(',').filter((text) => text.trim() !== '')
    return texts.map((text) => new Node(this.home, text, [this.component, this.subcomponent]))
  }

  /** Its number among the repetitions, at the same place. */
  numbered(): Node {
    return new Node(this.home, String(this.home.place || 1), [this.component, this.subcomponent])
  }

  /** Trimmed text of a part; empty when there is none. */
  partText(number: number): string {
    return this.part(number)?.text.trim() ?? ''
  }

  /** `ABC[3]-5[2].1`: repetition and component where they matter. */
  get source(): string {
    const { component, subcomponent } = this
    const { label, field, place, raw, delimiters } = this.home
    let source = `${label}-${field}`
    if (place > 0) source += `[${place}]`
    if (component > 1 || (component === 1 && has(raw, delimiters.component))) source += `.${component}`
    if (component > 0 && subcomponent > 1) source += `.${subcomponent}`
    return source
  }

  #read(): string {
    const { delimiters } = this.home
    let text = this.raw
    if (this.component === 0) text = before(text, delimiters.component)
    if (this.subcomponent === 0) text = before(text, delimiters.subcomponent)
    return text === NULL ? '' : decodeEscapes(text, delimiters)
  }

  #split(): string[] {
    const { component, subcomponent } = this.home.delimiters
    const separator = this.component === 0 ? component : subcomponent
    return has(this.raw, separator) ? this.raw.split(separator) : [this.raw]
  }

  #makePart(number: number, raw: string): Node | undefined {
    if (this.component === 0) return new Node(this.home, raw, [number, 0])
    const part = new Node(this.home, raw, [this.component, number])
    // Only a whole component can be null.
    return part.text === '' && this.raw !== NULL ? undefined : part
  }
}

const WHOLE = [0, 0] as const

function has(text: string, separator: string): boolean {
  return separator !== '' && text.includes(separator)
}

function before(text: string, separator: string): string {
  return has(text, separator) ? text.slice(0, text.indexOf(separator)) : text
}

const NONE: readonly Node[] = []
const SLOTS: readonly undefined[] = Array.from({ length: 64 })

/** The fields of a message: their nodes, made when the first rule asks for them. */
export class Fields {
  /** Segment names with their numbers, by place in the message. */
  readonly labels: readonly string[]
  readonly #names: ReadonlySet<string>
  /** By segment, then by field. */
  readonly #nodes: ((readonly Node[] | undefined)[] | undefined)[] = []

  constructor(segments: readonly Segment[]) {
    this.labels = labelsOf(segments)
    this.#names = new Set(segments.map(({ name }) => name))
  }

  /** The message has a segment of that name. */
  has(name: string): boolean {
    return this.#names.has(name)
  }

  labelOf({ name, index }: Segment): string {
    return this.labels[index] ?? name
  }

  /** Repetitions of a field that are not empty; null ones are. */
  of(segment: Segment, field: number): readonly Node[] {
    // A list that grows takes room for sixteen more.
    const known = (this.#nodes[segment.index] ??= SLOTS.slice(0, segment.fieldCount + 1))
    const found = known[field]
    if (found !== undefined) return found
    const raw = segment.rawField(field)
    if (raw === '') return NONE
    const made = nodesOf({
      label: this.labelOf(segment),
      field,
      place: 0,
      raw,
      delimiters: segment.delimitersOf(field),
    })
    known[field] = made
    return made
  }
}

/** @param home of the field as a whole */
function nodesOf(home: Home): readonly Node[] {
  const { raw, delimiters } = home
  if (!has(raw, delimiters.repetition)) return new Node(home).alone
  const nodes: Node[] = []
  for (const [index, one] of raw.split(delimiters.repetition).entries()) {
    const previous = nodes.at(-1)
    const place = { ...home, place: index + 1, raw: one, ...(previous && { previous }) }
    if (one !== '') nodes.push(new Node(place))
  }
  return nodes
}

/** Segment names, numbered where they repeat. */
function labelsOf(segments: readonly Segment[]): readonly string[] {
  const totals = new Map<string, number>()
  for (const { name } of segments) totals.set(name, (totals.get(name) ?? 0) + 1)
  const seen = new Map<string, number>()
  return segments.map(({ name }) => {
    if (totals.get(name) === 1) return name
    const number = (seen.get(name) ?? 0) + 1
    seen.set(name, number)
    return `${name}[${number}]`
  })
}

/** Where a rule looks for values. */
export interface Scope {
  readonly fields: Fields
  readonly variables: Readonly<Record<string, string>>
  readonly here: Occurrence
  readonly segment: Segment
  /** The value that the rows of a data type work on. */
  readonly node: Node | undefined
  /** What would be said of a value is asked about the null of HL7: it has no form that could be wrong. */
  readonly asksOfNull?: boolean
}
