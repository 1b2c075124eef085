import type { z } from 'zod'

import type { Worklist } from '../hl7.contract.ts'
import type { Journaled } from '../journal/entry.ts'
import type { WorkItem } from '../record/worklist.ts'
import { instant } from './message-view.ts'

type View = z.input<typeof Worklist>['items'][number]

/** @param message that it is from: whom it is about has to be seen before anything is decided */
export function itemView(item: WorkItem, message?: Journaled): View {
  const { numbers } = message?.entry ?? {}
  return { ...item, time: instant(item.time), ...(numbers && { numbers: [...numbers] }) }
}

/** The oldest first; what one message asks for stands together: ids of messages grow. */
export function byAge(one: View, other: View): number {
  const [a = '', b = ''] = [one, other].map(
    ({ message, reference, element }) => `${message} ${reference} ${element}`,
  )
  return Date.parse(one.time) - Date.parse(other.time) || (a < b ? -1 : 1)
}
