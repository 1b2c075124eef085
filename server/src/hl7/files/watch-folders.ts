import type { RecordStore } from '../../store/port.ts'
import type { Flow } from '../flow/create-flow.ts'
import { watchFolder } from './watched-folder.ts'

interface WatchDeps {
  readonly flow: Pick<Flow, 'feeds' | 'intake' | 'isOpen'>
  readonly records: RecordStore
  readonly report: (error: unknown, file: string) => void
}

/** Watches the folder of every feed that has one. @returns how it is ended */
export function watchFolders({ flow, records, report }: WatchDeps): () => Promise<void> {
  const watched = [...flow.feeds.values()].flatMap((feed) =>
    feed.files === undefined
      ? []
      : [
          watchFolder({
            feed,
            files: feed.files,
            intake: flow.intake(feed),
            records,
            report,
            isOpen: () => flow.isOpen(feed.name),
          }),
        ],
  )
  return async () => {
    await Promise.all(watched.map(async (folder) => folder.stop()))
  }
}
