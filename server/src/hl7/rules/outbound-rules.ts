import type { JsonObject } from '../../kernel/json.ts'

export interface OutboundDefinition {
  /** Of the resources that it is about. */
  readonly type: string
  /** Elements that a resource which is deleted counts to have last; nothing is said of its end without them. */
  readonly deleted?: JsonObject
  /** By type: what a change of other resources says something new of. */
  readonly causes?: ReadonlyMap<
    string,
    (resource: JsonObject, lookup: Lookup) => Promise<readonly JsonObject[]>
  >
}

/**
 * `Patient/1`: the resource as the change left it, or found it (`before`), when there is one; `Coverage?beneficiary=Patient/1`: those that refer to it.
 */
export type Lookup = (address: string, when?: 'before') => Promise<readonly JsonObject[]>

/** What the queue needs of the mapping: which changes of the record become messages, and how these read. */
export interface OutboundRules {
  /** By name (`ServiceRequest.OML_O21`). */
  readonly definitions: ReadonlyMap<string, OutboundDefinition>
  /**
   * The rules with some overlays laid over them, in order.
   *
   * @throws Error that names the file when there is no such overlay, or two of them change the same row
   */
  laidOver(overlays: readonly string[]): OutboundRules
  /**
   * @returns the message with CR behind each segment; `undefined` when this change is none that the definition tells about
   * @throws Fault when the resource does not hold what the message needs
   */
  build(request: BuildRequest): Promise<string | undefined>
}

export interface BuildRequest {
  readonly definition: string
  readonly resource: JsonObject
  /** The version before; absent for a new resource. */
  readonly previous?: JsonObject
  /** Type of what has changed, when it is not the resource itself: no message, then, unless it says something else than before. */
  readonly cause?: string
  readonly lookup: Lookup
  /** MSH-10 and the time of MSH-7, the same for every attempt. */
  readonly controlId: string
  readonly nowMs: number
  /** MSH-3 to MSH-6, MSH-11, MSH-12, MSH-18. */
  readonly header: {
    readonly sendingApplication: string
    readonly sendingFacility: string
    readonly receivingApplication: string
    readonly receivingFacility: string
    readonly processingId: string
    readonly version: string
    readonly charset: string
  }
}
