import type { Segment } from '../message/message.ts'
import { bitOf, eitherOf, NO_NEEDS, type Needs } from './need.ts'
import type { Node, Scope } from './node.ts'
import type { Occurrence } from './structure.ts'

/** Finds values of a message; null values are found, absent ones are not. */
export interface Path {
  find(scope: Scope): readonly Node[]
  /** Fields that it reads, for the report of fields that no rule reads. `$this` reads none of its own. */
  readonly fields: readonly FieldName[]
  /** Without these it finds nothing. */
  readonly needs: Needs
}

export interface FieldName {
  readonly segment: string
  readonly field: number
}

const NONE: readonly Node[] = []
const SEGMENT_PATH = /^([A-Z][A-Z0-9]{2})(\[\*\])?-(\d+)(?:\[(\d+)\])?(?:\.(\d+)(?:\.(\d+))?)?$/
const VALUE_PATH = /^(?:\$this|[A-Z]{2,3}(?=\.))(?:\.(\d+)(?:\.(\d+))?)?$/

/**
 * Compiles `ABC-3[2].4.1` (a field of the rule's segment, or of the nearest one of that name), `ABC[*]-3` (of all in the bracket), `CX.4.1` and `$this.4` (parts of the value that
 * a data type works on). Alternatives are separated by `|`: the first that has a value counts.
 *
 * @throws SyntaxError when it is no path
 */
export function compilePath(text: string): Path {
  const alternatives = text.split('|').map((one) => compileOne(one.trim()))
  const [only, ...others] = alternatives
  if (only !== undefined && others.length === 0) return only
  return {
    fields: alternatives.flatMap(({ fields }) => fields),
    needs: alternatives.map(({ needs }) => needs).reduce(eitherOf),
    find: (scope) => {
      for (const path of alternatives) {
        const found = path.find(scope)
        if (found.length > 0) return found
      }
      return NONE
    },
  }
}

function compileOne(text: string): Path {
  const inSegment = SEGMENT_PATH.exec(text)
  if (inSegment !== null) {
    const [, segment = '', all, ...numbers] = inSegment
    const [field = 0, place = 0, component = 0, subcomponent = 0] = numbers.map((one: string | undefined) =>
      Number(one ?? 0),
    )
    return segmentPath({ segment, isAll: all !== undefined, field, place, component, subcomponent })
  }
  const inValue = VALUE_PATH.exec(text)
  if (inValue === null) throw new SyntaxError(`"${text}" is no path of HL7`)
  const parts = inValue
    .slice(1)
    .flatMap((one: string | undefined) => (one === undefined ? [] : [Number(one)]))
  const [first] = parts
  return {
    fields: [],
    needs: first === undefined ? NO_NEEDS : [{ of: '', bits: bitOf(first) }],
    find: (scope) => valueNodes(scope.node, parts),
  }
}

interface Place {
  readonly segment: string
  /** Every segment of that name in the bracket and below, not only the first. */
  readonly isAll: boolean
  readonly field: number
  /** Number of the only repetition that counts; 0: all. */
  readonly place: number
  readonly component: number
  readonly subcomponent: number
}

function segmentPath(place: Place): Path {
  const { segment, field, isAll } = place
  const choose = place.place > 0 || place.component > 0 ? chooser(place) : undefined
  const read = (found: Segment, { fields }: Scope): readonly Node[] => {
    const nodes = fields.of(found, field)
    return choose === undefined || nodes.length === 0 ? nodes : choose(nodes)
  }
  const find = (scope: Scope): readonly Node[] => {
    if (scope.segment.name === segment) return read(scope.segment, scope)
    const found = scope.fields.has(segment) ? nearest(scope.here, segment) : undefined
    return found === undefined ? NONE : read(found, scope)
  }
  const findAll = (scope: Scope): readonly Node[] =>
    scope.fields.has(segment) ? allWithin(scope.here, segment).flatMap((found) => read(found, scope)) : NONE
  return isAll
    ? { fields: [{ segment, field }], needs: NO_NEEDS, find: findAll }
    : {
        fields: [{ segment, field }],
        needs: [{ of: segment, bits: bitOf(field), ...(choose === undefined && { field }) }],
        find,
      }
}

/** Parts of repetitions, or of a certain one. */
function chooser({ place, component, subcomponent }: Place): (nodes: readonly Node[]) => readonly Node[] {
  const part = (node: Node): Node | undefined => {
    const found = component === 0 ? node : node.part(component)
    return subcomponent === 0 ? found : found?.part(subcomponent)
  }
  return (nodes) => {
    const [only] = nodes
    if (only !== undefined && nodes.length === 1) {
      // The only repetition has no number.
      const isMeant = place === 0 || (only.place || 1) === place
      return isMeant ? (part(only)?.alone ?? NONE) : NONE
    }
    const chosen = place === 0 ? nodes : nodes.filter((node) => node.place === place)
    return chosen.flatMap((node) => part(node) ?? [])
  }
}

function allWithin({ segments, inner }: Occurrence, name: string): readonly Segment[] {
  return [...segments.filter((one) => one.name === name), ...inner.flatMap((one) => allWithin(one, name))]
}

function valueNodes(node: Node | undefined, parts: readonly number[]): readonly Node[] {
  let found = node
  for (const part of parts) found = found?.part(part)
  return found?.alone ?? NONE
}

/**
 * The first segment of that name in the bracket, in brackets inside it, then in the brackets around it; never in another occurrence of a bracket that was left:
 * the route of one medication says nothing about the next.
 */
function nearest(here: Occurrence, name: string): Segment | undefined {
  let left: Occurrence | undefined
  for (let around: Occurrence | undefined = here; around !== undefined; around = around.parent) {
    const found = within(around, name, left?.name)
    if (found !== undefined) return found
    left = around
  }
  return undefined
}

/** @param except name of inner brackets that do not count */
function within(occurrence: Occurrence, name: string, except?: string): Segment | undefined {
  for (const segment of occurrence.segments) if (segment.name === name) return segment
  for (const inner of occurrence.inner) {
    if (inner.name === except) continue
    const found = within(inner, name)
    if (found !== undefined) return found
  }
  return undefined
}
