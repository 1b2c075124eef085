import { limits } from '../../kernel/limits.ts'
import { createPace } from '../../kernel/pace.ts'
import type { RecordChange, RecordStore } from '../../store/port.ts'
import { readHeader } from '../mllp/header.ts'
import { entryChange, FLOW, journaledOf, type Entry, type Journaled } from './entry.ts'
import { pieceId } from './journal-line.ts'
import { forgetAll, hasValue, postingsOf, storedUnder, type Found, type Sought } from './message-postings.ts'
import { idAt, timeOfId } from './message-time.ts'
import { personNumbers } from './person-numbers.ts'

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
      if (last?.form === FORM) return readAgain(records, idAt(timeOfId(last.id) - OVERLAP_MS))
      await clear(records)
      await readAgain(records, '', numbered)
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
/** Of the records of the index: 3 has the numbers of messages that were journaled before anything was found by them. */
const FORM = 3
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

/** @param prepare lines, before they are indexed */
async function readAgain(records: RecordStore, from: string, prepare = asTheyAre): Promise<void> {
  let after = from
  for (;;) {
    const page = await records.range({ collection: FLOW.journal, from: after, limit: BATCH })
    const last = page.at(-1)
    if (last === undefined) return
    await add(records, await prepare(page.map(journaledOf), records))
    if (page.length < BATCH) return
    after = `${last.id}\u0000`
  }
}

type Prepare = (lines: readonly Journaled[], records: RecordStore) => Promise<readonly Journaled[]>

const asTheyAre: Prepare = (lines) => Promise.resolve(lines)

/** Lines without numbers get those that the beginning of their bytes names. */
const numbered: Prepare = async (lines, records) => {
  const pace = createPace()
  const changes: RecordChange[] = []
  const done: Journaled[] = []
  for (const line of lines) {
    await pace()
    const numbers = line.entry.numbers === undefined ? await numbersOf(records, line.id) : []
    const entry = numbers.length > 0 ? { ...line.entry, numbers } : line.entry
    if (numbers.length > 0) changes.push(entryChange(line, entry))
    done.push({ ...line, entry })
  }
  const { outcome } = await records.apply(changes)
  // Another process has changed one of them: the others get theirs.
  if (outcome === 'refused') for (const change of changes) await records.apply([change])
  return done
}

async function numbersOf(records: RecordStore, id: string): Promise<readonly string[]> {
  const bytes = (await records.get(FLOW.raw, pieceId(id, 0)))?.value
  if (!(bytes instanceof Uint8Array)) return []
  const message = Buffer.from(bytes)
  return personNumbers(message, readHeader(message))
}
