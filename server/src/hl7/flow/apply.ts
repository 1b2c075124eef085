import { setTimeout as delay } from 'node:timers/promises'

import { systemCaller } from '../../auth/caller.ts'
import type { Draft, Resources } from '../../fhir/resources.ts'
import type { Clock } from '../../kernel/clock.ts'
import { fault } from '../../kernel/fault.ts'
import { uuid7 } from '../../kernel/ids.ts'
import { limits } from '../../kernel/limits.ts'
import type { RecordChange, RecordStore } from '../../store/port.ts'
import type { Ahead } from '../journal/ahead.ts'
import { entryChange, FLOW, withState, type Entry, type Journaled } from '../journal/entry.ts'
import type { FlowFeed } from '../journal/feed.ts'
import { lineChanges, piecesOf, type NewLine } from '../journal/journal-line.ts'
import type { Journal } from '../journal/journal.ts'
import { markChanges } from '../journal/state-marks.ts'
import type { Mapped } from '../mapping/model/image.ts'
import { textLength, withDocumentsAside } from '../record/documents.ts'
import { traceRecords } from '../record/trace-text.ts'
import { putItem } from '../record/worklist.ts'
import { breathe } from './breathe.ts'
import { partitionKey } from './parking.ts'
import { planMessage, type Plan } from './plan.ts'

export interface ApplyDeps {
  readonly records: RecordStore
  /** The same, without a look at what is ahead of the store. */
  readonly stored: Pick<RecordStore, 'apply'>
  readonly resources: Pick<Resources, 'peek' | 'transact'>
  readonly journal: Journal
  readonly clock: Clock
  readonly ahead?: Ahead
}

export interface ApplyJob {
  readonly message: Journaled
  readonly mapped: Mapped
  readonly feed: FlowFeed
  /** Milliseconds UTC when mapping was done. */
  readonly mappedAt: number
}

export interface Apply {
  /** What the message would do now. */
  plan(job: ApplyJob): Promise<Plan>
  /**
   * Commits what the message says together with its line in the journal: both or nothing.
   *
   * @throws Fault of the write path; `conflict` when others kept changing the same resources.
   */
  apply(job: ApplyJob): Promise<Entry>
}

export function createApply(deps: ApplyDeps): Apply {
  const plan = async ({ mapped, feed, message }: ApplyJob) =>
    planMessage({
      records: deps.records,
      resources: deps.resources,
      mapped,
      feed: feed.name,
      message: message.id,
      nowMs: deps.clock(),
      newId: () => uuid7(deps.clock()),
    })
  return {
    plan: async (job) => plan(await aside(job)),
    async apply(given) {
      const job = await aside(given)
      if (job.mapped.images.length > limits.fhir.bundleEntries) {
        throw fault('too-costly', {
          code: 'too-costly',
          text: 'The message makes more resources than one commit may hold.',
        })
      }
      if (job.message.entry.bytes > limits.fhir.resourceBytes / 4) refuseLarge(job.mapped)
      let { message } = job
      for (let attempt = 0; attempt < limits.hl7.attempts; attempt++) {
        const planned = await plan(job)
        await breathe(message.entry)
        const entry = await commit(deps, { ...job, message }, planned)
        if (entry) return entry
        message = (await deps.journal.get(message.id)) ?? message
        // Another process was quicker with the same message.
        if (message.entry.state === 'committed' && job.message.entry.state !== 'committed')
          return message.entry
      }
      throw fault('conflict', {
        code: 'conflict',
        text: 'The same resources kept changing; the message is tried again.',
      })
    },
  }
}

async function aside(job: ApplyJob): Promise<ApplyJob> {
  return { ...job, mapped: await withDocumentsAside(job.mapped) }
}

/** What no store could hold is refused before it is planned: the message stays in the journal, whole. */
function refuseLarge({ images }: Mapped): void {
  for (const { resource, type } of images) {
    if (textLength(resource) <= limits.fhir.resourceBytes) continue
    throw fault('too-large', {
      code: 'too-long',
      text: `The ${type} that the message makes is larger than the ${limits.fhir.resourceBytes} bytes that a resource may have.`,
    })
  }
}

/** @returns `undefined` when what the plan was made from has changed meanwhile. */
async function commit(deps: ApplyDeps, job: ApplyJob, plan: Plan): Promise<Entry | undefined> {
  const { message } = job
  const now = deps.clock()
  const entry = finished(job, plan, now)
  const others: readonly RecordChange[] = [
    ...plan.records,
    ...plan.conflicts.map(putItem),
    ...traceRecords(message.id, plan.traced),
    ...plan.patients.map((patient) => mark(FLOW.patients, `${patient}|${message.id}`)),
  ]
  const drafts = plan.drafts.length === 0 ? [] : [...plan.drafts, provenance(job, plan, now)]
  const waiting = deps.ahead?.claim(message.id)
  if (waiting !== undefined) {
    let isStored = false
    try {
      const line = lineChanges({ ...waiting, entry }, [])
      isStored = await withBytes(deps, waiting, async () =>
        write(deps, job, { drafts, records: [...others, ...line] }),
      )
    } finally {
      deps.ahead?.release(message.id, isStored)
    }
    return isStored ? entry : undefined
  }
  const line = [...placesOf(job), ...markChanges(message.id, message.entry.state, entry)]
  const records = [...others, ...line, entryChange(message, entry)]
  return (await write(deps, job, { drafts, records })) ? entry : undefined
}

/** The bytes are no part of a commit; they go just ahead of it, mostly in the same transaction. @returns whether it was made */
async function withBytes(
  { stored }: ApplyDeps,
  { id, bytes }: NewLine,
  work: () => Promise<boolean>,
): Promise<boolean> {
  const pieces = piecesOf(FLOW.raw, id, bytes)
  const [kept, done] = await Promise.allSettled([stored.apply(pieces), work()])
  if (done.status === 'rejected') throw done.reason
  // The disk was full for the one and not for the other: the line must not be without its message. A start looks, too.
  for (let waitMs = 100, isKept = kept.status === 'fulfilled'; done.value && !isKept; waitMs *= 2) {
    await delay(Math.min(waitMs, limits.hl7.retryMs))
    isKept = await stored.apply(pieces).then(
      () => true,
      () => false,
    )
  }
  return done.value
}

interface Changes {
  readonly drafts: readonly Draft[]
  readonly records: readonly RecordChange[]
}

async function write(
  { stored, resources }: ApplyDeps,
  { feed, message }: ApplyJob,
  { drafts, records }: Changes,
): Promise<boolean> {
  if (drafts.length === 0) return (await stored.apply(records)).outcome === 'applied'
  const { controlId: correlation } = message.entry
  const caller = systemCaller(`feed:${feed.name}`, 'feed', correlation)
  const facilities = feed.facility === undefined ? [] : [feed.facility]
  const result = await resources.transact(caller, { drafts, records, facilities, correlation })
  return result.outcome === 'committed'
}

/** Where the message waited: what has just come in was never parked. */
function placesOf({ message: { id, entry }, feed, mapped }: ApplyJob): readonly RecordChange[] {
  const pending = unmark(FLOW.pending, id)
  if (entry.state === 'received' && entry.attempts === 0) return [pending]
  const partitions = new Set([...mapped.partitions, ...(entry.partitions ?? [])])
  const parked = [...partitions].map((partition) =>
    unmark(FLOW.parked, `${partitionKey(feed.name, partition)}|${id}`),
  )
  return [...parked, pending]
}

function finished({ message, mapped, mappedAt }: ApplyJob, plan: Plan, now: number): Entry {
  const { errors: _errors, ...entry } = message.entry
  const versions = new Map(
    plan.drafts.map((draft) => [`${draft.type}/${draft.id ?? ''}`, (draft.expected ?? 0) + 1]),
  )
  const made = plan.made.map((one) => {
    const version = versions.get(one.reference)
    return version === undefined ? one : { ...one, version }
  })
  return {
    ...withState(withState(entry, { state: 'mapped', time: mappedAt }), { state: 'committed', time: now }),
    attempts: entry.attempts + 1,
    partitions: mapped.partitions,
    made,
    warnings: mapped.warnings.slice(0, MOST_WARNINGS).map(({ kind, at, text }) => ({ kind, at, text })),
    rules: mapped.rules,
  }
}

const MOST_WARNINGS = 200

const ORIGIN = 'https://mogran.org/fhir'

/** Which feed and message the new versions came from, and by which rules. */
function provenance({ message, feed, mapped }: ApplyJob, { drafts }: Plan, now: number): Draft {
  return {
    type: 'Provenance',
    method: 'POST',
    resource: {
      resourceType: 'Provenance',
      target: drafts.map(({ type, id = '' }) => ({ reference: `${type}/${id}` })),
      recorded: new Date(now).toISOString(),
      policy: [`${ORIGIN}/mapping-rules/${encodeURIComponent(mapped.rules)}`],
      agent: [
        {
          type: {
            coding: [
              {
                system: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type',
                code: 'assembler',
              },
            ],
          },
          who: { identifier: { system: `${ORIGIN}/feed`, value: feed.name } },
        },
      ],
      entity: [
        { role: 'source', what: { identifier: { system: `${ORIGIN}/hl7-message`, value: message.id } } },
      ],
    },
  }
}

function mark(collection: string, id: string): RecordChange {
  return { op: 'put', collection, id, value: {} }
}

function unmark(collection: string, id: string): RecordChange {
  return { op: 'delete', collection, id }
}
