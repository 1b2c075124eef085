import type { Alias } from '../../fhir/aliases.ts'
import type { Fragment } from './element.ts'
import type { ImagePart, Item, Likely, Own, Shared, Terms, While } from './image.ts'
import type { Node } from './node.ts'
import type { Output } from './origin.ts'
import type { Target } from './target.ts'

/** An image while rows fill it. */
export interface Draft {
  /** Given when the draft is kept. */
  key: string
  readonly type: string
  readonly own: Own
  readonly resource: Fragment
  /** Every primitive element, in the order of writing. */
  readonly written: Written[]
  /** Exact digits by path. */
  literals: Map<string, string> | undefined
  initial: Set<string> | undefined
  /** Top-level elements, or members of such (`period.end`). */
  cleared: Set<string> | undefined
  whiles: While[] | undefined
  /** See `Image`. */
  readonly parts: readonly ImagePart[]
  /** An element named `end` was written: there may be a period. */
  hasEnd: boolean
  aliases: readonly Alias[]
  /** See `Image`. */
  item: Item | undefined
  /** See `Image`. */
  likely: Likely | undefined
  /** See `Image`. */
  whole: Shared | undefined
  /** See `Image`. */
  terms: Terms | undefined
  /** Texts that tell it from others of its identity, empty where the message has none. */
  marks: readonly string[]
  /** The patient whose it is. */
  owner: Draft | undefined
  /** The preferred identity as a part of others, once it was asked for. */
  identityText: string | undefined
  /** What the preferred identity was made of: values, other images, paths of identifiers. */
  identity: readonly (Node | Draft | string)[]
  /** Where that was read, once a trace was asked for. */
  sources: readonly string[] | undefined
  /** Where a segment made it. */
  target: Target | undefined
}

/** An element that was written. Where it came from is put into words when somebody asks for the trace. */
export interface Written {
  readonly output: Output
  readonly target: Target
  /** The value that it was made of, or the image that it refers to. */
  readonly from: Node | Draft | undefined
  /** Path in the target. */
  path: string
}

export interface Origin {
  readonly source: string
  readonly also?: readonly string[]
  readonly rule: string
}

const NOTHING: readonly [] = []

export function createDraft(type: string, own: Own, parts: readonly ImagePart[] = NOTHING): Draft {
  return {
    key: '',
    type,
    own,
    resource: { resourceType: type },
    written: [],
    literals: undefined,
    initial: undefined,
    cleared: undefined,
    whiles: undefined,
    parts,
    hasEnd: false,
    aliases: NOTHING,
    item: undefined,
    likely: undefined,
    whole: undefined,
    terms: undefined,
    marks: NOTHING,
    owner: undefined,
    identityText: undefined,
    identity: NOTHING,
    sources: undefined,
    target: undefined,
  }
}
