import { fault } from '../../kernel/fault.ts'
import type { JsonValue } from '../../kernel/json.ts'
import { Lost } from '../../kernel/turns.ts'
import type { Guard, StoredRecord } from '../../store/port.ts'
import type { Draft, Transaction, TransactResult } from '../resources.ts'
import { replacedBy } from '../write/prepare.ts'

type Stale = Extract<TransactResult, { outcome: 'stale' }>

/** What to tell of a write that others were before. */
export function refusal({ why, reason, holder }: Stale, draft: Pick<Draft, 'type'>): Error {
  const owner = holder && holderId(holder)
  if (why === 'record' && owner !== undefined) {
    const text = `An identifying identifier already belongs to ${draft.type}/${owner}: update that resource, or remove the identifier`
    return fault('conflict', { code: 'duplicate', text, at: `${draft.type}.identifier` })
  }
  return fault('conflict', { code: 'conflict', text: `${reason}: read again and retry` })
}

/** Calls that stand on the same criteria wait for each other, and for those that write the same resources. */
export function lostOf({ guards = [], drafts }: Pick<Transaction, 'guards' | 'drafts'>): Lost {
  const criteria = guards.flatMap((guard) => (guard.kind === 'record' ? [] : nameOf(guard)))
  return new Lost([...criteria, ...replacedBy(drafts)])
}

function nameOf(guard: Exclude<Guard, { kind: 'record' }>): string {
  return guard.kind === 'exists' ? `${guard.type}/${guard.id}` : `${guard.type}?${guard.key ?? ''}`
}

/** Id of the resource that an alias record belongs to. */
export function holderId({ value }: StoredRecord): string {
  const id: JsonValue | undefined = value instanceof Uint8Array ? undefined : value['id']
  if (typeof id !== 'string') throw new Error('an alias record without the id of its resource')
  return id
}
