import type { z } from 'zod'

import { limits } from '../../kernel/limits.ts'
import type { RecordStore } from '../../store/port.ts'
import { FLOW, journaledOf, type Entry, type Journaled } from '../flow/entry.ts'
import type { MessageQuery } from '../hl7.contract.ts'

type Query = z.output<typeof MessageQuery>

export interface MessagePage {
  readonly messages: readonly Journaled[]
  /** Absent at the end. A page may be short, or empty, and still have a next one. */
  readonly next?: string
}

/** Messages that meet every clause, newest first. A page looks at a bounded number of lines, so that a rare state costs no full scan. */
export async function searchMessages(records: RecordStore, query: Query): Promise<MessagePage> {
  const messages: Journaled[] = []
  let before = query.cursor
  for (let looked = 0; looked < limits.hl7.searchLines; looked += PAGE) {
    const page = await linesBefore(records, query.patient, before)
    for (const message of page) {
      before = message.id
      if (meets(message.entry, query)) messages.push(message)
      if (messages.length === query.count) return { messages, next: before }
    }
    if (page.length < PAGE) return { messages }
  }
  return before === undefined ? { messages } : { messages, next: before }
}

const PAGE = 200

async function linesBefore(
  records: RecordStore,
  patient: string | undefined,
  before: string | undefined,
): Promise<readonly Journaled[]> {
  if (patient === undefined) {
    const to = before === undefined ? {} : { to: before }
    const lines = await records.range({ collection: FLOW.journal, ...to, reverse: true, limit: PAGE })
    return lines.map(journaledOf)
  }
  const marks = await records.range({
    collection: FLOW.patients,
    from: `${patient}|`,
    to: before === undefined ? `${patient}}` : `${patient}|${before}`,
    reverse: true,
    limit: PAGE,
  })
  const lines = await Promise.all(
    marks.map(async ({ id }) => records.get(FLOW.journal, id.slice(patient.length + 1))),
  )
  return lines.flatMap((line) => (line ? [journaledOf(line)] : []))
}

function meets(entry: Entry, { state, type, feed }: Query): boolean {
  if (state !== undefined && entry.state !== state) return false
  if (feed !== undefined && entry.feed !== feed) return false
  return type === undefined || type === entry.type || type === `${entry.type}^${entry.event}`
}
