import type { Repetition, Segment } from '../message/message.ts'
import type { Occurrence } from './structure.ts'

/** One value of a message with its place: a repetition of a field, a component of it or a subcomponent. */
export interface Node {
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

/** Where a rule looks for values. */
export interface Scope {
  /** Segment names with their numbers, by place in the message. */
  readonly labels: readonly string[]
  readonly variables: Readonly<Record<string, string>>
  readonly here: Occurrence
  readonly segment: Segment
  /** The value that the rows of a data type work on. */
  readonly node?: Node
}

/** Decoded text, of the first component when there are several; empty when absent or null. */
export function textOf(node: Node): string {
  return node.repetition.component(node.component || 1, node.subcomponent || 1)
}

/** The sender means "delete". */
export function isNullNode(node: Node): boolean {
  return node.component === 0
    ? node.repetition.isNull
    : node.repetition.rawComponent(node.component) === '""' && node.subcomponent <= 1
}

export function isEmptyNode(node: Node): boolean {
  if (node.component === 0) return node.repetition.raw === ''
  if (node.subcomponent === 0) return node.repetition.rawComponent(node.component) === ''
  return node.repetition.component(node.component, node.subcomponent) === '' && !isNullNode(node)
}

/** A component of a repetition, a subcomponent of a component. A subcomponent has no parts: its first is itself. */
export function partOf(node: Node, number: number): Node | undefined {
  const { label, field, repetition, place, component } = node
  if (component === 0) return { label, field, repetition, place, component: number, subcomponent: 0 }
  if (node.subcomponent === 0) return { label, field, repetition, place, component, subcomponent: number }
  return number === 1 ? node : undefined
}

/** `ABC[3]-5[2].1`: repetition and component where they matter. */
export function sourceOf(node: Node): string {
  let source = `${node.label}-${node.field}`
  if (node.place > 0) source += `[${node.place}]`
  if (node.component > 1 || (node.component === 1 && node.repetition.componentCount > 1))
    source += `.${node.component}`
  if (node.component > 0 && node.subcomponent > 1) source += `.${node.subcomponent}`
  return source
}
