import { systemCaller, type Caller } from '../../auth/caller.ts'
import type { Resources } from '../../fhir/resources.ts'
import { fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import type { RecordStore, ResourceReader } from '../../store/port.ts'
import { mergeOf, MERGING, putMerge, putMoved, putStep, type MergeRecord } from '../record/merge-record.ts'
import { changedBy, knownMerge, listMerges, type ListedMerges, type MergePage } from './listed-merges.ts'
import { countReferences, repoint } from './repoint.ts'
import { undoMerge } from './undo-merge.ts'

export interface MergingDeps {
  readonly records: RecordStore
  readonly resources: Pick<Resources, 'peek' | 'transact'>
  readonly reader: Pick<ResourceReader, 'types' | 'scan'>
  /** Told what went wrong behind the back of everybody; ids only. */
  readonly report: (error: unknown, merge: string) => void
}

/** The job that repoints references after a merge or a move, and takes it back. */
export interface Merging {
  start(): void
  stop(): Promise<void>
  /** Works on everything that is open now. */
  run(): Promise<void>
  /** Newest first. */
  list(page?: MergePage): Promise<ListedMerges>
  /** @throws Fault `not-found` */
  get(id: string): Promise<MergeRecord>
  /** References of the resources that it changed: the first so many. */
  changed(id: string): Promise<readonly string[]>
  /** @throws Fault `not-found`, `conflict` */
  undo(caller: Caller, id: string): Promise<MergeRecord>
}

const PAGE = 100

/** Search parameters whose references follow what they name. The trail of what happened (Provenance, AuditEvent) stays. */
const PARAMETERS = [
  'encounter',
  'context',
  'account',
  'part-of',
  'partof',
  'subject',
  'patient',
  'related',
  'entity',
  'focus',
  'member',
  'participant',
  'actor',
  'item',
  'link',
  'beneficiary',
  'subscriber',
  'policy-holder',
  'recipient',
  'sender',
  'performer',
  'owner',
  'requester',
  'source',
  'author',
  'individual',
  'episode-of-care',
] as const
const TRAIL: ReadonlySet<string> = new Set(['Provenance', 'AuditEvent'])

export function createMerging(deps: MergingDeps): Merging {
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  const undoing = new Map<string, Promise<MergeRecord>>()
  const run = async (): Promise<void> => {
    running ??= work(deps).finally(() => (running = undefined))
    return running
  }
  return {
    run,
    start() {
      timer ??= setInterval(
        () => void run().catch((error: unknown) => deps.report(error, 'merging')),
        limits.hl7.mergeMs,
      )
      timer.unref()
    },
    async stop() {
      clearInterval(timer)
      await running?.catch(() => undefined)
    },
    list: async (page = { limit: PAGE }) => listMerges(deps, page),
    get: async (id) => knownMerge(deps.records, id),
    changed: async (id) => changedBy(deps.records, id),
    undo: async (caller, id) => {
      // Whoever asks twice gets the answer of the first: the second time everything would seem to be changed by somebody else.
      const known = undoing.get(id)
      if (known) return known
      const undo = undoMerge(deps, caller, id).finally(() => undoing.delete(id))
      undoing.set(id, undo)
      return undo
    },
  }
}

async function work(deps: MergingDeps): Promise<void> {
  const open = await deps.records.range({ collection: MERGING.pending, limit: PAGE })
  for (const { id } of open) {
    const record = await deps.records.get(MERGING.merges, id)
    if (record === undefined) continue
    const noted = mergeOf(record)
    try {
      const merge = await withSubordinates(deps, noted)
      const moved = await repointAll(deps, merge)
      await deps.records.apply(putMerge({ ...merge, moved: merge.moved + moved, state: 'done' }))
    } catch (error) {
      deps.report(error, id)
    }
  }
}

/**
 * What moves with an account: its visits, and so whatever refers to these. The longer list is kept before anything moves: a job that was
 * interrupted finds no visit of the account any more that still belongs to the one of before.
 */
async function withSubordinates(deps: MergingDeps, merge: MergeRecord): Promise<MergeRecord> {
  const accounts = merge.scope.filter((one) => one.startsWith('Account/'))
  if (merge.kind !== 'move' || accounts.length === 0) return merge
  const visits = await Promise.all(accounts.map(async (one) => referring(deps, 'Encounter', one)))
  const scope = [...new Set([...merge.scope, ...visits.flat().map((id) => `Encounter/${id}`)])]
  const whole = { ...merge, scope }
  await deps.records.apply(putMerge(whole))
  return whole
}

async function repointAll(deps: MergingDeps, merge: MergeRecord): Promise<number> {
  let moved = 0
  for (const type of await deps.reader.types()) {
    if (TRAIL.has(type)) continue
    const ids = await referring(deps, type, merge.from)
    for (const id of ids) moved += await repointOne(deps, merge, { type, id })
  }
  return moved
}

/** Ids of the resources of a type that refer to one. */
async function referring(
  { reader }: MergingDeps,
  type: string,
  reference: string,
): Promise<readonly string[]> {
  const keys = [`_compartment=${reference}`, ...PARAMETERS.map((parameter) => `${parameter}=${reference}`)]
  const found = new Set<string>()
  for (const key of keys) {
    let page = await reader.scan({ type, key, order: 'date', direction: 'asc', limit: PAGE })
    while (page.length > 0) {
      for (const { id } of page) found.add(id)
      const last = page.at(-1)
      if (last === undefined || page.length < PAGE) break
      page = await reader.scan({ type, key, order: 'date', direction: 'asc', limit: PAGE, after: last })
    }
  }
  return [...found]
}

async function repointOne(
  deps: MergingDeps,
  merge: MergeRecord,
  { type, id }: { type: string; id: string },
): Promise<number> {
  const reference = `${type}/${id}`
  if (reference === merge.from || reference === merge.to) return 0
  for (let attempt = 0; attempt < limits.hl7.attempts; attempt++) {
    const current = await deps.resources.peek(type, id)
    const text = current && Buffer.from(current.bytes).toString('utf8')
    if (current === undefined || text === undefined || !isInScope(merge, reference, text)) return 0
    const changed = repoint(text, merge.from, merge.to)
    if (changed === undefined) return 0
    const total = countReferences(changed.text, merge.to)
    const result = await deps.resources.transact(systemCaller('merging', 'system', merge.message), {
      drafts: [
        {
          type,
          id,
          method: 'PUT',
          expected: current.version,
          text: changed.text,
          resource: JSON.parse(changed.text) as JsonObject,
        },
      ],
      records: [
        putStep(merge.id, { reference, places: changed.places, total }),
        ...putMoved(merge, reference),
      ],
      facilities: [],
    })
    if (result.outcome === 'committed') return 1
  }
  throw fault('conflict', {
    code: 'conflict',
    text: 'A resource kept changing while references were repointed.',
  })
}

function isInScope({ scope }: MergeRecord, reference: string, text: string): boolean {
  if (scope.length === 0 || scope.includes(reference)) return true
  return scope.some((one) => countReferences(text, one) > 0)
}
