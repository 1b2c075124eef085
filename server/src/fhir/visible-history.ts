import type { Caller } from '../auth/caller.ts'
import { fault } from '../kernel/fault.ts'
import { limits } from '../kernel/limits.ts'
import { createPace } from '../kernel/pace.ts'
import type { HistoryRequest, ResourceReader, StoredVersion } from '../store/port.ts'
import type { Access } from './access.ts'
import type { Definitions } from './definitions.ts'
import { lastSeen } from './deleted.ts'
import type { DeletedDeps } from './deleted.ts'
import type { History } from './resources.ts'
import { meetsAll } from './search/clause.ts'
import { subjectOf } from './search/subject.ts'
import { mayOpen } from './security-context.ts'

export interface VisibleDeps extends DeletedDeps {
  readonly definitions: Definitions
  readonly access: Access
}

/**
 * The history of a type, or of everything, for a caller who sees some resources only: the store's order drives, each version is verified by
 * the resource as it is now, or was before it was deleted, and pages and totals are those of what is left.
 *
 * @returns without total where more than `limits.fhir.historyCounted` versions would have to be looked at for it
 * @throws Fault `too-costly` when too few of the versions are the caller's to fill a page
 */
export async function visibleHistory(
  deps: VisibleDeps,
  caller: Caller,
  request: HistoryRequest,
): Promise<History> {
  const visible = createVisibility(deps, caller)
  const page = await pageOf(deps, visible, request)
  const total = await totalOf(deps, visible, request)
  return { ...page, ...(total === undefined ? {} : { total }) }
}

export type Visible = (versions: readonly StoredVersion[]) => Promise<readonly boolean[]>

/** Whether versions are of resources that exist for the caller; each resource is looked at once. */
export function createVisibility(deps: VisibleDeps, caller: Caller): Visible {
  const { store, definitions, access, base } = deps
  const reader = store.resources
  const known = new Map<string, boolean>()
  const learn = async (type: string, ids: readonly string[]): Promise<void> => {
    const module = access.allows(caller, 'read', type) ? await definitions.load(type) : undefined
    if (!module) return
    const clauses = access.constraintFor(caller, type)
    const rows = await reader.fetch(type, ids)
    const seen = await Promise.all(
      ids.map(async (id, index) => {
        const row = rows[index]
        if (row) return { bytes: row.bytes, subject: subjectOf(row, module, base) }
        const gone = await lastSeen(deps, { type, id }, module)
        return { bytes: gone?.last.bytes ?? new Uint8Array(0), subject: gone?.subject }
      }),
    )
    const bodies = seen.map(({ bytes }) => bytes)
    const isOpen = type === 'Binary' ? await mayOpen({ ...deps, reader }, caller, bodies) : []
    for (const [index, { subject }] of seen.entries()) {
      const meets = subject !== undefined && isOpen[index] !== false && meetsAll(clauses, subject)
      known.set(`${type}/${ids[index] ?? ''}`, meets)
    }
  }
  return async (versions) => {
    const unknown = versions.filter(({ type, id }) => !known.has(`${type}/${id}`))
    for (const [type, group] of Map.groupBy(unknown, (version) => version.type))
      await learn(type, [...new Set(group.map(({ id }) => id))])
    return versions.map(({ type, id }) => known.get(`${type}/${id}`) === true)
  }
}

type Page = Pick<History, 'versions' | 'next'>

async function pageOf({ store }: VisibleDeps, visible: Visible, request: HistoryRequest): Promise<Page> {
  const reader = store.resources
  const versions: StoredVersion[] = []
  let { after } = request
  for (let looked = 0; looked < limits.fhir.sortCandidates; looked += BATCH) {
    const from = { ...request, limit: BATCH, ...(after === undefined ? {} : { after }) }
    const batch = await reader.history(from)
    const isMine = await visible(batch.versions)
    for (const [index, version] of batch.versions.entries()) {
      if (isMine[index] !== true) continue
      versions.push(version)
      if (versions.length === request.limit) return { versions, ...(await nextOf(reader, from, index)) }
    }
    if (batch.next === undefined) return { versions }
    after = batch.next
  }
  throw fault('too-costly', {
    code: 'too-costly',
    text: `Too few of ${String(limits.fhir.sortCandidates)} versions are yours to see: ask for single resources, or use _since`,
  })
}

const BATCH = 200

/** The place behind one version of a batch, in the store's own words. */
async function nextOf(
  reader: ResourceReader,
  from: HistoryRequest,
  index: number,
): Promise<{ next?: string }> {
  const { next } = await reader.history({ ...from, limit: index + 1 })
  return next === undefined ? {} : { next }
}

async function totalOf(
  { store }: VisibleDeps,
  visible: Visible,
  request: HistoryRequest,
): Promise<number | undefined> {
  const { after: _after, ...all } = request
  const pace = createPace()
  let total = 0
  let after: string | undefined
  for (let looked = 0; looked < limits.fhir.historyCounted; looked += BATCH) {
    const batch = await store.resources.history({
      ...all,
      limit: BATCH,
      ...(after === undefined ? {} : { after }),
    })
    total += (await visible(batch.versions)).filter(Boolean).length
    if (batch.next === undefined) return total
    after = batch.next
    await pace()
  }
  return undefined
}
