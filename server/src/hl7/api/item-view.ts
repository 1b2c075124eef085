import type { z } from 'zod'

import type { WorkItem } from '../flow/worklist.ts'
import type { Worklist } from '../hl7.contract.ts'
import { instant } from './message-view.ts'

export function itemView(item: WorkItem): z.input<typeof Worklist>['items'][number] {
  return { ...item, time: instant(item.time) }
}
