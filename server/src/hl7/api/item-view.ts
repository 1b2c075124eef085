import type { z } from 'zod'

import type { Journaled } from '../flow/entry.ts'
import type { WorkItem } from '../flow/worklist.ts'
import type { Worklist } from '../hl7.contract.ts'
import { instant } from './message-view.ts'

/** @param message that it is from: whom it is about has to be seen before anything is decided */
export function itemView(item: WorkItem, message?: Journaled): z.input<typeof Worklist>['items'][number] {
  const { numbers } = message?.entry ?? {}
  return { ...item, time: instant(item.time), ...(numbers && { numbers: [...numbers] }) }
}
