import type { JsonObject } from '../../kernel/json.ts'
import type { RecordChange, StoredRecord } from '../../store/port.ts'

/** Collections of the merging job. */
export const MERGING = {
  merges: 'merges',
  pending: 'merges-pending',
  steps: 'merge-steps',
  /** `<reference>|<patient>`: from whom a thing was moved, with the event time. */
  moved: 'merge-moved',
  /** See `undoneId`. */
  undone: 'merge-undone',
  snapshots: 'snapshots',
  /** `<reference>|<reference>|<feed>`: when a feed said last whether the two are linked. */
  links: 'merge-links',
} as const

/** One thing became another, or what belonged to it moved: what was done and what is left to do. */
export interface MergeRecord {
  /** UUIDv7: in order of time. */
  readonly id: string
  readonly kind: 'merge' | 'move'
  /** References `Type/id`. */
  readonly from: string
  readonly to: string
  /** Of a move: only these and what refers to them change. */
  readonly scope: readonly string[]
  readonly state: 'pending' | 'done' | 'undoing' | 'undone'
  readonly feed: string
  /** Id of the message in the journal. */
  readonly message: string
  /** Milliseconds UTC. */
  readonly time: number
  /** Of the event: milliseconds UTC. */
  readonly eventTime?: number
  /** Ids of the alias records that went from one to the other. */
  readonly aliases: readonly string[]
  /** Identifiers that the survivor got, as JSON texts. */
  readonly identifiers: readonly string[]
  readonly wasActive: boolean
  /** Resources whose references changed. */
  readonly moved: number
  /** References that could not be taken back, because somebody has changed them since. */
  readonly left: readonly string[]
}

/** What the job did to one resource. */
export interface MergeStep {
  readonly reference: string
  readonly places: readonly number[]
  /** How many references to the survivor the resource had afterwards. */
  readonly total: number
}

export function putMerge(merge: MergeRecord): readonly RecordChange[] {
  const isOpen = merge.state === 'pending' || merge.state === 'undoing'
  return [
    { op: 'put', collection: MERGING.merges, id: merge.id, value: { ...merge } as unknown as JsonObject },
    isOpen
      ? { op: 'put', collection: MERGING.pending, id: merge.id, value: {} }
      : { op: 'delete', collection: MERGING.pending, id: merge.id },
    ...(merge.state === 'undone'
      ? [{ op: 'put', collection: MERGING.undone, id: undoneId(merge), value: {} } as const]
      : []),
  ]
}

/** By message, so that a person's word against it counts when it is processed again. */
export function undoneId({ message, from, to }: Pick<MergeRecord, 'message' | 'from' | 'to'>): string {
  return `${message}|${from}|${to}`
}

export function putStep(merge: string, step: MergeStep): RecordChange {
  const value = { ...step } as unknown as JsonObject
  return { op: 'put', collection: MERGING.steps, id: `${merge}|${step.reference}`, value }
}

/** All steps of a merge, as a range. */
export function stepsOf(merge: string) {
  return { collection: MERGING.steps, from: `${merge}|`, to: `${merge}}` }
}

/** What was moved away from a patient is known under him, too: what was said of it before may come again. */
export function putMoved({ kind, from, eventTime }: MergeRecord, reference: string): readonly RecordChange[] {
  if (kind !== 'move' || !from.startsWith('Patient/')) return []
  const value = eventTime === undefined ? {} : { time: eventTime }
  return [{ op: 'put', collection: MERGING.moved, id: `${reference}|${from}`, value }]
}

export function deleteMoved({ from }: MergeRecord, reference: string): RecordChange {
  return { op: 'delete', collection: MERGING.moved, id: `${reference}|${from}` }
}

export function mergeOf(record: StoredRecord): MergeRecord {
  return record.value as unknown as MergeRecord
}

export function stepOf(record: StoredRecord): MergeStep {
  return record.value as unknown as MergeStep
}
