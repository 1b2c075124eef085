import type { JsonObject } from '../../../kernel/json.ts'
import type { Fragment } from '../model/element.ts'
import type { Image, ImagePart, Item, Likely, Shared, Terms, TraceRow, While } from '../model/image.ts'
import type { Draft, Written } from './draft.ts'
import { originOf } from './origin.ts'
import { pathOf } from './target.ts'

/** The image that rows have filled. */
export function finish(draft: Draft): Image {
  return new FinishedImage(draft)
}

/** Its trace is put into words when somebody asks for it. */
class FinishedImage implements Image {
  readonly key: string
  readonly type: string
  readonly aliases: Image['aliases']
  readonly item?: Item
  readonly likely?: Likely
  readonly whole?: Shared
  readonly terms?: Terms
  readonly own: Image['own']
  readonly resource: JsonObject
  readonly literals?: ReadonlyMap<string, string>
  readonly initial?: readonly string[]
  readonly cleared?: readonly string[]
  readonly whiles?: readonly While[]
  readonly parts?: readonly ImagePart[]
  readonly #written: readonly Written[]
  #trace: readonly TraceRow[] | undefined

  constructor(draft: Draft) {
    const { literals, initial, cleared, whiles, parts } = draft
    this.key = draft.key
    this.type = draft.type
    this.aliases = draft.aliases
    if (draft.item !== undefined) this.item = draft.item
    if (draft.likely !== undefined) this.likely = draft.likely
    if (draft.whole !== undefined) this.whole = draft.whole
    if (draft.terms !== undefined) this.terms = draft.terms
    this.own = draft.own
    this.resource = draft.resource
    if (literals !== undefined) this.literals = literals
    if (initial !== undefined) this.initial = [...initial]
    const deleted = cleared === undefined ? [] : clearedOf(draft, cleared)
    if (deleted.length > 0) this.cleared = deleted
    if (whiles !== undefined) this.whiles = whiles
    if (parts.length > 0) this.parts = parts
    this.#written = draft.written
  }

  get trace(): readonly TraceRow[] {
    this.#trace ??= this.#written.map((one) => ({
      element: `${this.type}.${pathOf(one)}`,
      ...originOf(one),
    }))
    return this.#trace
  }
}

/** What nothing was sent for after all. Of an object that is written as a whole only all of it can be deleted. */
function clearedOf({ parts, resource }: Draft, cleared: ReadonlySet<string>): readonly string[] {
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

function nameOf(part: ImagePart): string | undefined {
  if (typeof part === 'string') return part
  return 'list' in part ? part.list : undefined
}
