import type { RecordStore } from '../../store/port.ts'
import { FLOW } from '../journal/entry.ts'

export type FeedMode = 'running' | 'paused' | 'stopped'

/** How each feed shall run: what a person has set, kept over restarts and shared by all processes. */
export interface FeedModes {
  of(feed: string): FeedMode
  set(feed: string, mode: FeedMode): Promise<void>
  /** Reads what others have set. @returns whether something is new */
  load(): Promise<boolean>
}

export function createFeedModes(records: RecordStore): FeedModes {
  let modes: ReadonlyMap<string, FeedMode> = new Map()
  const of = (feed: string) => modes.get(feed) ?? 'running'
  return {
    of,
    async set(feed, mode) {
      await records.apply([{ op: 'put', collection: FLOW.modes, id: feed, value: { mode } }])
      modes = new Map([...modes, [feed, mode]])
    },
    async load() {
      const found = await records.range({ collection: FLOW.modes, limit: FEEDS_MOST })
      const read = new Map(found.map(({ id, value }) => [id, modeOf(value)]))
      const isNew = [...new Set([...read.keys(), ...modes.keys()])].some(
        (feed) => (read.get(feed) ?? 'running') !== of(feed),
      )
      modes = read
      return isNew
    },
  }
}

const FEEDS_MOST = 10_000

function modeOf(value: unknown): FeedMode {
  const { mode } = value as { readonly mode?: unknown }
  return mode === 'paused' || mode === 'stopped' ? mode : 'running'
}
