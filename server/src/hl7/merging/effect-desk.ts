import type { RecordChange, RecordStore } from '../../store/port.ts'
import type { Identities } from '../flow/identity.ts'
import type { Word } from '../flow/word.ts'
import type { WorkItem } from '../flow/worklist.ts'
import type { Mapped } from '../mapping/image.ts'
import type { DraftBook } from './draft-book.ts'

/** What an effect works with: of one message, and what comes of it. */
export interface EffectDesk {
  readonly records: RecordStore
  readonly feed: string
  readonly message: string
  readonly mapped: Pick<Mapped, 'eventTime'>
  readonly nowMs: number
  readonly identities: Identities
  readonly book: DraftBook
  readonly changes: RecordChange[]
  readonly items: WorkItem[]
}

export function wordOfDesk({ mapped: { eventTime }, message }: EffectDesk): Word {
  return { eventTime, message }
}
