import type { JsonObject } from '../../kernel/json.ts'
import type { RecordChange, StoredRecord } from '../../store/port.ts'
import type { AckError } from '../mllp/ack.ts'

/** Collections of the record store that the flow keeps. */
export const FLOW = {
  journal: 'hl7-journal',
  raw: 'hl7-raw',
  /** Ids of journaled messages that are not processed yet: what a start goes on with. */
  pending: 'hl7-pending',
  /** `<partition>|<message>`: the dead message that blocks a partition, and those that wait behind it. */
  parked: 'hl7-parked',
  /** `<type>/<id>|<feed>`: what the feed said last about a resource. */
  images: 'hl7-images',
  /** `<uuid>/<chunk>`: those that are too large for one record. */
  imageChunks: 'hl7-image-chunks',
  traces: 'hl7-traces',
  /** `<patient id>|<message>`. */
  patients: 'hl7-patients',
  worklist: 'hl7-worklist',
  /** What a person decided about an item, for as long as that can be taken back. */
  decided: 'hl7-decided',
  /** By the place of a bed the visits whose patients are in it, see `shared-beds.ts`. */
  beds: 'hl7-beds',
  /** `<alias>|<message>`: what refers to a number that nothing has yet, see `waiting.ts`. */
  waiting: 'hl7-waiting',
  /** `<state>|<message>` for each message in a state that somebody may look for: see `state-marks.ts`. */
  states: 'hl7-states',
  /** Derived: see `message-index.ts`. */
  index: 'hl7-index',
  /** `<message>|<edit>|<piece>`: texts that a person mended. */
  edits: 'hl7-edits',
  /** How each feed shall run, by its name. */
  modes: 'hl7-modes',
  replays: 'hl7-replays',
  /** By feed the last number of the sequence number protocol: see `sequence.ts`. */
  sequences: 'hl7-sequences',
  /** How much of the file ahead of the store is in the store: see `ahead.ts`. */
  ahead: 'hl7-ahead',
} as const

export type MessageState =
  | 'received'
  | 'mapped'
  | 'committed'
  | 'duplicate'
  | 'rejected'
  | 'parked'
  | 'dead'
  /** Dead, and given up by a person. */
  | 'discarded'

export interface StateChange {
  readonly state: MessageState
  /** Milliseconds UTC. */
  readonly time: number
  readonly reason?: string
}

export interface Made {
  /** `Patient/<id>`. */
  readonly reference: string
  readonly version?: number
  /** `superseded`: a later event of the feed was there already. `linked`: known and not the message's to change. */
  readonly action: 'created' | 'updated' | 'unchanged' | 'superseded' | 'linked'
}

/** One line of the journal. Content of the message stands in `raw` only, but for what it is found by. */
export interface Entry {
  readonly feed: string
  /** Milliseconds UTC. */
  readonly received: number
  readonly type: string
  readonly event: string
  readonly controlId: string
  /** MSH-3 and MSH-4 as they came. */
  readonly sender: string
  readonly version: string
  /** Of the persons that it names, as they came: see `person-numbers.ts`. */
  readonly numbers?: readonly string[]
  readonly bytes: number
  readonly hash: string
  readonly state: MessageState
  readonly history: readonly StateChange[]
  readonly attempts: number
  /** Latin-1 text of the acknowledgement that a repetition of the message gets too. */
  readonly ack?: string
  readonly errors?: readonly AckError[]
  /** For a duplicate: the message that it repeats. */
  readonly of?: string
  readonly partitions?: readonly string[]
  readonly made?: readonly Made[]
  readonly warnings?: readonly JsonObject[]
  readonly rules?: string
  /** Who mended the text, oldest first; the last text counts. */
  readonly edits?: readonly { readonly time: number; readonly by: string }[]
}

export interface Journaled {
  readonly id: string
  readonly revision: number
  readonly entry: Entry
  /** Key by which a repetition is found. */
  readonly second?: string
  /** What came, while it is at hand. */
  readonly bytes?: Buffer
}

export function journaledOf({ id, revision, value, second }: StoredRecord): Journaled {
  return { id, revision, entry: value as unknown as Entry, ...(second === undefined ? {} : { second }) }
}

/** Compare-and-set of a line of the journal. */
export function entryChange({ id, revision, second }: Journaled, entry: Entry): RecordChange {
  const value = entry as unknown as JsonObject
  const content = { collection: FLOW.journal, id, value, ...(second === undefined ? {} : { second }) }
  return { op: 'replace', revision, ...content }
}

export function withState(entry: Entry, change: StateChange): Entry {
  return { ...entry, state: change.state, history: [...entry.history, change] }
}
