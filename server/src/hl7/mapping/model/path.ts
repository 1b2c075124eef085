import type { Segment } from '../../message/message.ts'
import { segmentName } from '../../message/segment.ts'
import type { Node, Scope } from './node.ts'
import type { Occurrence } from './structure.ts'

/** Where values stand: in a field, or in the value that a data type works on. `findNodes` reads it. */
export interface Path {
  /** Empty for parts of the value. */
  readonly segment: string
  /** Only in this bracket itself, the nearest one of that name; empty: wherever the segment is nearest. */
  readonly bracket: string
  /** Every segment of that name in the bracket and below, not only the first. */
  readonly isAll: boolean
  /** The segment of that name before the rule's own, of another name that of a bracket before; of the value the repetition before. */
  readonly isBefore: boolean
  /** Not the value, but its number among the repetitions. */
  readonly isNumber: boolean
  /** Only of those whose field is, or is not, one of the texts. */
  readonly only: Choice | undefined
  readonly field: number
  /** Number of the only repetition that counts; 0: all. */
  readonly place: number
  /** 0: the whole, here and below. */
  readonly component: number
  readonly subcomponent: number
  /** The text is a list with commas. */
  readonly isList: boolean
  /** What counts when nothing is there. */
  readonly or: Path | undefined
}

interface Choice {
  readonly field: number
  readonly isNot: boolean
  readonly texts: readonly string[]
}

export interface FieldName {
  readonly segment: string
  readonly field: number
  /** The path looks into this bracket only. */
  readonly bracket?: string
}

const NONE: readonly Node[] = []
const SEGMENT_PATH =
  /^(?:([A-Z_]{4,})\.)?([A-Z][A-Z0-9]{2})(?:\[(\*|<|\d+!?=[\w,-]+)\])?-(\d+)(?:\[(\d+)\])?(?:\.(\d+)(?:\.(\d+))?)?$/
const VALUE_PATH = /^(?:\$this(?:\[([<#])\])?|[A-Z]{2,3}(?=\.))(?:\.(\d+)(?:\.(\d+))?)?(?:\[,\])?$/

/**
 * Compiles `ABC-3[2].4.1` (a field of the rule's segment, or of the nearest one of that name), `ABC[*]-3` (of all in the bracket),
 * `ABC[2=X,Y]-3` and `ABC[2!=X]-3` (of those whose field is or is not one of the texts), `ABC[<]-3` (of the one before), `BRACKET.ABC[<]-3` (of that in a bracket before), `BRACKET.ABC[*]-3` (of that bracket itself), `CX.4.1` and `$this.4` (parts of the value that
 * a data type works on; `$this.2.2[,]`: each text of a list with commas; `$this[#]`: its number among the repetitions, `$this[<].9`: of the one before). Alternatives are separated by `|`: the first that has a value counts.
 *
 * @throws SyntaxError when it is no path
 */
export function compilePath(text: string): Path {
  const [first = '', ...others] = text.split('|')
  const or = others.length === 0 ? undefined : compilePath(others.join('|'))
  const inSegment = SEGMENT_PATH.exec(first.trim())
  const found = inSegment ?? VALUE_PATH.exec(first.trim())
  if (found === null) throw new SyntaxError(`"${first.trim()}" is no path of HL7`)
  const [bracket = '', name = '', all, ...numbers] =
    inSegment === null ? ['', '', found[1], '0', '0', ...found.slice(2)] : found.slice(1)
  const [field = 0, place = 0, component = 0, subcomponent = 0] = numbers.map((one) => Number(one ?? 0))
  return {
    segment: segmentName(name),
    bracket,
    isAll: all !== undefined,
    isBefore: all === '<',
    isNumber: all === '#',
    only: choiceOf(all),
    field,
    place,
    component,
    subcomponent,
    isList: first.trim().endsWith('[,]'),
    or,
  }
}

/** @param text `*`, `2=X,Y` or `2!=X` */
function choiceOf(text: string | undefined): Choice | undefined {
  const [, field, sign, texts = ''] = /^(\d+)(!?=)(.*)$/.exec(text ?? '') ?? []
  return field === undefined
    ? undefined
    : { field: Number(field), isNot: sign === '!=', texts: texts.split(',') }
}

/** Fields that a path reads, for the report of fields that no rule reads. `$this` reads none of its own. */
export function fieldsOf(path: Path | undefined): readonly FieldName[] {
  if (path === undefined) return []
  const { segment, bracket, field, only, or } = path
  if (segment === '') return fieldsOf(or)
  const place = bracket === '' ? { segment } : { segment, bracket }
  const chooses = only === undefined ? [] : [{ ...place, field: only.field }]
  return [{ ...place, field }, ...chooses, ...fieldsOf(or)]
}

/** Null values are found, absent ones are not. */
export function findNodes(path: Path, scope: Scope): readonly Node[] {
  for (let one: Path | undefined = path; one !== undefined; one = one.or) {
    const found = findOne(one, scope)
    if (found.length > 0) return found
  }
  return NONE
}

function findOne(path: Path, scope: Scope): readonly Node[] {
  const { segment: name } = path
  if (name === '') return ofValue(path, scope.node)
  const { segment, fields, here } = scope
  if (path.isAll || path.bracket !== '')
    return fields.has(name)
      ? named(path, scope).flatMap((one) => chosen(path, fields.of(one, path.field)))
      : NONE
  if (segment.name === name) return chosen(path, fields.of(segment, path.field))
  const found = fields.has(name) ? nearest(here, name) : undefined
  return found === undefined ? NONE : chosen(path, fields.of(found, path.field))
}

function ofValue(path: Path, node: Node | undefined): readonly Node[] {
  if (path.isNumber) return node?.numbered().alone ?? NONE
  const found = partOf(path, path.isBefore ? node?.home.previous : node)
  return (path.isList ? found?.listed() : found?.alone) ?? NONE
}

/** Segments that the path names by their bracket or place, not as the nearest one. */
function named(path: Path, { here, segment }: Scope): readonly Segment[] {
  const { segment: name, bracket, isAll, isBefore } = path
  if (isBefore && bracket === '' && segment.name === name) return previous(here, segment)
  if (isBefore) return lastBefore(bracket === '' ? here : bracketNear(here, bracket), name)
  const all = bracket === '' ? allWithin(here, name) : ownOf(bracketNear(here, bracket), name)
  const meant = all.filter((one) => isMeant(path, one))
  return isAll ? meant : meant.slice(0, 1)
}

function isMeant({ only }: Path, segment: Segment): boolean {
  return (
    only === undefined || only.texts.includes(segment.field(only.field)[0]?.component(1) ?? '') !== only.isNot
  )
}

/** Parts of repetitions, or of a certain one. */
function chosen(path: Path, nodes: readonly Node[]): readonly Node[] {
  const { place, component } = path
  const first = nodes[0]
  if (first === undefined || (place === 0 && component === 0)) return nodes
  // The only repetition has no number.
  if (nodes.length === 1)
    return place === 0 || (first.home.place || 1) === place ? (partOf(path, first)?.alone ?? NONE) : NONE
  const meant = place === 0 ? nodes : nodes.filter((node) => node.home.place === place)
  return meant.flatMap((node) => partOf(path, node) ?? [])
}

function partOf({ component, subcomponent }: Path, node: Node | undefined): Node | undefined {
  const found = component === 0 ? node : node?.part(component)
  return subcomponent === 0 ? found : found?.part(subcomponent)
}

function ownOf(bracket: Occurrence | undefined, name: string): readonly Segment[] {
  return bracket?.segments.filter((one) => one.name === name) ?? []
}

/** The bracket of that name that stands beside or around. */
function bracketNear(here: Occurrence, name: string): Occurrence | undefined {
  if (here.name === name) return here
  return here.inner.find((one) => one.name === name) ?? (here.parent && bracketNear(here.parent, name))
}

/** The segment of the same name before this one: in its bracket, or the one that opened the same bracket before. */
function previous(here: Occurrence, segment: Segment): readonly Segment[] {
  const own = ownOf(here, segment.name)
  const at = own.indexOf(segment)
  if (at > 0) return own.slice(at - 1, at)
  if (here.segments[0] !== segment) return []
  const beside = here.parent?.inner.filter(({ name }) => name === here.name) ?? []
  return ownOf(beside[beside.indexOf(here) - 1], segment.name).slice(-1)
}

/** Of the nearest bracket of the same name before this one that has such a segment: what several brackets share. */
function lastBefore(here: Occurrence | undefined, name: string): readonly Segment[] {
  const beside = here?.parent?.inner ?? []
  for (let at = here === undefined ? -1 : beside.indexOf(here) - 1; at >= 0; at--) {
    const before = beside[at]
    const found = before?.name === here?.name && before !== undefined ? allWithin(before, name) : []
    if (found.length > 0) return found.slice(-1)
  }
  return []
}

function allWithin({ segments, inner }: Occurrence, name: string): readonly Segment[] {
  return [...segments.filter((one) => one.name === name), ...inner.flatMap((one) => allWithin(one, name))]
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
