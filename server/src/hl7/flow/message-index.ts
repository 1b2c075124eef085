import { limits } from '../../kernel/limits.ts'
import type { RecordStore } from '../../store/port.ts'
import { FLOW, journaledOf, type Entry } from './entry.ts'
import { forgetAll, hasValue, postingsOf, storedUnder, type Found, type Sought } from './message-postings.ts'
import { idAt, timeOfId } from './message-time.ts'

/**
 * Finds messages by fields of their header and by the numbers of the persons that they name. It is derived from the journal and written behind
 * it, many messages in one step, so that no acknowledgement waits for it; what is not written yet is in memory, and after a crash it is read from
 * the journal again. An index of another form is made anew at the start.
 */
export interface MessageIndex {
  /** Takes a message that was journaled. */
  note(id: string, entry: Entry): void
  /** Ids of messages with this value, newest first, all below `before`. Pages may be longer than `limit`. */
  find(by: Sought, page: { readonly before: string; readonly limit: number }): Promise<readonly string[]>
  /** Takes messages out that are not kept any longer. */
  forget(removed: readonly { readonly id: string; readonly entry: Entry }[]): Promise<void>
  /** Indexes what was journaled just before a crash. */
  start(): Promise<void>
  /** Writes what waits. */
  stop(): Promise<void>
}

export function createMessageIndex(
  records: RecordStore,
  report: (error: unknown, message: string) => void,
): MessageIndex {
  let waiting: Found[] = []
  let writing: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined

  const write = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    // A copy: what comes meanwhile joins the list that waits.
    const batch = [...waiting]
    try {
      for (let at = 0; at < batch.length; at += BATCH) await add(records, batch.slice(at, at + BATCH))
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
      const fresh = waiting
        .filter(({ id, entry }) => id < before && hasValue(entry, field, value))
        .map(({ id }) => id)
      const stored = await storedUnder(records, { field, value }, { before, limit })
      return [...new Set([...fresh, ...stored])].toSorted((a, b) => (a < b ? 1 : -1))
    },
    async forget(removed) {
      // What is not written yet would come back behind this.
      writing = writing.then(write)
      await writing
      await forgetAll(records, removed)
    },
    async start() {
      const last = (await records.get(FLOW.index, LAST))?.value as unknown as Last | undefined
      if (last?.form !== FORM) await clear(records)
      await readAgain(records, last?.form === FORM ? idAt(timeOfId(last.id) - OVERLAP_MS) : '')
    },
    async stop() {
      await writing
      await write()
    },
  }
}

const BATCH = 2000

/** Up to where the journal is indexed. */
interface Last {
  readonly id: string
  readonly form?: number
}

const LAST = 'last'
/** Of the records of the index. */
const FORM = 2
/** Other processes may have journaled something older a moment after the newest that was indexed. */
const OVERLAP_MS = 60_000

async function add(records: RecordStore, batch: readonly Found[]): Promise<void> {
  const id = batch.reduce((last, one) => (one.id > last ? one.id : last), '')
  await records.apply([
    ...postingsOf(batch),
    { op: 'put', collection: FLOW.index, id: LAST, value: { id, form: FORM } },
  ])
}

async function clear(records: RecordStore): Promise<void> {
  for (;;) {
    const page = await records.range({ collection: FLOW.index, limit: BATCH })
    if (page.length === 0) return
    await records.apply(page.map(({ id }) => ({ op: 'delete', collection: FLOW.index, id })))
  }
}

async function readAgain(records: RecordStore, from: string): Promise<void> {
  let after = from
  for (;;) {
    const page = await records.range({ collection: FLOW.journal, from: after, limit: BATCH })
    const last = page.at(-1)
    if (last === undefined) return
    await add(
      records,
      page.map((line) => ({ id: line.id, entry: journaledOf(line).entry })),
    )
    if (page.length < BATCH) return
    after = `${last.id}\u0000`
  }
}
