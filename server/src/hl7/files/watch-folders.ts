import type { RecordStore } from '../../store/port.ts'
import type { Flow } from '../flow/create-flow.ts'
import type { FlowFeed } from '../journal/feed.ts'
import { watchFolder, type WatchedFolder } from './watched-folder.ts'

interface WatchDeps {
  readonly flow: Pick<Flow, 'feeds' | 'intake' | 'isOpen'>
  readonly records: RecordStore
  readonly report: (error: unknown, file: string) => void
}

/** The watched folders of the feeds that have one. */
export interface WatchedFolders {
  /** What keeps files of a feed from being taken. */
  problemOf(feed: string): string | undefined
  /** Watches what the feeds of now name; the file that is being taken is taken to its end. */
  follow(): Promise<void>
  stop(): Promise<void>
}

export function watchFolders({ flow, records, report }: WatchDeps): WatchedFolders {
  const watched = new Map<string, { readonly folder: WatchedFolder; readonly settings: string }>()
  const end = async (name: string): Promise<void> => {
    const there = watched.get(name)
    watched.delete(name)
    await there?.folder.stop()
  }
  const begin = (feed: FlowFeed): void => {
    const { files, name } = feed
    if (files === undefined || watched.has(name)) return
    const isOpen = () => flow.isOpen(name)
    const folder = watchFolder({ feed, files, intake: flow.intake(feed), records, report, isOpen })
    watched.set(name, { folder, settings: JSON.stringify(files) })
  }
  const follow = async (): Promise<void> => {
    for (const [name, { settings }] of watched)
      if (JSON.stringify(flow.feeds.get(name)?.files) !== settings) await end(name)
    for (const feed of flow.feeds.values()) begin(feed)
  }
  return {
    problemOf: (name) => watched.get(name)?.folder.problem(),
    follow,
    async stop() {
      await Promise.all([...watched.keys()].map(async (name) => end(name)))
    },
  }
}
