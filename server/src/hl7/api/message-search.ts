import type { z } from 'zod'

import { limits } from '../../kernel/limits.ts'
import type { RecordStore } from '../../store/port.ts'
import type { MessageQuery } from '../hl7.contract.ts'
import { FLOW, journaledOf, type Entry, type Journaled, type MessageState } from '../journal/entry.ts'
import type { MessageIndex } from '../journal/message-index.ts'
import type { IndexedField } from '../journal/message-postings.ts'
import { idAt } from '../journal/message-time.ts'
import { causeOf, isMarked } from '../journal/state-marks.ts'

type Query = z.output<typeof MessageQuery>

export interface SearchSources {
  readonly records: RecordStore
  readonly index: Pick<MessageIndex, 'find'>
}

export interface MessagePage {
  readonly messages: readonly Journaled[]
  /** Absent at the end. A page may be short, or empty, and still have a next one. */
  readonly next?: string
}

/**
 * Messages that meet every clause, newest first. The rarest clause gives the candidates; a page looks at a bounded number of them, for a bounded time, so
 * that a rare combination costs no full scan.
 */
export async function searchMessages(sources: SearchSources, query: Query): Promise<MessagePage> {
  const messages: Journaled[] = []
  let before = earlier(query.cursor ?? END, query.to === undefined ? END : idAt(Date.parse(query.to)))
  const from = query.from === undefined ? '' : idAt(Date.parse(query.from))
  const candidates = await rarest(candidatesOf(sources, query), before)
  const end = performance.now() + limits.hl7.searchMs
  for (let looked = 0; looked < limits.hl7.searchLines && performance.now() < end; looked += PAGE) {
    const ids = (await candidates(before)).slice(0, PAGE)
    for (const message of await read(sources.records, ids)) {
      before = message.id
      if (message.id < from) return { messages }
      if (meets(message.entry, query)) messages.push(message)
      if (messages.length === query.count) return { messages, next: before }
    }
    before = earlier(before, ids.at(-1) ?? before)
    if (ids.length === 0) return { messages }
  }
  return { messages, next: before }
}

const PAGE = 200
/** Above every id. */
const END = 'g'

function earlier(a: string, b: string): string {
  return a < b ? a : b
}

type Candidates = (before: string) => Promise<readonly string[]>

/** The source whose first page reaches back the furthest: fewest messages meet its clause. */
async function rarest(sources: readonly Candidates[], before: string): Promise<Candidates> {
  const pages = await Promise.all(sources.map(async (source) => (await source(before)).slice(0, PAGE)))
  const reaches = pages.map((page) => (page.length < PAGE ? '' : (page.at(-1) ?? '')))
  const furthest = reaches.indexOf(reaches.toSorted()[0] ?? '')
  return sources[furthest] ?? (() => Promise.resolve([]))
}

/** Where the messages can be looked for, at least one. */
function candidatesOf({ records, index }: SearchSources, query: Query): readonly Candidates[] {
  const under = (collection: string, key: string) => marksUnder(records, collection, key)
  const indexed = (field: IndexedField, value: string): Candidates => {
    return async (before) => index.find({ field, value }, { before, limit: PAGE })
  }
  const { patient, controlId, type } = query
  const state = query.cause === undefined ? query.state : 'dead'
  if (controlId !== undefined) return [indexed('controlId', controlId)]
  const sources: Candidates[] = []
  if (patient !== undefined) sources.push(under(FLOW.patients, patient))
  if (state === 'received') sources.push(waitingIn(records))
  const marked = statesOf(state).filter(isMarked)
  if (marked.length > 0) sources.push(either(marked.map((one) => under(FLOW.states, one))))
  if (type !== undefined) sources.push(indexed(type.includes('^') ? 'event' : 'type', type))
  for (const field of ['number', 'sender', 'feed'] as const) {
    const value = query[field]
    if (value !== undefined) sources.push(indexed(field, value))
  }
  return sources.length === 0 ? [all(records)] : sources
}

function marksUnder(records: RecordStore, collection: string, key: string): Candidates {
  return async (before) => {
    const marks = await records.range({
      collection,
      from: `${key}|`,
      to: `${key}|${before}`,
      reverse: true,
      limit: PAGE,
    })
    return marks.map(({ id }) => id.slice(key.length + 1))
  }
}

/** What any of the sources has, as far back as all of them have been read. */
function either(sources: readonly Candidates[]): Candidates {
  return async (before) => {
    const pages = await Promise.all(sources.map(async (source) => source(before)))
    const known =
      pages
        .map((page) => (page.length < PAGE ? '' : (page.at(-1) ?? '')))
        .toSorted()
        .at(-1) ?? ''
    return pages
      .flat()
      .filter((id) => id >= known)
      .toSorted((a, b) => (a < b ? 1 : -1))
  }
}

function all(records: RecordStore): Candidates {
  return async (to) => {
    const lines = await records.range({ collection: FLOW.journal, to, reverse: true, limit: PAGE })
    return lines.map(({ id }) => id)
  }
}

function waitingIn(records: RecordStore): Candidates {
  return async (to) => {
    const lines = await records.range({ collection: FLOW.pending, to, reverse: true, limit: PAGE })
    return lines.map(({ id }) => id)
  }
}

async function read(records: RecordStore, ids: readonly string[]): Promise<readonly Journaled[]> {
  const lines = await Promise.all(ids.map(async (id) => records.get(FLOW.journal, id)))
  return lines.flatMap((line) => (line ? [journaledOf(line)] : []))
}

function meets(entry: Entry, { type, cause, number, state, ...wanted }: Query): boolean {
  if (state !== undefined && !statesOf(state).includes(entry.state)) return false
  if (cause !== undefined && (entry.state !== 'dead' || causeOf(entry).key !== cause)) return false
  if (number !== undefined && entry.numbers?.includes(number) !== true) return false
  const isWanted = EXACT.every((name) => wanted[name] === undefined || wanted[name] === entry[name])
  return isWanted && (type === undefined || type === entry.type || type === `${entry.type}^${entry.event}`)
}

const EXACT = ['feed', 'controlId', 'sender'] as const

/** What is asked for; failed is what the statistics count as such. */
function statesOf(state: Query['state']): readonly MessageState[] {
  if (state === 'failed') return ['dead', 'rejected']
  return state === undefined ? [] : [state]
}
