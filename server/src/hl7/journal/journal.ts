import type { Clock } from '../../kernel/clock.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import type { RecordStore } from '../../store/port.ts'
import type { Ahead } from './ahead.ts'
import { FLOW, journaledOf, type Entry, type Journaled } from './entry.ts'
import { lineChanges, PIECE, piecesOf, type NewLine } from './journal-line.ts'
import type { MessageIndex } from './message-index.ts'
import { markChanges } from './state-marks.ts'

export type Added =
  | { readonly outcome: 'added'; readonly message: Journaled }
  | { readonly outcome: 'duplicate'; readonly of: Journaled }
  /** The key is that of a message with other content; nothing was written. */
  | { readonly outcome: 'reused' }

export interface Journal {
  /**
   * Writes a message down; when the promise resolves it is durable. A second `key` is not written again: a short line tells that it came.
   *
   * @param key see `fingerprint`; absent for what was refused.
   */
  add(entry: Entry, bytes: Buffer, key?: string): Promise<Added>
  get(id: string): Promise<Journaled | undefined>
  /** The bytes as they came. @param most stop after so many. */
  raw(id: string, most?: number): Promise<Buffer>
  /** The bytes that count: as a person has mended them last, else as they came. @param edit a certain version, 0 is what came. */
  text(message: Journaled, edit?: number, most?: number): Promise<Buffer>
  /** Messages behind `after` that are not processed yet, oldest first. */
  pending(after: string): Promise<readonly { readonly id: string; readonly feed: string }[]>
}

export interface JournalDeps {
  readonly records: RecordStore
  readonly clock: Clock
  readonly index?: Pick<MessageIndex, 'note'>
  /** Where new lines go first. */
  readonly ahead?: Ahead
}

const PIECES_AT_ONCE = 4

export function createJournal({ records, clock, index, ahead }: JournalDeps): Journal {
  const nextId = createIds(clock)
  const pieces = async (collection: string, id: string, most: number) => {
    const found = await records.range({
      collection,
      from: `${id}|`,
      to: `${id}}`,
      limit: Math.ceil(most / PIECE),
    })
    return Buffer.concat(
      found.map(({ value }) => (value instanceof Uint8Array ? value : new Uint8Array())),
    ).subarray(0, most)
  }
  const raw = async (id: string, most: number) =>
    ahead?.get(id)?.bytes?.subarray(0, most) ?? pieces(FLOW.raw, id, most)
  return {
    add: async (entry, bytes, key) => {
      const id = nextId()
      const line: NewLine = key === undefined ? { id, entry, bytes } : { id, entry, bytes, second: key }
      const added = (ahead && (await addAhead(ahead, records, line))) ?? (await addLine(records, line))
      if (added.outcome !== 'reused') index?.note(line.id, entry)
      return added
    },
    async get(id) {
      const waiting = ahead?.get(id)
      if (waiting !== undefined) return waiting
      const record = await records.get(FLOW.journal, id)
      return record && journaledOf(record)
    },
    raw: async (id, most = limits.hl7.frameBytesMost) => raw(id, most),
    async text({ id, entry, bytes }, edit = entry.edits?.length ?? 0, most = limits.hl7.frameBytesMost) {
      if (edit > 0) return pieces(FLOW.edits, `${id}|${edit}`, most)
      return bytes?.subarray(0, most) ?? raw(id, most)
    },
    async pending(after) {
      // What is ahead is processed from there.
      const waiting = (ahead?.idsBehind(after) ?? []).map((id) => ({
        id,
        feed: ahead?.get(id)?.entry.feed ?? '',
      }))
      const found = await records.range({ collection: FLOW.pending, from: `${after}\u0000`, limit: PAGE })
      const stored = found.map(({ id, value }) => ({ id, feed: (value as { readonly feed: string }).feed }))
      if (waiting.length === 0) return stored
      const known = new Set(waiting.map(({ id }) => id))
      return [...waiting, ...stored.filter(({ id }) => !known.has(id))]
        .toSorted((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, PAGE)
    },
  }
}

const PAGE = 256

/** @returns `undefined` for what goes to the store at once: what is large, refused, or has come before. */
async function addAhead(ahead: Ahead, records: RecordStore, line: NewLine): Promise<Added | undefined> {
  const { second, bytes } = line
  if (second === undefined || bytes.length > limits.hl7.largeBytes) return undefined
  if (ahead.isFull) await ahead.settled()
  const isNew =
    ahead.bySecond(second) === undefined &&
    (await records.bySecond(FLOW.journal, second)) === undefined &&
    // While the store was asked, another one may have gone ahead. Nothing lies between this look and the step ahead.
    ahead.bySecond(second) === undefined
  if (isNew) return { outcome: 'added', message: await ahead.add(line) }
  await ahead.settled()
  return undefined
}

async function addLine(records: RecordStore, line: NewLine): Promise<Added> {
  const { id, entry, bytes, second } = line
  const pieces = piecesOf(FLOW.raw, id, bytes)
  // A large message is written in several steps, so that no step holds the others up; its line comes behind them all.
  for (let at = 0; pieces.length - at > PIECES_AT_ONCE; at += PIECES_AT_ONCE)
    await records.apply(pieces.slice(at, at + PIECES_AT_ONCE))
  const rest = pieces.slice(pieces.length - (pieces.length % PIECES_AT_ONCE || PIECES_AT_ONCE))
  const written = lineChanges(line, rest)
  const result = await records.apply(written)
  if (result.outcome === 'applied')
    return { outcome: 'added', message: { id, entry, revision: 1, ...(second !== undefined && { second }) } }
  const holder = result.why.kind === 'record' ? result.why.holder : undefined
  if (holder === undefined) throw new Error('the journal refused a new line')
  const taken = journaledOf(holder)
  const undo = [...pieces, ...written.slice(0, -1)].map(({ collection, id: piece }) => ({
    op: 'delete' as const,
    collection,
    id: piece,
  }))
  if (taken.entry.hash !== entry.hash) {
    await records.apply(undo)
    return { outcome: 'reused' }
  }
  await records.apply([
    ...undo,
    ...markChanges(id, undefined, { ...entry, state: 'duplicate' }),
    { op: 'insert', collection: FLOW.journal, id, value: valueOf(duplicateOf(entry, holder.id)) },
  ])
  return { outcome: 'duplicate', of: taken }
}

function duplicateOf({ ack: _ack, ...entry }: Entry, of: string): Entry {
  return { ...entry, state: 'duplicate', of, history: [{ state: 'duplicate', time: entry.received }] }
}

function valueOf(entry: Entry): JsonObject {
  return entry as unknown as JsonObject
}

/** Ids that sort by arrival: time with a counter in it, then a mark of the process. */
function createIds(clock: Clock): () => string {
  const mark = Math.trunc(Math.random() * 0x10000)
    .toString(16)
    .padStart(4, '0')
  let last = 0
  return () => {
    last = Math.max(last + 1, clock() * 1024)
    // In two steps, because numbers of 32 bits become text much faster.
    const [high, low] = [Math.floor(last / HALF), last % HALF]
    return `${high.toString(16).padStart(7, '0')}${low.toString(16).padStart(7, '0')}${mark}`
  }
}

const HALF = 16 ** 7
