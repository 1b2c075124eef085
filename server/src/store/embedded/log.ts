import { limits } from '../../kernel/limits.ts'
import { createPace, type Pace } from '../../kernel/pace.ts'
import { trimmedFault } from '../log-trimmer.ts'
import type { CommitLog, LoggedChange, LoggedCommit } from '../port.ts'
import { auditOfHeader, decodeCommitHeader } from './commit-header.ts'
import { numberKey, type DataFile, peek } from './databases.ts'
import { rowExtras, versionOf } from './row.ts'
import type { Writer } from './writer.ts'

export interface EmbeddedLog extends CommitLog {
  /** To be called once a batch is durable. */
  wake(): void
}

export function createLog(data: DataFile, writer: Pick<Writer, 'appender' | 'trim'>): EmbeddedLog {
  const head = (): number => writer.appender.head
  // Nobody else takes commits out of this log.
  let trimmed = trimmedOf(data)
  const waiting = new Set<() => void>()

  return {
    head: async () => head(),

    trimmed: async () => trimmed,

    async trim({ upTo, before }) {
      const most = Math.min(upTo, head() - 1, trimmed + limits.store.trimStep)
      let last = trimmed
      while (last < most && decodeCommitHeader(headerOf(data, last + 1)).about.time < before) last++
      const taken = last - trimmed
      if (taken > 0) await writer.trim(trimmed + 1, last)
      trimmed = last
      return taken
    },

    async read(after, limit) {
      if (after < trimmed) throw trimmedFault()
      const commits: LoggedCommit[] = []
      const last = Math.min(head(), after + limit)
      const pace = createPace()
      for (let n = after + 1; n <= last; n++) commits.push(await readCommit(data, n, pace))
      return commits
    },

    async audit(after, limit) {
      if (after < trimmed) throw trimmedFault()
      const last = Math.min(head(), after + limit)
      const lines: string[] = []
      let upTo = after
      while (upTo < last && lines.length < limit)
        for (const line of auditOfHeader(headerOf(data, ++upTo))) lines.push(line)
      return { upTo, lines }
    },

    async grown(after, signal) {
      while (head() <= after && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const go = (): void => {
            waiting.delete(go)
            signal.removeEventListener('abort', go)
            resolve()
          }
          waiting.add(go)
          signal.addEventListener('abort', go)
        })
      }
    },

    wake() {
      for (const go of waiting) go()
    },
  }
}

function trimmedOf({ commits }: DataFile): number {
  for (const key of commits.getKeys({ limit: 1 })) return key.readUIntBE(0, 6) - 1
  return 0
}

function headerOf(data: DataFile, n: number): Buffer {
  const header = peek(data.commits, numberKey(n))
  // All others up to the head are there; a reader may be overtaken while it waits.
  if (header === undefined) throw trimmedFault()
  return header
}

/** In slices: a commit may have thousands of rows. They never change, and are never taken out of the store. */
async function readCommit(data: DataFile, n: number, pace: Pace): Promise<LoggedCommit> {
  const { firstRow, rows, about } = decodeCommitHeader(headerOf(data, n))
  const changes: LoggedChange[] = []
  for (let seq = firstRow; seq < firstRow + rows; seq++) {
    const row = peek(data.rows, numberKey(seq))
    if (row === undefined) throw new Error(`row ${seq} of commit ${n} is missing`)
    changes.push({ ...versionOf(row), patients: rowExtras(row).c ?? [] })
    const slice = pace()
    if (slice) await slice
  }
  return { n, ...about, changes }
}
