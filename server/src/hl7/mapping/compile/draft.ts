import type { Alias } from '../../../fhir/aliases.ts'
import type { ElementPath, Fragment } from '../model/element.ts'
import type { ImagePart, Item, Likely, Own, Shared, Terms, While } from '../model/image.ts'
import type { Node, Scope } from '../model/node.ts'
import type { FieldName } from '../model/path.ts'
import type { Tools } from './tools.ts'

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

/** What a row writes, and how it is told where that came from. */
export interface Output {
  readonly element: ElementPath
  /** Id of the row. */
  readonly rule: string
  /** Fields of its condition. */
  readonly fields: readonly FieldName[]
  readonly origin: (one: Written) => Origin
}

/** What rows need of the message that is being mapped. */
export interface Work {
  readonly tools: Tools
  /** Position of the event in the envelope. */
  readonly eventSource: string
  /** The resource that the node becomes by the rows of a data type; `undefined` when it has no identity. */
  refer(datatype: string, node: Node, target: Target): Draft | undefined
}

/** Where rows read, and the object that they write into: the resource itself or a part of it that is not placed yet. */
export interface Target extends Scope {
  readonly work: Work
  readonly draft: Draft
  readonly holder: Fragment
  /** The object around, and the row that decided that this one is made at all; a resource has neither. */
  readonly outer: Target | undefined
  readonly by: Output | undefined
  /** Path of the holder in the object around, without the type; empty for the resource itself. */
  readonly path: string
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
