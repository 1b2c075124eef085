import type { RecordChange, RecordStore } from '../../store/port.ts'
import type { Mapped } from '../mapping/model/image.ts'
import type { Identities } from '../record/identity.ts'
import type { Word } from '../record/word.ts'
import type { WorkItem } from '../record/worklist.ts'
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
