import type { JsonValue } from '../../../kernel/json.ts'
import type { Ends, EffectKind, ImagePart, Own } from '../model/image.ts'
import type { IdentityRule } from './identity-rule.ts'
import type { OutboundFile, OutRow, QueryFile } from './sent-rules.ts'

/** The files under `mappings/` as they are written; `mappings/schemas` and `mappings/README.md` explain them. */
export interface RuleFiles {
  readonly envelope: EnvelopeFile
  readonly feeds: ReadonlyMap<string, FeedFile>
  readonly messages: ReadonlyMap<string, MessageFile>
  /** Images that several messages make. */
  readonly images: ReadonlyMap<string, ImageRule>
  readonly segments: ReadonlyMap<string, SegmentFile>
  readonly datatypes: ReadonlyMap<string, DatatypeFile>
  readonly tables: ReadonlyMap<string, readonly TableRow[]>
  /** Messages that the hub sends. */
  readonly outbound: ReadonlyMap<string, OutboundFile>
  /** How values of FHIR are written into fields. */
  readonly fields: ReadonlyMap<string, { readonly rows: readonly OutRow[] }>
  /** Queries that the hub answers. */
  readonly queries: ReadonlyMap<string, QueryFile>
  /** Changes with every change of a rule. */
  readonly version: string
}

/** Where every message says what it is. */
export interface EnvelopeFile {
  readonly code: string
  readonly event: string
  readonly time: string
  /** A time whose offset is that of the times of the message that come without one. */
  readonly zone?: string
  /** Marks everything that messages of some processing ids create as not real. */
  readonly test?: TestMark
  /** Messages that are no whole: nothing of them is mapped. */
  readonly refuse?: readonly Refusal[]
  /** Data type maps for coded values whose system is not that of the code table. */
  readonly coded: { readonly concept: string; readonly coding: string; readonly others: string }
}

export interface Refusal {
  /** Where the fault is. */
  readonly at: string
  readonly when: string
  /** What to do about it; says no content of the message. */
  readonly text: string
}

export interface TestMark {
  readonly from: string
  readonly values: readonly string[]
  /** Goes into `meta.security`. */
  readonly security: { readonly system: string; readonly code: string; readonly display: string }
}

/** Keys of the wire and the flow (`ackAt`, `charset`, …) stand in the same file. */
export interface FeedFile {
  readonly zone: string
  readonly facility?: string
  /** Whose names of places it uses; else those of its facility, else its own. */
  readonly places?: string
  readonly assigners?: Readonly<Record<string, string>>
  readonly otherAssigners: string
  readonly noAssigner: string
  readonly codeSystems?: Readonly<Record<string, string>>
  readonly identityPreference: readonly string[]
  /** Folders below `overlays` whose rules count for this feed. */
  readonly overlays?: readonly string[]
  /** What conditions see as `%name`, as the variables of an event. */
  readonly variables?: Readonly<Record<string, string>>
}

export interface MessageFile {
  /** `ABC^X01`: message code and event, with the variables of the event. */
  readonly events: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly structure: string
  readonly images: readonly (ImageRule | SharedImage)[]
  readonly effects?: readonly EffectRule[]
  /** Keys of images: the first that the message has gives the partition. */
  readonly partitions: readonly string[]
  /** By bracket a condition: nothing is made of those that only come along, such as previous results. */
  readonly aside?: Readonly<Record<string, string>>
  /** Segments that are known and deliberately not mapped. */
  readonly ignored?: readonly string[]
}

/** An image of `images/`, with what is different in this message. */
export interface SharedImage extends Partial<ImageRule> {
  readonly use: string
}

/** What a message means beyond the images: two of them belong together in a way that resources cannot say. */
export interface EffectRule {
  readonly id: string
  readonly do: EffectKind
  /** Bracket: one effect for each. */
  readonly in: string
  readonly when?: string
  /** Key of the image that the effect starts from. */
  readonly image: string
  /** Key of the image that it ends at. */
  readonly into?: string
  /** Keys of images that it is about. */
  readonly of?: readonly string[]
  readonly ends?: Ends
}

export interface ImageRule {
  readonly key: string
  readonly in: string
  readonly from: string
  readonly maps: readonly string[]
  readonly own: Own
  readonly when?: string
  readonly required?: boolean
  readonly identity: readonly IdentityRule[]
  readonly links?: readonly LinkRule[]
  /** Element with a text: values of several segments with one identity are joined there, line by line. Others are numbered. */
  readonly join?: string
  /** Of a segment that stands in several brackets only those of the first one that has it: `ABC: [CHANGED, ASKED]`. */
  readonly first?: Readonly<Record<string, readonly string[]>>
  /** Objects whose members come from fields of their own: a member that was not sent stays as it is. */
  readonly parts?: readonly ImagePart[]
  /** Paths: two of a message that have one identity and other texts there are two. */
  readonly apart?: readonly string[]
  /** Only what is known is changed, nothing is made. */
  readonly known?: boolean
  /** Somebody has to look when it is unknown: what is deleted should be there. */
  readonly expected?: boolean
  /** Type of resource: when its number is that of such a one, and nothing else is known by it, nothing is made. */
  readonly yields?: string
  /** The hub sends such a thing with its id in the place of a number that it does not have: who answers names that. */
  readonly byId?: boolean
}

export interface LinkRule {
  readonly id: string
  readonly to: string
  readonly image: string
  readonly all?: boolean
  /** The message is refused when the other image is missing. */
  readonly required?: boolean
  /** It is reported when the other image is missing. */
  readonly expected?: boolean
  /** Of several that stand behind it none is meant, and that is reported. */
  readonly only?: boolean
  readonly when?: string
  /** What else the segment of the other image says about it: elements beside the reference. */
  readonly rows?: readonly Row[]
}

export interface SegmentFile {
  readonly segment: string
  readonly type: string
  readonly rows: readonly Row[]
  /** Numbers of fields that are known and deliberately not mapped. */
  readonly ignored?: readonly number[]
}

export interface DatatypeFile {
  readonly datatype: string
  readonly rows: readonly Row[]
  /** Present when the value becomes a resource of its own, which rows refer to. */
  readonly image?: {
    readonly key: string
    readonly type: string
    readonly own: Own
    readonly identity: readonly IdentityRule[]
  }
}

export interface Row {
  readonly id: string
  readonly to: string
  readonly from?: string
  readonly when?: string
  /** Data type map for an object. */
  readonly type?: string
  /** Rows for an object that only this row needs. */
  readonly rows?: readonly Row[]
  /** Data type map that makes a resource of its own; a reference to it is written. */
  readonly refer?: string
  /** Path of the text that a reference shows. */
  readonly display?: string
  readonly fn?: string
  /** A second value for the function. */
  readonly plus?: string
  readonly table?: string
  readonly as?: 'code' | 'coding' | 'concept'
  readonly onUnmapped?: 'error' | 'default' | 'coding-with-text' | 'skip'
  readonly default?: string
  readonly const?: JsonValue
  /** Variable of the event. */
  readonly variable?: string
  /** Counts only when the resource is created. */
  readonly initial?: boolean
  /** Counts only while the resource has one of these codes (`{ status: [planned] }`), or when it is created. */
  readonly while?: Readonly<Record<string, readonly string[]>>
  /** Key of the items of a list that the row writes, when the image names it under `parts`: the null of HL7 deletes these. */
  readonly part?: string
  /** The element is deleted; with `from` the item of a list under `parts` whose key the value is, or refers to; with a member and its text those that have it. */
  readonly clear?: true | Readonly<Record<string, string>>
  /** An object is written as a whole, or not at all: where something stands nothing is added. */
  readonly whole?: boolean
  /** Nothing is written: this is wrong with what the row finds. Says no content of the message. */
  readonly warn?: string
  readonly ig?: string
  readonly note?: string
}

export interface TableRow {
  readonly code: string
  readonly text: string
  readonly system: string
  readonly to: string
  readonly display: string
  readonly toSystem: string
  /** `ig:<table of the guide>` or `own`. */
  readonly origin: string
}
