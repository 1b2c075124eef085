import { Fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { soon } from '../../kernel/soon.ts'
import type { Soon } from '../../kernel/soon.ts'
import type { CommitLog, LoggedChange, LoggedCommit, ResourceReader, Row } from '../../store/port.ts'
import { paused } from '../pause.ts'
import type { TopicEvent, Topics } from '../topics/topics.ts'

/** The events of one commit, made once for all sockets. */
export interface FeedCommit {
  readonly n: number
  readonly events: readonly TopicEvent[]
  /** The resource of a change as it is now, with its keys; read at most once for all who ask. `undefined` when it is deleted. */
  rowOf(change: LoggedChange): Soon<Row | undefined>
}

export interface EventFeed {
  /** Number of the last commit that was told. */
  position(): number
  /** Later commits, each once and in order. @returns stops it */
  subscribe(listener: (commit: FeedCommit) => void): () => void
  /** Commits behind `after` for one who comes back; `undefined` when the next one is not in the log any more. */
  read(after: number): Promise<readonly FeedCommit[] | undefined>
  close(): Promise<void>
}

export interface EventFeedOptions {
  readonly log: CommitLog
  readonly resources: ResourceReader
  readonly topics: Topics
  readonly onError: (error: unknown) => void
}

/** Reads the log once for all sockets of this process, from its head at the start. */
export async function startEventFeed({
  log,
  resources,
  topics,
  onError,
}: EventFeedOptions): Promise<EventFeed> {
  const listeners = new Set<(commit: FeedCommit) => void>()
  const stop = new AbortController()
  let position = await log.head()
  const prepared = async (commit: LoggedCommit): Promise<FeedCommit> => ({
    n: commit.n,
    events: await topics.eventsOf(commit),
    rowOf: rowsOf(resources),
  })
  const step = async (): Promise<void> => {
    await log.grown(position, stop.signal)
    const head = await log.head()
    // Nobody listens: what was committed meanwhile is not even read.
    if (listeners.size === 0) position = head
    for (const logged of stop.signal.aborted ? [] : await log.read(position, limits.events.page)) {
      const commit = await prepared(logged)
      position = commit.n
      for (const listener of listeners) listener(commit)
    }
  }
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted)
      try {
        await step()
      } catch (error) {
        onError(error)
        await paused(limits.events.retryMs, stop.signal)
      }
  }
  const running = run()
  return {
    position: () => position,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    read: async (after) => {
      const commits = await readFrom(log, after)
      return commits && Promise.all(commits.map(prepared))
    },
    close: async () => {
      stop.abort()
      await running
    },
  }
}

/** @returns `undefined` for what was trimmed */
async function readFrom(log: CommitLog, after: number): Promise<readonly LoggedCommit[] | undefined> {
  try {
    return await log.read(after, limits.events.page)
  } catch (error) {
    if (error instanceof Fault && error.kind === 'gone') return undefined
    throw error
  }
}

function rowsOf(resources: ResourceReader): FeedCommit['rowOf'] {
  const rows = new Map<string, Soon<Row | undefined>>()
  return ({ type, id }) => {
    const key = `${type}/${id}`
    const known = rows.get(key) ?? soon(resources.fetch(type, [id]), ([row]) => row)
    rows.set(key, known)
    return known
  }
}
