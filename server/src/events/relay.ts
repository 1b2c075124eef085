import { z } from 'zod'

import type { Clock } from '../kernel/clock.ts'
import { uuid7 } from '../kernel/ids.ts'
import { limits } from '../kernel/limits.ts'
import { CURSORS } from '../store/log-trimmer.ts'
import type { LoggedCommit, RecordChange, Store } from '../store/port.ts'
import { paused } from './pause.ts'

/** Where events leave the hub. Commits come in order; on return they are safe on the other side, else it throws and is asked again. */
export interface Sink {
  /** Names its cursor: stable for ever. */
  readonly name: string
  deliver(commits: readonly LoggedCommit[]): Promise<void>
  /** What the sink does while nothing new comes, a few times a lease. */
  rest?(): Promise<void>
  close(): Promise<void>
}

export interface RelayOptions {
  readonly store: Store
  readonly sink: Sink
  readonly clock: Clock
  /** Told of every failed attempt; the relay itself goes on. */
  readonly onError: (error: unknown) => void
}

export interface Relay {
  /** The last commit that the sink has for sure, as this process knows. */
  position(): number
  close(): Promise<void>
}

/** The cursor of a sink is also its lease: one process delivers, the others wait until its time is over. */
const Cursor = z.object({ n: z.number(), holder: z.string(), until: z.number() })
type Cursor = z.output<typeof Cursor>

/**
 * Brings the log to a sink: at least once, in order, from where it stopped. The cursor moves only after the sink has taken the commits, by
 * compare-and-set, so that a process that lost its lease without noticing cannot move it.
 */
export function startRelay({ store, sink, clock, onError }: RelayOptions): Relay {
  const stop = new AbortController()
  const holder = uuid7(clock())
  const holding = createHolding({ store, name: sink.name, holder, clock })
  let failures = 0

  const step = async (): Promise<void> => {
    const held = await holding.hold()
    if (!held) return paused(limits.events.leaseMs / 4, stop.signal)
    const commits = await store.log.read(held.n, limits.events.page)
    if (commits.length > 0) {
      await sink.deliver(commits)
      await holding.move(commits.at(-1)?.n ?? held.n)
    } else {
      await sink.rest?.()
      await store.log.grown(
        held.n,
        AbortSignal.any([stop.signal, AbortSignal.timeout(Math.floor(limits.events.leaseMs / 3))]),
      )
    }
    failures = 0
  }
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted)
      try {
        await step()
      } catch (error) {
        onError(error)
        failures += 1
        // Shorter than the lease, which is renewed with each attempt.
        const mostMs = limits.events.leaseMs / 3
        await paused(
          Math.min(limits.events.retryMs * 2 ** (failures - 1), mostMs) * (0.5 + Math.random() / 2),
          stop.signal,
        )
      }
    await holding.release().catch(onError)
    await sink.close()
  }
  const running = run()
  return {
    position: () => holding.position(),
    close: async () => {
      stop.abort()
      await running
    },
  }
}

interface Holding {
  position(): number
  /** Takes or renews the lease. @returns `undefined` while another process has it */
  hold(): Promise<Cursor | undefined>
  /** @throws when another process has taken over */
  move(n: number): Promise<void>
  release(): Promise<void>
}

interface HoldingOptions {
  readonly store: Store
  readonly name: string
  readonly holder: string
  readonly clock: Clock
}

function createHolding({ store, name, holder, clock }: HoldingOptions): Holding {
  let held: { cursor: Cursor; revision: number } | undefined
  const write = async (cursor: Cursor, revision: number): Promise<boolean> => {
    const content = { collection: CURSORS, id: name, value: cursor }
    const change: RecordChange =
      revision === 0 ? { op: 'insert', ...content } : { op: 'replace', revision, ...content }
    const { outcome } = await store.records.apply([change])
    held = outcome === 'applied' ? { cursor, revision: revision + 1 } : undefined
    return outcome === 'applied'
  }
  const take = async (): Promise<void> => {
    const record = await store.records.get(CURSORS, name)
    // A new sink begins with the oldest commit that is left.
    const known = record ? Cursor.parse(record.value) : { n: await store.log.trimmed(), holder, until: 0 }
    if (known.holder !== holder && known.until > clock()) return
    await write({ n: known.n, holder, until: clock() + limits.events.leaseMs }, record?.revision ?? 0)
  }
  return {
    position: () => held?.cursor.n ?? 0,
    hold: async () => {
      if (!held) await take()
      else if (held.cursor.until - clock() < limits.events.leaseMs / 2)
        await write({ ...held.cursor, until: clock() + limits.events.leaseMs }, held.revision)
      return held?.cursor
    },
    move: async (n) => {
      const moved =
        held && (await write({ n, holder, until: clock() + limits.events.leaseMs }, held.revision))
      if (!moved) throw new Error(`another process delivers to ${name} now`)
    },
    release: async () => {
      if (held) await write({ ...held.cursor, until: clock() }, held.revision)
    },
  }
}
