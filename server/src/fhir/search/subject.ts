import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { NameKey, RangeKey, SearchKeys } from '../../store/keys.ts'
import type { Row } from '../../store/port.ts'
import type { TypeModule } from '../definitions.ts'
import { foldText } from '../keys/folding.ts'
import type { Subject } from './clause.ts'

/** A stored row as clauses see it. */
export function subjectOf(row: Row, module: TypeModule, base: string): Subject {
  return new RowSubject(module, base).at(row)
}

/** Stored rows of one type as clauses see them, one after the other: what is read of a row is read once. */
export class RowSubject implements Subject {
  readonly #module: TypeModule
  readonly #base: string
  #row: Row | undefined
  #ranges: readonly RangeKey[] | undefined
  #names: readonly NameKey[] | undefined
  #body: JsonObject | undefined

  constructor(module: TypeModule, base: string) {
    this.#module = module
    this.#base = base
  }

  at(row: Row): this {
    this.#row = row
    this.#ranges = undefined
    this.#names = undefined
    this.#body = undefined
    return this
  }

  get id(): string {
    return this.#current.id
  }

  has(key: string): boolean {
    return this.#current.has(key)
  }

  ranges(): readonly RangeKey[] {
    return (this.#ranges ??= this.#current.ranges())
  }

  names(): readonly NameKey[] {
    return (this.#names ??= this.#current.names())
  }

  wholeNames(): readonly NameKey[] {
    return wholeNames({ resource: this.body(), module: this.#module, base: this.#base })
  }

  isExactly(param: string, text: string): boolean {
    return isExactly({ resource: this.body(), module: this.#module, base: this.#base }, param, text)
  }

  elements(composite: string): readonly Subject[] {
    return elementsOf({ resource: this.body(), module: this.#module, base: this.#base }, composite)
  }

  body(): JsonObject {
    this.#body ??= JSON.parse(Buffer.from(this.#current.bytes).toString('utf8')) as JsonObject
    return this.#body
  }

  get #current(): Row {
    if (!this.#row) throw new Error('no row was given')
    return this.#row
  }
}

/** A resource that is not stored yet. */
export function draftSubject(draft: DraftSubject): Subject {
  const { keys, resource } = draft
  const own = new Set(keys.k)
  return {
    id: draft.id,
    has: (key) => own.has(key),
    ranges: () => keys.r,
    names: () => keys.n,
    wholeNames: () => (draft.isElement === true ? keys.n : wholeNames(draft)),
    isExactly: (param, text) => isExactly(draft, param, text),
    elements: (composite) => elementsOf(draft, composite),
    body: () => resource,
  }
}

export interface DraftSubject {
  readonly id: string
  readonly keys: SearchKeys
  readonly resource: JsonObject
  readonly module: TypeModule
  readonly base: string
  /** The keys are those of an element of the resource. */
  readonly isElement?: true
}

type Readable = Omit<DraftSubject, 'id' | 'keys'>

function elementsOf({ resource, module, base }: Readable, composite: string): readonly Subject[] {
  return module
    .elements(resource, composite, base)
    .map((keys) => draftSubject({ id: '', keys, resource, module, base, isElement: true }))
}

function wholeNames({ resource, module, base }: Readable): readonly NameKey[] {
  return module.extract(resource, { lastUpdated: 0, facilities: [], base, isWhole: true }).n
}

/**
 * Keys are folded, so whether a value has the very letters is asked of the extractor once more: on a copy without all texts that look alike
 * but differ. What it still finds was written exactly so.
 */
function isExactly(draft: Readable, param: string, text: string): boolean {
  const folded = foldText(text)
  const only = without(draft.resource, (value) => value !== text && foldText(value) === folded)
  return wholeNames({ ...draft, resource: only as JsonObject }).some(
    (name) => name.p === param && name.text === folded,
  )
}

function without(value: JsonValue, isLookalike: (text: string) => boolean): JsonValue | undefined {
  if (typeof value === 'string') return isLookalike(value) ? undefined : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const items: readonly JsonValue[] = value
    return items.flatMap((item) => without(item, isLookalike) ?? [])
  }
  const members = Object.entries(value as JsonObject).map(([name, member]) => [
    name,
    member === undefined ? undefined : without(member, isLookalike),
  ])
  return Object.fromEntries(members) as JsonObject
}
