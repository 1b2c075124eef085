import { limits } from '../../kernel/limits.ts'
import type { RecordChange, RecordStore, StoredRecord } from '../../store/port.ts'
import { FLOW, journaledOf, type Entry } from './entry.ts'
import { idAt, timeOfId } from './message-time.ts'

export type IndexedField = 'feed' | 'type' | 'event' | 'sender' | 'controlId' | 'number'

/**
 * Finds messages by fields of their header and by the numbers of the persons that they name. It is derived from the journal and written behind it, many messages in one step, so that no
 * acknowledgement waits for it; what is not written yet is in memory, and after a crash it is read from the journal again.
 */
export interface MessageIndex {
  /** Takes a message that was journaled. */
  note(id: string, entry: Entry): void
  /** Ids of messages with this value, newest first, all below `before`. Pages may be longer than `limit`. */
  find(
    by: { readonly field: IndexedField; readonly value: string },
    page: { readonly before: string; readonly limit: number },
  ): Promise<readonly string[]>
  /** Takes messages out that are not kept any longer. */
  forget(removed: readonly { readonly id: string; readonly entry: Entry }[]): Promise<void>
  /** Indexes what was journaled just before a crash. */
  start(): Promise<void>
  /** Writes what waits. */
  stop(): Promise<void>
}

interface Waiting {
  readonly id: string
  readonly entry: Entry
}

export function createMessageIndex(
  records: RecordStore,
  report: (error: unknown, message: string) => void,
): MessageIndex {
  let waiting: Waiting[] = []
  let writing: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined

  const write = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    // A copy: what comes meanwhile joins the list that waits.
    const batch = [...waiting]
    try {
      for (let at = 0; at < batch.length; at += BATCH)
        await records.apply(postingsOf(batch.slice(at, at + BATCH)))
      waiting = waiting.slice(batch.length)
    } catch (error) {
      // The store is away: what waits is written with the next message; after a restart the journal has it.
      report(error, batch[0]?.id ?? '')
      if (waiting.length > limits.hl7.indexWaiting) waiting = waiting.slice(-limits.hl7.indexWaiting)
    }
  }
  const soon = () => {
    timer ??= setTimeout(() => {
      writing = writing.then(write)
    }, limits.hl7.indexMs).unref()
  }
  const note = (id: string, entry: Entry) => {
    waiting.push({ id, entry })
    soon()
  }
  return {
    note,
    async find({ field, value }, { before, limit }) {
      const key = keyOf(field, value)
      const fresh = waiting
        .filter(({ id, entry }) => id < before && keysOf(entry).includes(key))
        .map(({ id }) => id)
      const stored = await storedUnder(records, key, { before, limit })
      return [...new Set([...fresh, ...stored])].toSorted((a, b) => (a < b ? 1 : -1))
    },
    async forget(removed) {
      // What is not written yet would come back behind this.
      writing = writing.then(write)
      await writing
      for (const [key, ids] of idsByKey(removed)) await forgetUnder(records, key, new Set(ids))
    },
    async start() {
      const last = await records.get(FLOW.index, LAST)
      const { id: known = '' } = (last?.value ?? {}) as { readonly id?: string }
      await readAgain(records, idAt(timeOfId(known) - OVERLAP_MS), note)
    },
    async stop() {
      await writing
      await write()
    },
  }
}

const BATCH = 500
const LAST = 'last'
/** Other processes may have journaled something older a moment after the newest that was indexed. */
const OVERLAP_MS = 60_000

async function readAgain(records: RecordStore, from: string, note: MessageIndex['note']): Promise<void> {
  let after = from
  for (;;) {
    const page = await records.range({ collection: FLOW.journal, from: after, limit: BATCH })
    for (const line of page) note(line.id, journaledOf(line).entry)
    const last = page.at(-1)
    if (last === undefined || page.length < BATCH) return
    after = `${last.id}\u0000`
  }
}

function idsByKey(batch: readonly Waiting[]): ReadonlyMap<string, readonly string[]> {
  const byKey = new Map<string, string[]>()
  for (const { id, entry } of batch) {
    for (const key of keysOf(entry)) {
      const ids = byKey.get(key)
      if (ids === undefined) byKey.set(key, [id])
      else ids.push(id)
    }
  }
  return byKey
}

function postingsOf(batch: readonly Waiting[]): readonly RecordChange[] {
  const postings = [...idsByKey(batch)].map(([key, ids]) => {
    const sorted = ids.toSorted()
    // The newest names the record: a reverse scan from an id on misses none that is older.
    return put(`${key}|${sorted.at(-1) ?? ''}|${sorted[0] ?? ''}`, { ids: sorted })
  })
  const newest = batch.reduce((last, { id }) => (id > last ? id : last), '')
  return [...postings, put(LAST, { id: newest })]
}

function put(id: string, value: { readonly ids: readonly string[] } | { readonly id: string }): RecordChange {
  return { op: 'put', collection: FLOW.index, id, value }
}

async function storedUnder(
  records: RecordStore,
  key: string,
  { before, limit }: { before: string; limit: number },
): Promise<readonly string[]> {
  const ids: string[] = []
  // A batch that begins below `before` may end above it: such a one is among the first behind the bound.
  const above = await records.range({
    collection: FLOW.index,
    from: `${key}|${before}`,
    to: `${key}}`,
    limit: OVERLAPPING,
  })
  let to = `${key}|${before}`
  const take = (value: unknown) => {
    const found = (value as { readonly ids?: readonly string[] }).ids ?? []
    ids.push(...found.filter((id) => id < before))
  }
  for (const { value } of above) take(value)
  while (ids.length < limit) {
    const page = await records.range({
      collection: FLOW.index,
      from: `${key}|`,
      to,
      reverse: true,
      limit: PAGE,
    })
    for (const { value } of page) take(value)
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) break
    to = last.id
  }
  return ids
}

/** A posting stays under its name when it gets shorter: a scan finds it as before. */
async function forgetUnder(records: RecordStore, key: string, removed: ReadonlySet<string>): Promise<void> {
  const sorted = [...removed].toSorted()
  const last = sorted.at(-1) ?? ''
  let from = `${key}|${sorted[0] ?? ''}`
  for (let behind = 0; behind < OVERLAPPING;) {
    const page = await records.range({ collection: FLOW.index, from, to: `${key}}`, limit: PAGE })
    const changes = page.flatMap((posting) => without(posting, removed))
    if (changes.length > 0) await records.apply(changes)
    behind += page.filter(({ value }) => ((value as unknown as Posting).ids[0] ?? '') > last).length
    if (page.length < PAGE) return
    from = `${page.at(-1)?.id ?? ''}\u0000`
  }
}

function without({ id, value }: StoredRecord, removed: ReadonlySet<string>): readonly RecordChange[] {
  const { ids } = value as unknown as Posting
  const left = ids.filter((one) => !removed.has(one))
  if (left.length === ids.length) return []
  return left.length === 0 ? [{ op: 'delete', collection: FLOW.index, id }] : [put(id, { ids: left })]
}

interface Posting {
  /** Oldest first. */
  readonly ids: readonly string[]
}

const PAGE = 50
/** Batches of several processes that may lie across one id. */
const OVERLAPPING = 4

function keysOf({ feed, type, event, sender, controlId, numbers = [] }: Entry): readonly string[] {
  const values: Readonly<Record<IndexedField, readonly string[]>> = {
    feed: [feed],
    type: [type],
    event: [`${type}^${event}`],
    sender: [sender],
    controlId: [controlId],
    number: numbers,
  }
  return (Object.keys(values) as IndexedField[]).flatMap((field) =>
    values[field].filter((value) => value !== '').map((value) => keyOf(field, value)),
  )
}

/** Long values share a key when they begin alike: who searches looks at the message itself, too. */
function keyOf(field: IndexedField, value: string): string {
  const text = SAFE.test(value) ? value : encodeURIComponent(value.toWellFormed())
  return `${field}|${text.slice(0, KEY_LENGTH)}`
}

const KEY_LENGTH = 200
/** What the encoding leaves as it is. */
const SAFE = /^[\w.!~*'()-]*$/
