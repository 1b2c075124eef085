import { Fault, fault } from '../../kernel/fault.ts'
import { entryChange, FLOW, withState, type Entry, type Journaled } from '../journal/entry.ts'
import { piecesOf } from '../journal/journal-line.ts'
import type { Journal } from '../journal/journal.ts'
import { personNumbers } from '../journal/person-numbers.ts'
import { markChanges } from '../journal/state-marks.ts'
import { readHeader } from '../mllp/header.ts'
import { partitionKey } from './parking.ts'
import type { Plan } from './plan.ts'
import { mapBytes, mapJob } from './settle.ts'
import { WorkQueue, type ProcessingDeps, type Progress } from './work-queue.ts'

export interface Processing {
  /** Goes on with what was journaled and not processed when the hub stopped. */
  start(): Promise<void>
  /** Lets the messages that are being committed finish; the others stay in the journal. */
  stop(): Promise<void>
  /** Processes a journaled message in the order of its partitions. */
  submit(message: Journaled): Progress
  /** Processes a message again by the rules of today. @throws Fault `not-found`, `unprocessable` */
  replay(id: string): Promise<Entry>
  /** The same for a message at hand that is no duplicate. */
  again(message: Journaled): Promise<Entry>
  /** What `replay` would do now. @param text instead of the one that counts */
  rehearse(id: string, text?: Buffer): Promise<Plan>
  /** Keeps a mended text, then replays. @throws Fault `not-found`, `unprocessable`, `conflict` */
  mend(id: string, text: Buffer, by: string): Promise<Entry>
  /** Gives a dead message up; its partition goes on. @throws Fault `not-found`, `unprocessable`, `conflict` */
  discard(id: string, reason: string): Promise<Entry>
  /** Looks at the journal again: a feed may be processed now that could not be before. */
  resume(): void
}

export function createProcessing(deps: ProcessingDeps): Processing {
  const queue = new WorkQueue(deps)
  const again = async (message: Journaled): Promise<Entry> => {
    const before = message.entry.history.length
    const entry = await queue.run(message).done
    if (entry.state !== 'committed' && entry.history.length === before) {
      throw fault('unavailable', {
        code: 'transient',
        text: 'The message could not be processed now; try again.',
      })
    }
    return entry
  }
  const replay = async (id: string) => again(await known(deps.journal, id))
  return {
    async start() {
      await deps.parking.load()
      queue.start()
    },
    stop: async () => queue.stop(),
    submit: (message) => queue.submit(message),
    again,
    replay,
    async rehearse(id, text) {
      const message = await known(deps.journal, id)
      const job = text === undefined ? await mapJob(deps, message) : mapBytes(deps, message, text)
      if (job instanceof Fault) throw job
      return deps.apply.plan(job)
    },
    async mend(id, text, by) {
      await keepEdit(deps, await known(deps.journal, id), { text, by })
      return replay(id)
    },
    async discard(id, reason) {
      const message = await known(deps.journal, id)
      const { entry, keys } = discarded(deps, message, reason)
      const result = await deps.records.apply([
        entryChange(message, entry),
        ...markChanges(id, message.entry.state, entry),
        ...keys.map((key) => ({ op: 'delete' as const, collection: FLOW.parked, id: `${key}|${id}` })),
      ])
      if (result.outcome === 'refused') throw changedMeanwhile()
      await queue.release(keys)
      return entry
    },
    resume: () => queue.lookAtAll(),
  }
}

const EDITS_MOST = 50

async function keepEdit(
  { records, clock, index }: ProcessingDeps,
  message: Journaled,
  { text, by }: { readonly text: Buffer; readonly by: string },
): Promise<void> {
  const edits = [...(message.entry.edits ?? []), { time: clock(), by }]
  if (edits.length > EDITS_MOST) throw notNow('The message has been mended too often; discard it.')
  // The pieces come first: the line of the journal is what makes them count.
  const pieces = piecesOf(FLOW.edits, `${message.id}|${edits.length}`, text)
  const entry = { ...message.entry, ...numbersWith(message.entry, text), edits }
  const result = await records.apply([...pieces, entryChange(message, entry)])
  if (result.outcome === 'refused') throw changedMeanwhile()
  index.note(message.id, entry)
}

/** A mended message is found by the numbers that its sender wrote, and by those that a person has set right. */
function numbersWith({ numbers: sent = [] }: Entry, text: Buffer): Pick<Entry, 'numbers'> {
  const numbers = [...new Set([...sent, ...personNumbers(text, readHeader(text))])]
  return numbers.length === 0 ? {} : { numbers }
}

function discarded(
  { clock }: ProcessingDeps,
  { entry }: Journaled,
  reason: string,
): { readonly entry: Entry; readonly keys: readonly string[] } {
  if (entry.state !== 'dead') throw notNow('Only a dead message can be discarded.')
  const keys = (entry.partitions ?? []).map((partition) => partitionKey(entry.feed, partition))
  return { keys, entry: withState(entry, { state: 'discarded', time: clock(), reason }) }
}

function notNow(text: string): Fault {
  return fault('unprocessable', { code: 'business-rule', text })
}

function changedMeanwhile(): Fault {
  return fault('conflict', { code: 'conflict', text: 'The message has changed meanwhile; look again.' })
}

async function known(journal: Journal, id: string): Promise<Journaled> {
  const message = await journal.get(id)
  if (message === undefined)
    throw fault('not-found', { code: 'not-found', text: 'There is no such message.' })
  if (message.entry.state === 'duplicate') {
    throw fault('unprocessable', {
      code: 'business-rule',
      text: 'A duplicate has no content of its own; take the message that it repeats.',
    })
  }
  return message
}
