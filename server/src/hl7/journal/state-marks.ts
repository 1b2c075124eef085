import { createHash } from 'node:crypto'

import type { JsonObject } from '../../kernel/json.ts'
import type { RecordChange } from '../../store/port.ts'
import { FLOW, type Entry, type MessageState } from './entry.ts'

/** States that few messages are in, and that people look for. */
const MARKED: ReadonlySet<MessageState> = new Set(['duplicate', 'rejected', 'parked', 'dead', 'discarded'])

export function isMarked(state: MessageState): boolean {
  return MARKED.has(state)
}

/** Why a message is dead, without what differs from one message to the next. */
export interface Cause {
  readonly key: string
  readonly feed: string
  readonly type: string
  readonly code: string
  readonly at: string
  readonly text: string
}

export function causeOf({ feed, type, event, errors = [] }: Entry): Cause {
  const [first] = errors
  const cause = {
    feed,
    type: event === '' ? type : `${type}^${event}`,
    code: first?.code ?? '207',
    at: (first?.at ?? '').replaceAll(/\[\d+\]/g, ''),
    text: first?.text ?? 'failed',
  }
  const key = createHash('sha256').update(JSON.stringify(cause)).digest('base64url').slice(0, KEY_LENGTH)
  return { key, ...cause }
}

const KEY_LENGTH = 22

/** The changes that move the mark of a message from one state to the next. */
export function markChanges(
  id: string,
  before: MessageState | undefined,
  entry: Entry,
): readonly RecordChange[] {
  const { state } = entry
  const changes: RecordChange[] = []
  if (before !== undefined && before !== state && MARKED.has(before))
    changes.push({ op: 'delete', collection: FLOW.states, id: `${before}|${id}` })
  if (MARKED.has(state)) {
    const value: JsonObject = state === 'dead' ? { ...causeOf(entry) } : {}
    changes.push({ op: 'put', collection: FLOW.states, id: `${state}|${id}`, value })
  }
  return changes
}
