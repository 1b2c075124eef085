import type { Repetition, Segment } from '../message/message.ts'
import { ALL_THERE, bitOf } from './need.ts'
import type { Occurrence } from './structure.ts'

/** Where a node stands in its field. */
interface Place {
  /** Name of the segment, with its number where it repeats. */
  readonly label: string
  readonly field: number
  readonly repetition: Repetition
  /** Number of the repetition; 0 when the field has only one. */
  readonly place: number
  /** 0 for the whole repetition. */
  readonly component: number
  readonly subcomponent: number
}

/**
 * One value of a message with its place: a repetition of a field, a component of it or a subcomponent. Many rows read the same value, so a
 * message has one node for it, which remembers its text and its parts.
 */
export class Node implements Place {
  readonly label: string
  readonly field: number
  readonly repetition: Repetition
  readonly place: number
  readonly component: number
  readonly subcomponent: number
  #text: string | undefined
  #parts: (Node | undefined)[] | undefined
  #alone: readonly Node[] | undefined
  #there = 0

  constructor({ label, field, repetition, place, component, subcomponent }: Place) {
    this.label = label
    this.field = field
    this.repetition = repetition
    this.place = place
    this.component = component
    this.subcomponent = subcomponent
  }

  /** Decoded text, of the first component when there are several; empty when absent or null. */
  get text(): string {
    this.#text ??= this.repetition.component(this.component || 1, this.subcomponent || 1)
    return this.#text
  }

  /** The sender means "delete". */
  get isNull(): boolean {
    return this.component === 0
      ? this.repetition.isNull
      : this.subcomponent <= 1 && this.repetition.rawComponent(this.component) === '""'
  }

  /** The list of this node alone. */
  get alone(): readonly Node[] {
    this.#alone ??= [this]
    return this.#alone
  }

  /**
   * A component of a repetition, a subcomponent of a component. A subcomponent has no parts: its first is itself.
   *
   * @returns undefined when it is empty
   */
  part(number: number): Node | undefined {
    if (this.subcomponent !== 0) return number === 1 ? this : undefined
    const known = this.#parts?.[number]
    if (known !== undefined) return known
    if (this.component === 0 && this.repetition.rawComponent(number) === '') return undefined
    const made = this.#makePart(number)
    if (made === undefined) return undefined
    this.#parts ??= slots(this.#partCount + 1)
    this.#parts[number] = made
    return made
  }

  /** Bits of its parts that are not empty. */
  get there(): number {
    if (this.component !== 0) return ALL_THERE
    if (this.#there === 0) this.#there = partsThere(this.repetition)
    return this.#there
  }

  /** Trimmed text of a part; empty when there is none. */
  partText(number: number): string {
    return this.part(number)?.text.trim() ?? ''
  }

  /** `ABC[3]-5[2].1`: repetition and component where they matter. */
  get source(): string {
    const { label, field, place, component, subcomponent, repetition } = this
    let source = `${label}-${field}`
    if (place > 0) source += `[${place}]`
    if (component > 1 || (component === 1 && repetition.componentCount > 1)) source += `.${component}`
    if (component > 0 && subcomponent > 1) source += `.${subcomponent}`
    return source
  }

  get #partCount(): number {
    return this.component === 0 ? this.repetition.componentCount : 1
  }

  #makePart(number: number): Node | undefined {
    const { label, field, repetition, place, component } = this
    if (component === 0)
      return new Node({ label, field, repetition, place, component: number, subcomponent: 0 })
    const part = new Node({ label, field, repetition, place, component, subcomponent: number })
    return part.text === '' && !part.isNull ? undefined : part
  }
}

const SLOTS: readonly undefined[] = Array.from({ length: 64 })

/** A list of known length: one that grows takes room for sixteen more. */
function slots<T>(count: number): (T | undefined)[] {
  return SLOTS.slice(0, count)
}

function partsThere(repetition: Repetition): number {
  let there = 0
  for (let number = repetition.componentCount; number > 0; number--)
    if (repetition.rawComponent(number) !== '') there |= bitOf(number)
  return there
}

const NONE: readonly Node[] = []

/** The fields of a message: their nodes, made when the first rule asks for them. */
export class Fields {
  /** Segment names with their numbers, by place in the message. */
  readonly labels: readonly string[]
  readonly #names: ReadonlySet<string>
  /** By segment, then by field. */
  readonly #nodes: ((readonly Node[] | undefined)[] | undefined)[] = []
  readonly #there: (number | undefined)[] = []

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

  /** Bits of the segment's fields that are not empty. */
  there(segment: Segment): number {
    let there = this.#there[segment.index]
    if (there !== undefined) return there
    there = 0
    for (let field = segment.fieldCount; field > 0; field--)
      if (segment.rawField(field) !== '') there |= bitOf(field)
    this.#there[segment.index] = there
    return there
  }

  /** Repetitions of a field that are not empty; null ones are. */
  of(segment: Segment, field: number): readonly Node[] {
    const known = (this.#nodes[segment.index] ??= slots(segment.fieldCount + 1))
    const found = known[field]
    if (found !== undefined) return found
    const repetitions = segment.field(field)
    if (repetitions.length === 0) return NONE
    const made = nodesOf(repetitions, this.labelOf(segment), field)
    known[field] = made
    return made
  }
}

function nodesOf(repetitions: readonly Repetition[], label: string, field: number): readonly Node[] {
  const only = repetitions[0]
  if (only !== undefined && repetitions.length === 1)
    return new Node({ label, field, repetition: only, place: 0, component: 0, subcomponent: 0 }).alone
  return repetitions.flatMap((repetition, index) =>
    repetition.raw === ''
      ? []
      : new Node({ label, field, repetition, place: index + 1, component: 0, subcomponent: 0 }),
  )
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
}
