import type { Alias } from '../../fhir/aliases.ts'
import type { JsonValue } from '../../kernel/json.ts'
import type { Fragment } from './element.ts'
import type { Decimal, Made } from './functions.ts'
import type { Image, ImagePart, Own, TraceRow } from './image.ts'
import type { Scope } from './node.ts'

/** An image while rows fill it. */
export interface Draft {
  /** Given when the draft is kept. */
  key: string
  readonly type: string
  readonly own: Own
  readonly resource: Fragment
  readonly trace: TraceRow[]
  readonly literals: Map<string, string>
  readonly initial: Set<string>
  /** Top-level elements, or members of such (`period.end`). */
  readonly cleared: Set<string>
  /** See `Image`. */
  readonly parts: readonly ImagePart[]
  aliases: readonly Alias[]
  /** Where the preferred identity was read. */
  identitySources: readonly string[]
  /** Where it was made. */
  scope?: Scope
}

/** The object that rows write into: the resource itself or a part of it that is not placed yet. */
export interface Target {
  readonly holder: Fragment
  /** Path of the holder without the type; empty for the resource itself. */
  readonly path: string
  readonly draft: Draft
  /** Fields that decided that the object is made at all. */
  readonly also?: readonly string[] | undefined
}

export function createDraft(type: string, own: Own, parts: readonly ImagePart[] = []): Draft {
  const resource: Fragment = { resourceType: type }
  const empty = { literals: new Map(), initial: new Set<string>(), cleared: new Set<string>() }
  return { key: '', type, own, resource, trace: [], aliases: [], identitySources: [], parts, ...empty }
}

export function finish(draft: Draft): Image {
  const { key, type, own, aliases, trace, literals, parts } = draft
  const initial = [...draft.initial]
  const cleared = clearedOf(draft)
  return {
    key,
    type,
    aliases,
    own,
    resource: draft.resource,
    ...(literals.size > 0 && { literals }),
    ...(initial.length > 0 && { initial }),
    ...(cleared.length > 0 && { cleared }),
    ...(parts.length > 0 && { parts }),
    trace,
  }
}

/** What nothing was sent for after all. Of an object that is written as a whole only all of it can be deleted. */
function clearedOf({ cleared, parts, resource }: Draft): readonly string[] {
  const paths = [...cleared].map((path) => {
    const [top = '', member] = path.split('.')
    return member === undefined || !parts.some((part) => nameOf(part) === top) ? top : path
  })
  return [...new Set(paths)].filter((path) => {
    const [top = '', member] = path.split('.')
    const value = resource[top]
    return value === undefined || (member !== undefined && (value as Fragment)[member] === undefined)
  })
}

function nameOf(part: ImagePart): string {
  return typeof part === 'string' ? part : part.list
}

export interface Origin {
  readonly source: string
  readonly also?: readonly string[]
  readonly rule: string
}

export function record(draft: Draft, path: string, origin: Origin): void {
  const { source, also, rule } = origin
  const element = `${draft.type}.${path}`
  draft.trace.push(also === undefined ? { element, source, rule } : { element, source, also, rule })
}

/** A reference comes from what identifies the other image. */
export function referenceOrigin({ identitySources, type }: Draft, rule: string): Origin {
  const [only] = identitySources
  if (identitySources.length === 1 && only !== undefined) return { source: only, rule }
  const [source = type, ...also] = new Set(identitySources)
  return { source, ...(also.length > 0 && { also }), rule }
}

/** The JSON value of what a function made; digits that a double would not print are kept beside it. */
export function valueOf(draft: Draft, path: string, made: Made): JsonValue {
  if (!isDecimal(made)) return made
  const value = Number(made.digits)
  if (String(value) !== made.digits) draft.literals.set(path, made.digits)
  return value
}

function isDecimal(made: Made): made is Decimal {
  return typeof made === 'object'
}
