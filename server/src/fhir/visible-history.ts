import type { Caller } from '../auth/caller.ts'
import { fault } from '../kernel/fault.ts'
import { limits } from '../kernel/limits.ts'
import { createPace } from '../kernel/pace.ts'
import type { HistoryRequest, ResourceReader, StoredVersion } from '../store/port.ts'
import type { Access } from './access.ts'
import type { Definitions } from './definitions.ts'
import type { History } from './resources.ts'
import { meetsAll } from './search/clause.ts'
import { subjectOf } from './search/subject.ts'
import { mayOpen } from './security-context.ts'

export interface VisibleDeps {
  readonly reader: ResourceReader
  readonly definitions: Definitions
  readonly access: Access
  readonly base: string
}

/**
 * The history of a type, or of everything, for a caller who sees some resources only: the store's order drives, each version is verified by
 * the resource as it is now, and pages and totals are those of what is left. Deletions are left out: what is gone belongs to nobody any
 * more.
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

type Visible = (versions: readonly StoredVersion[]) => Promise<readonly boolean[]>

/** Whether versions are of resources that exist for the caller; each resource is looked at once. */
function createVisibility(deps: VisibleDeps, caller: Caller): Visible {
  const { reader, definitions, access, base } = deps
  const known = new Map<string, boolean>()
  const learn = async (type: string, ids: readonly string[]): Promise<void> => {
    const module = access.allows(caller, 'read', type) ? await definitions.load(type) : undefined
    const clauses = access.constraintFor(caller, type)
    const rows = module ? await reader.fetch(type, ids) : []
    const bodies = rows.map((row) => row?.bytes ?? new Uint8Array(0))
    const isOpen = type === 'Binary' ? await mayOpen(deps, caller, bodies) : []
    for (const [index, id] of ids.entries()) {
      const row = rows[index]
      const meets =
        module !== undefined &&
        row !== undefined &&
        isOpen[index] !== false &&
        meetsAll(clauses, subjectOf(row, module, base))
      known.set(`${type}/${id}`, meets)
    }
  }
  return async (versions) => {
    const unknown = versions.filter(({ type, id }) => !known.has(`${type}/${id}`))
    for (const [type, group] of Map.groupBy(unknown, (version) => version.type))
      await learn(type, [...new Set(group.map(({ id }) => id))])
    return versions.map(({ type, id, deleted }) => !deleted && known.get(`${type}/${id}`) === true)
  }
}

type Page = Pick<History, 'versions' | 'next'>

async function pageOf({ reader }: VisibleDeps, visible: Visible, request: HistoryRequest): Promise<Page> {
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
  { reader }: VisibleDeps,
  visible: Visible,
  request: HistoryRequest,
): Promise<number | undefined> {
  const { after: _after, ...all } = request
  const pace = createPace()
  let total = 0
  let after: string | undefined
  for (let looked = 0; looked < limits.fhir.historyCounted; looked += BATCH) {
    const batch = await reader.history({ ...all, limit: BATCH, ...(after === undefined ? {} : { after }) })
    total += (await visible(batch.versions)).filter(Boolean).length
    if (batch.next === undefined) return total
    after = batch.next
    await pace()
  }
  return undefined
}
