import { fault } from '../../../kernel/fault.ts'
import type { JsonValue } from '../../../kernel/json.ts'
import { compileElement, foundAt, pathIn, place, type Fragment } from '../model/element.ts'
import type { MappingWarning } from '../model/image.ts'
import type { Fields } from '../model/node.ts'
import { objectOf, objectsIn } from '../model/objects.ts'
import type { CompiledImage } from './compile-message.ts'
import type { Draft, Target } from './draft.ts'
import type { ImageIndex } from './image-index.ts'
import type { Rows } from './target.ts'

export interface LinkContext {
  readonly index: ImageIndex
  readonly fields: Fields
  readonly warnings: MappingWarning[]
}

export interface Filled {
  readonly image: CompiledImage
  readonly target: Target
  /** The message named it before: what belongs to it here is added to lists. */
  readonly isAgain?: boolean
}

type Link = CompiledImage['links'][number]

/** Writes the references that the message's rules name from one image to others. */
export function tie(context: LinkContext, { image, target, isAgain = false }: Filled): void {
  const { draft } = target
  const links = isAgain ? image.links.filter(({ to }) => to.appended !== undefined) : image.links
  for (const link of links) {
    if (link.condition?.holds(target) === false) continue
    const { to, output } = link
    const isNamed = ({ key }: Draft) => isAgain && refersTo(draft.resource[to.top], key)
    for (const other of othersOf({ link, target, key: image.key }, context)) {
      if (other === draft || foundAt(draft.resource, to) !== undefined || isNamed(other)) continue
      const path = pathIn(draft.resource, to)
      place(draft.resource, to, { reference: `#image:${other.key}` })
      draft.written.push({ output, target, from: other, path: `${path}.reference` })
      if (link.rows !== undefined && other.target !== undefined)
        describe(link.rows, { path, target, other: other.target })
    }
  }
}

function refersTo(list: JsonValue | undefined, key: string): boolean {
  return objectsIn(list).some(({ reference }) => reference === `#image:${key}`)
}

interface Tying {
  readonly link: Link
  readonly target: Target
  /** Of the image that refers. */
  readonly key: string
}

function othersOf({ link, target, key }: Tying, context: LinkContext): readonly Draft[] {
  const { index, fields, warnings } = context
  const { here, segment, draft } = target
  if (link.all && !link.required) {
    const inside = index.inside(link.image, here)
    const isAlone = index.inside(key, here).every((one) => one === draft || one.target?.here !== here)
    return isAlone ? inside : inside.filter((one) => isOf(one, { key, draft }, context))
  }
  const nearest = index.nearest(link.image, here, segment)
  const at = fields.labelOf(segment)
  if (nearest !== undefined) {
    if (!link.only || !isOneOfSeveral(nearest, link.image, { index, target })) return [nearest]
    const text = `There are several of ${link.image} behind it: it is of none of them`
    warnings.push({ kind: 'repeated', at, text })
    return []
  }
  if (link.required) throw unidentified(link.image, at)
  if (link.expected) warnings.push({ kind: 'no-identity', at, text: unknownText(link.image) })
  return []
}

/** What stands in front is what the segment is of; of several behind it nobody can tell. */
function isOneOfSeveral(
  { target: found }: Draft,
  image: string,
  { index, target: { here, segment } }: { readonly index: ImageIndex; readonly target: Target },
): boolean {
  if (found === undefined || found.segment.index < segment.index) return false
  let around = here
  while (around.parent !== undefined && index.inside(image, around).length === 0) around = around.parent
  return new Set(index.inside(image, around)).size > 1
}

/** Of several that the bracket has each refers to what stands behind it, before the next one. */
function isOf(
  { target }: Draft,
  { key, draft }: { readonly key: string; readonly draft: Draft },
  { index, fields, warnings }: LinkContext,
): boolean {
  if (target === undefined) return true
  const at = fields.labelOf(target.segment)
  const isFirst = index.nearest(key, target.here, target.segment) === draft
  if (isFirst)
    warnings.push({ kind: 'repeated', at, text: `There are several of ${key}: it is of the one before it` })
  return isFirst
}

interface Tied {
  /** Of the reference. */
  readonly path: string
  readonly target: Target
  readonly other: Target
}

/** Fills the object around a reference with what the segment of the other image says. */
function describe(rows: Rows, { path, target, other }: Tied): void {
  const parent = path.slice(0, Math.max(path.lastIndexOf('.'), 0))
  const { draft } = target
  const holder = parent === '' ? draft.resource : foundAt(draft.resource, compileElement(parent))
  rows({ ...other, draft, holder: holder as Fragment, path: parent })
}

export function unknownText(key: string): string {
  return `The message does not say which ${key} it is about`
}

/** @param draft of what has numbers, but of types by which the feed knows nothing */
export function unidentified(key: string, at: string, draft?: Draft): Error {
  const kinds = draft === undefined ? [] : kindsOf(draft)
  const why =
    kinds.length === 0
      ? ''
      : `: numbers of type ${kinds.join(', ')} do not identify one in this feed (identityPreference of its file)`
  return fault('unprocessable', { code: 'required', at, text: unknownText(key) + why })
}

/** What looks like a code, and could be nobody's number. */
const KIND = /^[A-Z]{1,10}$/
const MOST_KINDS = 5

function kindsOf({ resource }: Draft): readonly string[] {
  const types = objectsIn(resource['identifier']).map(({ type }) => objectOf(type))
  const codes = types.flatMap(({ coding }) => objectsIn(coding).map(({ code }) => code))
  const kinds = codes.filter((code) => typeof code === 'string' && KIND.test(code))
  return [...new Set(kinds as readonly string[])].slice(0, MOST_KINDS)
}

/** The field whose number is missing. @param label of the segment */
export function numberPlace({ numbers }: CompiledImage, segment: string, label: string): string {
  const field = numbers.get(segment)
  return field === undefined ? label : `${label}-${String(field)}`
}

/** A segment that is missing, or stands where it must not. */
export function outOfSequence(at: string, text: string): Error {
  return fault('unprocessable', { code: 'structure', at, text })
}
