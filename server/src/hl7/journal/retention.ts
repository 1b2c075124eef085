import type { Clock } from '../../kernel/clock.ts'
import { limits } from '../../kernel/limits.ts'
import type { RecordChange, RecordStore } from '../../store/port.ts'
import { FLOW, journaledOf, type Journaled } from './entry.ts'
import type { FlowFeed } from './feed.ts'
import type { MessageIndex } from './message-index.ts'
import { idAt } from './message-time.ts'

/** Removes messages whose feed does not keep them any longer. What still waits, or waits for a person, stays. */
export interface Retention {
  start(): void
  /** One bounded step. @returns whether there may be more to do */
  step(): Promise<boolean>
  stop(): Promise<void>
}

interface RetentionDeps {
  readonly records: RecordStore
  readonly index: Pick<MessageIndex, 'forget'>
  readonly clock: Clock
  readonly feeds: ReadonlyMap<string, FlowFeed>
  readonly report: (error: unknown, message: string) => void
}

const FINAL: ReadonlySet<string> = new Set(['committed', 'duplicate', 'rejected', 'discarded'])

export function createRetention({ records, index, clock, feeds, report }: RetentionDeps): Retention {
  /** Feeds and their settings may change at any time. */
  const keepsNow = () =>
    new Map(
      [...feeds.values()].flatMap(({ name, keep }) =>
        keep === undefined ? [] : [[name, keepMs(keep)] as const],
      ),
    )
  let timer: NodeJS.Timeout | undefined
  let after = ''
  let working: Promise<unknown> = Promise.resolve()

  const step = async (): Promise<boolean> => {
    const keeps = keepsNow()
    if (keeps.size === 0) return false
    const shortest = Math.min(...keeps.values())
    const page = await records.range({
      collection: FLOW.journal,
      from: after,
      to: idAt(clock() - shortest),
      limit: limits.hl7.retentionStep,
    })
    const old = page.map(journaledOf).filter(({ entry }) => {
      const keep = keeps.get(entry.feed)
      return keep !== undefined && entry.received < clock() - keep && FINAL.has(entry.state)
    })
    await index.forget(old)
    for (const message of old) await records.apply(await removalOf(records, message))
    const last = page.at(-1)
    const isMore = page.length === limits.hl7.retentionStep
    // Feeds that keep theirs longer are passed by, and looked at again from the beginning.
    after = isMore && last !== undefined ? `${last.id}\u0000` : ''
    return isMore
  }
  return {
    step,
    start() {
      timer = setInterval(() => {
        working = step().catch((error: unknown) => report(error, 'retention'))
      }, limits.hl7.retentionMs).unref()
    },
    async stop() {
      clearInterval(timer)
      await working
    },
  }
}

const UNITS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000 }

/** @param keep `30d`, `12h`, `90m` */
export function keepMs(keep: string): number {
  return Number(keep.slice(0, -1)) * (UNITS[keep.slice(-1)] ?? 0)
}

/** The line goes last, so that a step that was broken off is found again. */
async function removalOf(
  records: RecordStore,
  { id, entry, revision }: Journaled,
): Promise<readonly RecordChange[]> {
  const below = async (collection: string) => {
    const found = await records.range({ collection, from: `${id}|`, to: `${id}}`, limit: PIECES })
    return found.map((one): RecordChange => ({ op: 'delete', collection, id: one.id }))
  }
  const parts = await Promise.all([FLOW.raw, FLOW.edits, FLOW.traces].map(below))
  const patients = (entry.made ?? []).flatMap(({ reference }) =>
    reference.startsWith('Patient/') ? [`${reference.slice('Patient/'.length)}|${id}`] : [],
  )
  return [
    ...parts.flat(),
    ...patients.map((mark): RecordChange => ({ op: 'delete', collection: FLOW.patients, id: mark })),
    { op: 'delete', collection: FLOW.states, id: `${entry.state}|${id}` },
    { op: 'delete', collection: FLOW.journal, id, revision },
  ]
}

const PIECES = 1000
