import type { Alias } from '../../../fhir/aliases.ts'
import type { JsonObject } from '../../../kernel/json.ts'

/** What one message says about the record: the result of mapping, before it meets the store. Pure data. */
export interface Mapped {
  readonly images: readonly Image[]
  /** What the message means beyond its images; absent when nothing. */
  readonly effects?: readonly Effect[]
  /** Identity of the subject, else of the order, else the feed: messages that share a partition are processed one at a time, in order. */
  readonly partitions: readonly string[]
  /** Event time as milliseconds UTC, for the staleness guard; absent when the message has none that is exact to the minute. */
  readonly eventTime?: number
  readonly warnings: readonly MappingWarning[]
  /** Version of the rule set: stamped into what records where the data came from. */
  readonly rules: string
}

/** An object by its name, a list whose items come from fields of their own, what counts before what, or only at some times. */
export type ImagePart =
  | string
  | ListPart
  | HistoryPart
  | RankPart
  | LatePart
  | OnlyPart
  | AnewPart
  | AgainPart
  | NeedsPart

/** By an element with a code some of its codes: `{ status: [finished] }`. */
export type Codes = Readonly<Record<string, readonly string[]>>

export interface ListPart {
  readonly list: string
  /** Path in an item of what tells it from others: `type.coding.code`. */
  readonly by: string
  /** What the codes of items become that were sent before and are not now: `{ status: { active: completed } }`. */
  readonly kept?: NewCodes
  /** Element with the period of the whole. What is left by `kept` ends when what was sent begins; what is over with the whole, when that ends. */
  readonly ends?: string
  /** By a code of the whole what those of items become that are sent, and of all when it changes: `{ status: { finished: { status: { active: completed } } } }`. */
  readonly within?: Readonly<Record<string, Readonly<Record<string, NewCodes>>>>
  /** An item that is sent again keeps members that are not. What has become what `kept` says is over: who comes again is another item. */
  readonly merged?: boolean
  /** Who comes again goes on with the item that was over: always, or while the whole had one of these codes (`{ status: [cancelled] }`). */
  readonly reopens?: boolean | Codes
  /** Holds for messages that do not say all of the list. */
  readonly when?: string
}

/** A list that says what an element was at which time, and what it is: the hub keeps it when the element changes. */
export interface HistoryPart {
  readonly history: string
  /** The element, and the member of the items that has it. */
  readonly of: string
  /** Element with the period of the whole: what began or ended with it goes along when that is corrected. */
  readonly period?: string
  /** The event is about the element: it says when it began, also where it comes late. */
  readonly tells?: boolean
  /** What comes late and says that it began behind the beginning of what holds now is an item of the worklist. */
  readonly asks?: true
  readonly when?: string
}

/** What is said of these elements counts only while the whole has one of the codes, or is created. */
export interface OnlyPart {
  readonly only: readonly string[]
  readonly while: Codes
  /** A message that comes late fills what was never told all the same. */
  readonly fills?: true
  readonly when?: string
}

/**
 * What is said of these elements counts, whoever has changed them since: an event takes back what another one has told. With `while` only as
 * long as the whole has one of the codes, with `once` only when its feed did not say the same before.
 */
export interface AnewPart {
  readonly anew: readonly string[]
  readonly while?: Codes
  readonly once?: true
  readonly when?: string
}

/**
 * What is over by its codes begins again only with a period behind the known one; else the image was told before what ended it, however late
 * it comes, and says nothing any more.
 */
export interface AgainPart {
  /** Element with the period. */
  readonly again: string
  readonly over: Codes
  readonly when?: string
}

/** An element that goes when the whole has none of the codes any more: what takes place has no reason for its absence. */
export interface NeedsPart {
  readonly element: string
  readonly needs: Codes
  readonly when?: string
}

/** What comes behind a later word still fills what the feed has never told or deleted, or `nothing`: what it deletes is kept in mind only. */
export interface LatePart {
  readonly late: 'fills' | 'nothing'
  /** By element the value that only says that it was never told. */
  readonly unknown?: JsonObject
  /** Elements that what comes late makes whole where it agrees with all that was told. */
  readonly completes?: readonly string[]
  /** Elements of which none is filled where one was told: a start without its end. */
  readonly together?: readonly string[]
  readonly when?: string
}

/** By the name of a member the codes that take the place of others. */
export type NewCodes = Readonly<Record<string, Readonly<Record<string, string>>>>

/** An image whose code comes before the one that was sent last says nothing any more: a preliminary result behind the final one. */
export interface RankPart {
  readonly rank: string
  /** From the lowest on, those that count the same together; other codes always count. */
  readonly codes: readonly (readonly string[])[]
  readonly when?: string
}

/** @property isBegun all whose values begin with this one have it */
export interface Likely extends Alias {
  readonly isBegun?: true
}

export interface Image {
  /** Unique in the message: `patient`, `encounter`, `observation`, `observation/2`. References to it read `{ "reference": "#image:<key>" }`. */
  readonly key: string
  readonly type: string
  /** Its number may stand for several things: the alias, one of the first, by which this one is told from them. */
  readonly item?: Item
  /** What has this is probably the same thing, which a person has to say. */
  readonly likely?: Likely
  /** Its number may stand for several things, and the message does not say which: all of them are meant. */
  readonly whole?: Shared
  /** When it counts at all. */
  readonly terms?: Terms
  /** Identities, the preferred first: resolved to an id by the alias records, created with the resource. Never empty. */
  readonly aliases: readonly Alias[]
  /**
   * `update`: the feed owns it, a message creates it and writes its changes. `create`: creates it when unknown, never changes it.
   * `link`: only a reference to it is wanted; when unknown it stays `Reference.identifier`.
   */
  readonly own: Own
  /** The resource without id and meta. */
  readonly resource: JsonObject
  /** Exact digits of decimals that a double would print differently, by path without the type: `valueQuantity.value` -> `1.00`. */
  readonly literals?: ReadonlyMap<string, string>
  /** Top-level elements that count only when the resource is created: a message that does not carry a status must not change it. */
  readonly initial?: readonly string[]
  /** How it meets what was sent before. Of objects and lists that come from several fields what was not sent stays. */
  readonly parts?: readonly ImagePart[]
  /** What of it counts only while the resource has a certain code. */
  readonly whiles?: readonly While[]
  /** Top-level elements, and members of `parts` (`period.end`, of a list the key of its items, or a member of theirs: `list.key`, `list.member=text`), that the sender deletes (null of HL7). What is in neither `resource` nor here was not sent: leave it as it is. */
  readonly cleared?: readonly string[]
  /** What the resource holds, to be written beside it: no store could take it as its element. */
  readonly content?: Uint8Array
  /** One row for each primitive element that was produced. */
  readonly trace: readonly TraceRow[]
}

/**
 * `merge`: `image` was a double of `into`, which survives. `move`: the images `of` go from `image` to `into`. `rename`: what was known by the
 * identity of `image` has that of `into` from now on. `link`, `unlink`: both are one, or no longer. `snapshot`: `of` is all that belongs to
 * `image`; what was sent earlier and is missing now was withdrawn. `end`: what `image` holds is over with it, unless it is among `of`.
 */
export type EffectKind = 'merge' | 'number' | 'move' | 'rename' | 'link' | 'unlink' | 'snapshot' | 'end'

export interface Effect {
  readonly kind: EffectKind
  /** Id of the rule: `<file>/<effect>`. */
  readonly rule: string
  /** Keys of images. */
  readonly image: string
  readonly into?: string
  readonly of?: readonly string[]
  readonly ends?: Ends
}

/** What becomes of things that another one holds in a list. */
export interface Ends {
  /** Path: `result`, `relatesTo.target`. */
  readonly list: string
  /** Element with a code. */
  readonly element: string
  /** By the code that they have the one that they get. */
  readonly codes?: Readonly<Record<string, string>>
  /** The same of those whose code only a person may change. */
  readonly asks?: Readonly<Record<string, string>>
}

/** What is said or deleted at `path` counts only while `element` has one of the codes, or when the resource is created. */
export interface While {
  readonly path: string
  readonly element: string
  readonly codes: readonly string[]
}

/** A number that may stand for several things. */
export interface Shared {
  /** What the values of the aliases of all of them begin with. */
  readonly prefix: string
  /** A thing of another code that has the number is not meant. */
  readonly isNew: boolean
}

export interface Item extends Shared {
  readonly alias: Alias
  /** What the message has told of it before gets this as its last word. */
  readonly isLast: boolean
}

export interface Terms {
  /** Nothing is made of it when it is unknown. */
  readonly known?: boolean
  /** Somebody has to look when it is unknown. */
  readonly expected?: boolean
  /** Type of which it may be: when it is unknown and its number is that of such a thing, nothing is made of it. */
  readonly yields?: string
  /** What has no number of the kind by which it is asked for is sent with its id in that place: it is found by that, too. */
  readonly byId?: boolean
}

export type Own = 'update' | 'create' | 'link'

export interface TraceRow {
  /** FHIRPath with indexes: `<type>.name[0].family`. */
  readonly element: string
  /**
   * HL7 position with repetition and component where they matter: `ABC-5[1].1`, with the segment's number when it repeats: `ABC[3]-5`.
   * A constant names the segment that it comes with.
   */
  readonly source: string
  /** Other fields that decided about it: conditions, qualifiers. */
  readonly also?: readonly string[]
  /** Id of the rule row: `<file>/<row>`. */
  readonly rule: string
}

export interface MappingWarning {
  readonly kind: 'unmapped-field' | 'unmapped-code' | 'bad-value' | 'no-identity' | 'repeated'
  readonly at: string
  /** Says what is wrong; quotes codes, never other content. */
  readonly text: string
  /** Of an unmapped code: the code, and the table that has no row for it. */
  readonly code?: { readonly table: string; readonly value: string }
}
