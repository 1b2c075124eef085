import { fault } from '../../kernel/fault.ts'
import type { CompiledImage } from './compile-message.ts'
import { referenceOrigin, type Draft } from './draft.ts'
import { compileElement, foundAt, pathIn, place, type Fragment } from './element.ts'
import type { ImageIndex } from './image-index.ts'
import type { Fields } from './node.ts'
import type { Work } from './step.ts'
import type { Occurrence } from './structure.ts'

export interface LinkContext {
  readonly index: ImageIndex
  readonly fields: Fields
  readonly work: Work
}

export interface Filled {
  readonly image: CompiledImage
  readonly draft: Draft
  readonly here: Occurrence
}

type Link = CompiledImage['links'][number]

/** Writes the references that the message's rules name from one image to others. */
export function tie(context: LinkContext, { image, draft, here }: Filled): void {
  for (const link of image.links) {
    if (draft.scope !== undefined && link.condition?.holds(draft.scope) === false) continue
    for (const other of othersOf(link, { draft, here }, context)) {
      if (other === draft || foundAt(draft.resource, link.to) !== undefined) continue
      const path = pathIn(draft.resource, link.to)
      place(draft.resource, link.to, { reference: `#image:${other.key}` })
      draft.written.push({ around: path, path: 'reference', from: () => referenceOrigin(other, link.rule) })
      if (link.rows !== undefined) describe(context.work, { link, draft, other, path })
    }
  }
}

function othersOf(
  link: Link,
  { draft, here }: Pick<Filled, 'draft' | 'here'>,
  { index, fields }: LinkContext,
): readonly Draft[] {
  if (link.all && !link.required) return index.inside(link.image, here)
  const nearest = index.nearest(link.image, here)
  if (nearest === undefined && link.required)
    throw unidentified(link.image, fields.labels[draft.scope?.segment.index ?? 0] ?? '')
  return nearest === undefined ? [] : [nearest]
}

interface Tied {
  readonly link: Link
  readonly draft: Draft
  readonly other: Draft
  readonly path: string
}

/** Fills the object around a reference with what the segment of the other image says. */
function describe(work: Work, { link, draft, other, path }: Tied): void {
  const parent = path.slice(0, Math.max(path.lastIndexOf('.'), 0))
  const holder = parent === '' ? draft.resource : foundAt(draft.resource, compileElement(parent))
  if (other.scope !== undefined)
    link.rows?.(other.scope, { holder: holder as Fragment, path: parent, draft, by: undefined }, work)
}

export function unknownText(key: string): string {
  return `The message does not say which ${key} it is about`
}

export function unidentified(key: string, at: string): Error {
  return fault('unprocessable', { code: 'required', at, text: unknownText(key) })
}

/** A segment that is missing, or stands where it must not. */
export function outOfSequence(at: string, text: string): Error {
  return fault('unprocessable', { code: 'structure', at, text })
}
