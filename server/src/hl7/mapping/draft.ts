import type { Alias } from '../../fhir/aliases.ts'
import type { JsonValue } from '../../kernel/json.ts'
import type { Fragment } from './element.ts'
import type { Decimal, Made } from './functions.ts'
import type { ImagePart, Own } from './image.ts'
import type { Scope } from './node.ts'
import type { Step } from './step.ts'

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
  /** See `Image`. */
  readonly parts: readonly ImagePart[]
  /** An element named `end` was written: there may be a period. */
  hasEnd: boolean
  aliases: readonly Alias[]
  /** The preferred identity as a part of others, once it was asked for. */
  identityText: string | undefined
  /** Where the preferred identity was read: put into words when somebody asks for the trace. */
  identitySources: () => readonly string[]
  /** Where it was made. */
  scope: Scope | undefined
}

/** The object that rows write into: the resource itself or a part of it that is not placed yet. */
export interface Target {
  readonly holder: Fragment
  /** Path of the holder without the type; empty for the resource itself. */
  readonly path: string
  readonly draft: Draft
  /** The row that decided that the object is made at all. */
  readonly by: Step | undefined
}

/** An element that was written. Where it came from is put into words when somebody asks for the trace. */
export interface Written {
  /** Path of the object that it is in, without the type; empty for the resource itself. */
  readonly around: string
  /** Path in that object. */
  readonly path: string
  readonly from: Step | (() => Origin)
}

export interface Origin {
  readonly source: string
  readonly also?: readonly string[]
  readonly rule: string
}

const NO_SOURCES: readonly string[] = []

export function createDraft(type: string, own: Own, parts: readonly ImagePart[] = []): Draft {
  return {
    key: '',
    type,
    own,
    resource: { resourceType: type },
    written: [],
    literals: undefined,
    initial: undefined,
    cleared: undefined,
    parts,
    hasEnd: false,
    aliases: [],
    identityText: undefined,
    identitySources: () => NO_SOURCES,
    scope: undefined,
  }
}

/** A reference comes from what identifies the other image. */
export function referenceOrigin({ identitySources, type }: Draft, rule: string): Origin {
  const sources = identitySources()
  const [only] = sources
  if (sources.length === 1 && only !== undefined) return { source: only, rule }
  const [source = type, ...also] = new Set(sources)
  return { source, ...(also.length > 0 && { also }), rule }
}

/** The JSON value of what a function made; digits that a double would not print are kept beside it. */
export function valueOf(draft: Draft, path: string, made: Made): JsonValue {
  if (!isDecimal(made)) return made
  const value = Number(made.digits)
  if (String(value) !== made.digits) {
    draft.literals ??= new Map()
    draft.literals.set(path, made.digits)
  }
  return value
}

function isDecimal(made: Made): made is Decimal {
  return typeof made === 'object'
}
