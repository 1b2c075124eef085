import { STANDARD_DELIMITERS, type Delimiters } from './delimiters.ts'
import { encodeEscapes } from './escapes.ts'
import type { Message } from './message.ts'

const PATH = /^([A-Z][A-Z0-9]{2})(?:\[(\d+)\])?-(\d+)(?:\[(\d+)\])?(?:\.(\d+)(?:\.(\d+))?)?$/
/** Their first field is the separator itself. */
const HEADERS: ReadonlySet<string> = new Set(['MSH', 'FHS', 'BHS'])

interface Line {
  name: string
  fields: string[]
}

/**
 * Writes a message field by field, by the positions that `Message.get` reads. What is not touched keeps its characters, so that a message
 * that was read and is written again is the same.
 */
export class MessageBuilder {
  readonly #lines: Line[] = []
  readonly #delimiters: Delimiters

  /** @param delimiters for a message that begins empty; MSH-1 and MSH-2 are set by them. */
  constructor(delimiters: Delimiters = STANDARD_DELIMITERS) {
    this.#delimiters = delimiters
  }

  static from(message: Message): MessageBuilder {
    const builder = new MessageBuilder(message.delimiters)
    for (const { name, raw } of message.segments)
      builder.#lines.push({ name, fields: raw.split(message.delimiters.field) })
    return builder
  }

  /** Appends a segment. @returns its occurrence, for paths such as `OBX[3]-5` */
  add(name: string): number {
    const { field, component, repetition, escape, subcomponent, truncation } = this.#delimiters
    const marks = component + repetition + escape + subcomponent + truncation
    this.#lines.push({ name, fields: HEADERS.has(name) ? [name, marks] : [name] })
    if (field === '') throw new TypeError('A message needs a field separator')
    return this.#lines.filter((line) => line.name === name).length
  }

  /**
   * Sets a text at a path; delimiters in it are escaped. Segments before it must have been added.
   *
   * @throws TypeError when the path is none, or its segment is not there
   */
  set(path: string, text: string): this {
    return this.setRaw(path, encodeEscapes(text, this.#delimiters))
  }

  /** The same for a text that is written already: a field with components, or `""` for the null of HL7. */
  setRaw(path: string, raw: string): this {
    const parts = PATH.exec(path)
    if (parts === null) throw new TypeError(`"${path}" is no HL7 path`)
    const [, name = '', occurrence = '1', field, repetition, component, subcomponent] = parts
    const line = this.#lines.filter((one) => one.name === name)[Number(occurrence) - 1]
    if (line === undefined) throw new TypeError(`There is no segment for "${path}"`)
    const index = Number(field) - (HEADERS.has(name) ? 1 : 0)
    const steps: Step[] = [
      { separator: this.#delimiters.repetition, place: repetition },
      { separator: this.#delimiters.component, place: component },
      { separator: this.#delimiters.subcomponent, place: subcomponent },
    ]
    while (line.fields.length <= index) line.fields.push('')
    line.fields[index] = replaced(line.fields[index] ?? '', steps, raw)
    return this
  }

  /** The message with CR behind each segment. */
  toString(): string {
    return this.#lines.map(({ fields }) => `${fields.join(this.#delimiters.field)}\r`).join('')
  }
}

interface Step {
  readonly separator: string
  /** From 1; absent when the path ends above it. */
  readonly place: string | undefined
}

function replaced(text: string, steps: readonly Step[], raw: string): string {
  const last = steps.findLastIndex(({ place }) => place !== undefined)
  const [step, ...below] = steps
  if (step === undefined || last === -1) return raw
  const parts = step.separator === '' ? [text] : text.split(step.separator)
  const index = Number(step.place ?? 1) - 1
  while (parts.length <= index) parts.push('')
  parts[index] = replaced(parts[index] ?? '', below, raw)
  return parts.join(step.separator)
}
