import { limits } from '../../kernel/limits.ts'
import { trimmedFault } from '../log-trimmer.ts'
import type { AuditLines, CommitLog } from '../port.ts'
import { loggedCommit, type CommitRecord } from './commit-record.ts'
import { pause, retrying, type Database } from './database.ts'
import { partId, readParts } from './touched.ts'

/** Number of the last commit up to which all are applied. Whoever answers a writer has moved it first. */
export async function appliedUpTo(database: Database): Promise<number> {
  return (await stateOf(database)).applied
}

/** @returns the last commit that is applied, and the last one that was trimmed */
async function stateOf({ meta }: Database): Promise<{ applied: number; trimmed: number }> {
  const state = await retrying(async () => meta.findOne({ _id: 'applied' }))
  return { applied: state?.n ?? 0, trimmed: state?.trimmed ?? 0 }
}

interface CommitPage {
  readonly after: number
  readonly upTo: number
  readonly limit: number
  /** `false`: for those who look at resources only; `rec` is then absent. */
  readonly withRecords?: boolean
}

/** Whole commits above `after` and up to `upTo`, in order. */
export async function readCommits(
  database: Database,
  { after, upTo, limit, withRecords = true }: CommitPage,
): Promise<CommitRecord[]> {
  const cursor = database.commits
    .find(
      { _id: { $gt: after, $lte: upTo } },
      { promoteBuffers: true, ...(!withRecords && { projection: { rec: 0 } }) },
    )
    .sort({ _id: 1 })
    .limit(limit)
  const records = await retrying(async () => cursor.clone().toArray())
  return Promise.all(records.map(async (record) => whole(database, record)))
}

async function whole(database: Database, record: CommitRecord): Promise<CommitRecord> {
  if (record.parts === undefined) return record
  const parts = await readParts(database, record.uuid, record.parts)
  return { ...record, w: parts.flatMap(({ w }) => w), rec: parts.flatMap(({ rec }) => rec) }
}

export interface Growth {
  /** Wakes those of this process who wait; other processes notice by polling. */
  readonly notify: () => void
  readonly close: () => void
}

/**
 * The log as sinks see it: commits that are durable and applied, so that what a sink reads elsewhere is never older than its commit.
 */
export function commitLog(database: Database, now: () => number): { log: CommitLog; growth: Growth } {
  const waiting = new Set<() => void>()
  const closed = new AbortController()
  const wake = (): void => {
    for (const resolve of waiting) resolve()
    waiting.clear()
  }
  const log: CommitLog = {
    head: async () => appliedUpTo(database),
    trimmed: async () => (await stateOf(database)).trimmed,
    trim: async (bounds) => trim(database, bounds, now()),
    read: async (after, limit) => {
      const { applied: upTo, trimmed } = await stateOf(database)
      if (after < trimmed) throw trimmedFault()
      if (upTo <= after) return []
      return (await readCommits(database, { after, upTo, limit, withRecords: false })).map(loggedCommit)
    },
    audit: async (after, limit) => {
      const { applied, trimmed } = await stateOf(database)
      if (after < trimmed) throw trimmedFault()
      const upTo = Math.min(applied, after + limit)
      return upTo <= after ? { upTo: after, lines: [] } : auditLines(database, { after, upTo, limit })
    },
    grown: async (after, signal) => {
      const ended = AbortSignal.any([signal, closed.signal])
      while (!ended.aborted) {
        const woken = wakeUp(waiting, ended)
        if ((await appliedUpTo(database)) > after) {
          wake()
          return
        }
        await Promise.race([woken, pause(limits.store.pollMs)])
      }
    },
  }
  return {
    log,
    growth: {
      notify: wake,
      close: () => {
        closed.abort()
      },
    },
  }
}

async function auditLines(
  database: Database,
  { after, upTo, limit }: Omit<CommitPage, 'withRecords'>,
): Promise<AuditLines> {
  const cursor = database.commits
    .find({ _id: { $gt: after, $lte: upTo }, audit: { $exists: true } }, { projection: { audit: 1 } })
    .sort({ _id: 1 })
  const records = await retrying(async () => cursor.clone().toArray())
  const lines: string[] = []
  for (const { _id, audit = [] } of records) {
    lines.push(...audit)
    if (lines.length >= limit) return { upTo: _id, lines }
  }
  return { upTo, lines }
}

interface Bounds {
  readonly upTo: number
  readonly before: number
}

/**
 * The state says first what will be gone, so that nobody reads a log with holes. A commit of the last hour stays in any case: a process that
 * was held up would otherwise find its number free again.
 */
async function trim(database: Database, { upTo, before }: Bounds, now: number): Promise<number> {
  const { applied, trimmed } = await stateOf(database)
  const most = Math.min(upTo, applied - 1, trimmed + limits.store.trimStep)
  const cursor = database.commits
    .find({ _id: { $gt: trimmed, $lte: most } }, { projection: { time: 1, uuid: 1, parts: 1 } })
    .sort({ _id: 1 })
  const there = await retrying(async () => cursor.clone().toArray())
  const oldest = Math.min(before, now - limits.store.trimYoungestMs)
  const firstYoung = there.findIndex(({ time }) => time >= oldest)
  const old = firstYoung === -1 ? there : there.slice(0, firstYoung)
  const last = old.at(-1)
  if (last === undefined) return 0
  await retrying(async () => database.meta.updateOne({ _id: 'applied' }, { $max: { trimmed: last._id } }))
  const parts = old.flatMap(({ uuid, parts: count = 0 }) =>
    Array.from({ length: count }, (_, index) => partId(uuid, index)),
  )
  if (parts.length > 0) await retrying(async () => database.parts.deleteMany({ _id: { $in: parts } }))
  await retrying(async () => database.commits.deleteMany({ _id: { $lte: last._id } }))
  return old.length
}

async function wakeUp(waiting: Set<() => void>, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      waiting.delete(done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    waiting.add(done)
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}
