import type { AuditTrail } from '../audit/trail.ts'
import type { Caller } from '../auth/caller.ts'
import type { Clock } from '../kernel/clock.ts'
import { fault } from '../kernel/fault.ts'
import { soon } from '../kernel/soon.ts'
import type { Soon } from '../kernel/soon.ts'
import { createTurns } from '../kernel/turns.ts'
import type { Turns } from '../kernel/turns.ts'
import type { HistoryRequest, Store, StoredVersion } from '../store/port.ts'
import { auditedAccess, unknownResource } from './access.ts'
import type { AccessRules } from './access.ts'
import type { Definitions } from './definitions.ts'
import { lastSeen } from './deleted.ts'
import { listedHistory } from './listed-history.ts'
import type { History, HistoryCall, Resources, WhichVersion } from './resources.ts'
import { meetsAll } from './search/clause.ts'
import type { Clause } from './search/clause.ts'
import { subjectOf } from './search/subject.ts'
import { mayOpen } from './security-context.ts'
import { createVisibility, visibleHistory } from './visible-history.ts'
import type { WriteDeps } from './write/compose.ts'
import { moduleOf } from './write/prepare.ts'
import { transact } from './write/transact.ts'

export interface ResourcesDeps {
  readonly store: Store
  readonly definitions: Definitions
  readonly rules: AccessRules
  readonly audit: AuditTrail
  readonly clock: Clock
  /** Own absolute base such as `http://127.0.0.1:8080/fhir`. */
  readonly base: string
  /** Identifier systems whose every value names one resource, beside the types of v2-0203 that do. */
  readonly identifyingSystems?: readonly string[]
  /** `HUB_REFERENCES` */
  readonly references?: 'check-type' | 'enforce'
  /** Where others wait for the same resources, too. */
  readonly turns?: Turns
}

export function createResources(deps: ResourcesDeps): Resources {
  const { rules, audit, clock, identifyingSystems = [], turns = createTurns(), ...rest } = deps
  const access = auditedAccess(rules, audit, clock)
  const systems = new Set(identifyingSystems)
  const all: WriteDeps = {
    ...rest,
    access,
    audit,
    clock,
    identifyingSystems: systems,
    turns,
  }
  return {
    read: readerOf(all),
    vread: async (caller, which) => vread(all, caller, which),
    history: async (caller, request) => history(all, caller, request),
    peek: async (type, id) => {
      const version = await all.store.resources.read(type, id)
      return version?.deleted === true ? undefined : version
    },
    transact: (caller, transaction) => transact(all, caller, transaction),
  }
}

interface Which {
  readonly type: string
  readonly id: string
}

function readerOf(deps: WriteDeps): Resources['read'] {
  return async (caller, type, id) => {
    deps.access.authorise(caller, 'read', type)
    const visible = readVisible(deps, caller, { type, id })
    const version = visible instanceof Promise ? await visible : visible
    if (version.deleted) throw fault('gone', { code: 'deleted', text: `${type}/${id} was deleted` })
    if (type === 'Binary') await refuseClosed(deps, caller, version)
    await deps.access.noteRead(caller, 'read', `${type}/${id}`)
    return version
  }
}

/** The current version, a deletion included. For a caller with constraints only what meets them exists. */
function readVisible(deps: WriteDeps, caller: Caller, which: Which): Soon<StoredVersion> {
  const { type, id } = which
  const clauses = deps.access.constraintFor(caller, type)
  if (clauses.length > 0) return readAmong(deps, clauses, which)
  return soon(deps.store.resources.read(type, id), (version) => {
    if (!version) throw unknownResource(type, id)
    return version
  })
}

async function readAmong(
  deps: WriteDeps,
  clauses: readonly Clause[],
  { type, id }: Which,
): Promise<StoredVersion> {
  const module = await moduleOf(deps.definitions, type)
  const [row] = await deps.store.resources.fetch(type, [id])
  const gone = row ? undefined : await lastSeen(deps, { type, id }, module)
  const subject = row ? subjectOf(row, module, deps.base) : gone?.subject
  const version = row ?? gone?.deletion
  if (!version || !subject || !meetsAll(clauses, subject)) throw unknownResource(type, id)
  return version
}

async function vread(deps: WriteDeps, caller: Caller, which: WhichVersion): Promise<StoredVersion> {
  deps.access.authorise(caller, 'read', which.type)
  await readVisible(deps, caller, which)
  const { type, id, version } = which
  const found = await deps.store.resources.vread(type, id, version)
  if (!found)
    throw fault('not-found', {
      code: 'not-found',
      text: `${type}/${id} has no ${version < 1 ? 'such version' : `version ${String(version)}`}`,
    })
  if (found.deleted)
    throw fault('gone', {
      code: 'deleted',
      text: `Version ${String(version)} of ${type}/${id} is its deletion`,
    })
  if (type === 'Binary') await refuseClosed(deps, caller, found)
  await deps.access.noteRead(caller, 'vread', `${type}/${id}`)
  return found
}

/** @throws Fault `forbidden` for content whose security context the caller may not read */
async function refuseClosed(
  deps: WriteDeps,
  caller: Caller,
  { type, id, version, bytes, deleted }: StoredVersion,
): Promise<void> {
  const reader = deps.store.resources
  const last = deleted ? await reader.vread(type, id, version - 1) : undefined
  const [isOpen] = await mayOpen({ ...deps, reader }, caller, [last?.bytes ?? bytes])
  if (isOpen === true) return
  throw fault('forbidden', {
    code: 'forbidden',
    text: 'The resource that this content belongs to is not yours to read',
  })
}

/** The history of one resource that exists for the caller, of a type, or of everything that the caller may read. */
async function history(deps: WriteDeps, caller: Caller, call: HistoryCall): Promise<History> {
  const { members, ...request } = call
  const { type, id } = request
  if (type !== undefined) deps.access.authorise(caller, 'read', type)
  if (type !== undefined && id !== undefined) {
    const current = await readVisible(deps, caller, { type, id })
    if (type === 'Binary') await refuseClosed(deps, caller, current)
  }
  const isOne = id !== undefined
  const isWhole = isOne || seesAll(deps, caller, type)
  const found = members
    ? await listedHistory(deps, request, {
        members,
        ...(isWhole ? {} : { visible: createVisibility(deps, caller) }),
      })
    : isWhole
      ? await wholeHistory(deps, request)
      : await visibleHistory(deps, caller, request)
  await deps.access.noteRead(caller, isOne ? 'history-instance' : 'history-type', entityOf(request))
  return found
}

async function wholeHistory({ store }: WriteDeps, request: HistoryRequest): Promise<History> {
  const { after: _after, limit: _limit, ...all } = request
  const [page, total] = await Promise.all([
    store.resources.history(request),
    store.resources.historyCount(all),
  ])
  return { versions: page.versions, total, ...(page.next === undefined ? {} : { next: page.next }) }
}

function seesAll({ access, definitions }: WriteDeps, caller: Caller, type: string | undefined): boolean {
  // Behind content may stand a resource of any type.
  const types = type === undefined || type === 'Binary' ? definitions.types : [type]
  return types.every(
    (each) => access.allows(caller, 'read', each) && access.constraintFor(caller, each).length === 0,
  )
}

function entityOf({ type, id }: HistoryRequest): string | undefined {
  return id === undefined ? type : `${String(type)}/${id}`
}
