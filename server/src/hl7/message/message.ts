import type { Delimiters } from './delimiters.ts'

/**
 * One parsed HL7 v2 message: lazy, positions as in the standard (fields from 1, `MSH-1` is the field separator).
 * Texts are decoded from escapes; `""` (delete) is told apart from empty (not sent) by `isNull`.
 */
export interface Message {
  readonly text: string
  readonly delimiters: Delimiters
  readonly segments: readonly Segment[]
  /** First occurrence of a segment. */
  segment(name: string): Segment | undefined
  /** `PID-3[2].4.2`, `OBX[3]-5`: repetition, component and subcomponent default to the first. Empty text when absent or null. */
  get(path: string): string
}

export interface Segment {
  readonly name: string
  /** The text of the segment as it was sent, without its end. */
  readonly raw: string
  /** Place in the message, from 0. */
  readonly index: number
  /** Repetitions of a field; an empty list when the field is empty. */
  field(number: number): readonly Repetition[]
  /** Text of a field as it was sent; empty when absent. */
  rawField(number: number): string
  /** What separates the parts of a field; nothing does in the first two of a header. */
  delimitersOf(number: number): Delimiters
  /** Number of the last field that was sent, even if it is empty. */
  readonly fieldCount: number
}

export interface Repetition {
  readonly raw: string
  /** The sender means "delete": two double quotes. */
  readonly isNull: boolean
  /** Number of components that were sent, at least 1. */
  readonly componentCount: number
  /** Decoded text of the whole repetition, separators inside it kept: for texts that a sender did not escape. */
  readonly text: string
  /** Text of a component as it was sent; empty when absent. */
  rawComponent(number: number): string
  /** Decoded text of a component (from 1) and subcomponent (from 1); empty for the null of HL7. */
  component(number: number, subcomponent?: number): string
}
