/**
 * One parsed HL7 v2 message: lazy, positions as in the standard (fields from 1, `MSH-1` is the field separator).
 * Texts are decoded from escapes; `""` (delete) is told apart from empty (not sent) by `isNull`.
 */
export interface Message {
  readonly text: string
  readonly segments: readonly Segment[]
  /** First occurrence of a segment. */
  segment(name: string): Segment | undefined
  /** `PID-3[2].4.2`, `OBX[3]-5`: repetition, component and subcomponent default to the first. Empty text when absent. */
  get(path: string): string
}

export interface Segment {
  readonly name: string
  /** Place in the message, from 0. */
  readonly index: number
  /** Repetitions of a field; an empty list when the field is empty. */
  field(number: number): readonly Repetition[]
}

export interface Repetition {
  readonly raw: string
  /** The sender means "delete": two double quotes. */
  readonly isNull: boolean
  /** Decoded text of a component (from 1) and subcomponent (from 1). */
  component(number: number, subcomponent?: number): string
}
