import type { Alias } from '../../fhir/aliases.ts'
import type { JsonObject } from '../../kernel/json.ts'

/** What one message says about the record: the result of mapping, before it meets the store. Pure data. */
export interface Mapped {
  readonly images: readonly Image[]
  /** Patient identity, else order, else feed: messages with the same partition are processed one at a time, in order. */
  readonly partitions: readonly string[]
  /** Event time (EVN-2, else MSH-7) as milliseconds UTC, for the staleness guard; absent when the message has none. */
  readonly eventTime?: number
  readonly warnings: readonly MappingWarning[]
  /** Version of the rule set: stamped into the Provenance. */
  readonly rules: string
}

export interface Image {
  /** Unique in the message: `patient`, `encounter`, `observation/2`. References to it read `{ "reference": "#image:<key>" }`. */
  readonly key: string
  readonly type: string
  /** Identities, the preferred first: resolved to an id by the alias records, created with the resource. Never empty. */
  readonly aliases: readonly Alias[]
  /**
   * `update`: the feed owns it, a message creates it and writes its changes. `create`: creates it when unknown, never changes it.
   * `link`: only a reference to it is wanted; when unknown it stays `Reference.identifier`.
   */
  readonly own: 'update' | 'create' | 'link'
  /** The resource without id and meta. */
  readonly resource: JsonObject
  /** One row for each primitive element that was produced. */
  readonly trace: readonly TraceRow[]
}

export interface TraceRow {
  /** FHIRPath with indexes: `Patient.name[0].family`. */
  readonly element: string
  /** HL7 position with repetition and component where they matter: `PID-5[1].1`, with the segment's number when it repeats: `OBX[3]-5`. */
  readonly source: string
  /** Id of the rule row. */
  readonly rule: string
}

export interface MappingWarning {
  readonly kind: 'unmapped-field' | 'unmapped-code' | 'bad-value' | 'no-identity'
  readonly at: string
  readonly text: string
}
