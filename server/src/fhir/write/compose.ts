import type { AuditTrail } from '../../audit/trail.ts'
import type { Caller } from '../../auth/caller.ts'
import type { Clock } from '../../kernel/clock.ts'
import { fault } from '../../kernel/fault.ts'
import { isoText } from '../../kernel/instant-text.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import { soon } from '../../kernel/soon.ts'
import type { Soon } from '../../kernel/soon.ts'
import type { Turns } from '../../kernel/turns.ts'
import type { RecordChange, ResourceWrite, Row, Store, StoredVersion } from '../../store/port.ts'
import { unknownResource } from '../access.ts'
import type { Access } from '../access.ts'
import { ALIASES, claim } from '../aliases.ts'
import type { Alias } from '../aliases.ts'
import type { Definitions } from '../definitions.ts'
import { lastSeen, noteFacilities } from '../deleted.ts'
import { parseObject } from '../json/parse.ts'
import { facilitiesIn, withFacilities } from '../keys/keys-of-row.ts'
import type { Transaction } from '../resources.ts'
import { meetsAll } from '../search/clause.ts'
import type { Subject } from '../search/clause.ts'
import { draftSubject, subjectOf } from '../search/subject.ts'
import { bodyOf } from './body.ts'
import type { Given } from './body.ts'
import { identifyingAliases, mayIdentify } from './identifying.ts'
import type { Prepared } from './prepare.ts'

export interface WriteDeps {
  readonly store: Store
  readonly definitions: Definitions
  readonly access: Access
  readonly audit: AuditTrail
  readonly clock: Clock
  /** Of writes of one resource that do not say which version they replace. */
  readonly turns: Turns
  /** Own absolute base such as `http://127.0.0.1:8080/fhir`. */
  readonly base: string
  readonly identifyingSystems: ReadonlySet<string>
  /** `enforce` refuses references to what is not here. */
  readonly references?: 'check-type' | 'enforce'
}

/** What one draft adds to a commit. */
export interface Composed {
  readonly prepared: Prepared
  readonly current: StoredVersion | undefined
  /** Absent when there is nothing to do: a deletion of what is not there. */
  readonly write?: ResourceWrite
  readonly records: readonly RecordChange[]
  readonly audit: readonly string[]
}

/** Reads what a draft replaces and makes its new version. @throws Fault `not-found`, `forbidden` */
export function compose(deps: WriteDeps, caller: Caller, job: ComposeJob): Soon<Composed> {
  const { draft, id } = job.prepared
  if (draft.method === 'POST') return composeOver(deps, caller, { job, found: {} })
  return soon(replaced(deps, draft.type, id), (found) =>
    soon(checkVisible(deps, caller, { job, found }), () => composeOver(deps, caller, { job, found })),
  )
}

interface ComposeJob {
  readonly prepared: Prepared
  readonly content: Given | undefined
  readonly transaction: Transaction
}

interface Over {
  readonly job: ComposeJob
  readonly found: Replaced
}

function composeOver(deps: WriteDeps, caller: Caller, { job, found }: Over): Composed {
  const { prepared, content = { resource: {} }, transaction } = job
  const { current, row } = found
  if (prepared.draft.method === 'DELETE')
    return composeDeletion({ deps, caller, prepared, current }, facilitiesIn(row))
  const added = transaction.facilities ?? (caller.facilities === 'all' ? [] : caller.facilities)
  const facilities = [...new Set([...facilitiesIn(row), ...added])]
  return composeVersion({ deps, caller, prepared, current, facilities, content })
}

interface Replaced {
  readonly current?: StoredVersion
  /** None for what is deleted. */
  readonly row?: Row
}

/** What a draft replaces: most often there is a row, which is a version, too. */
function replaced(deps: WriteDeps, type: string, id: string): Soon<Replaced> {
  return soon(deps.store.resources.fetch(type, [id]), ([row]) =>
    row ? { current: row, row } : replacedWithoutRow(deps, type, id),
  )
}

async function replacedWithoutRow({ store }: WriteDeps, type: string, id: string): Promise<Replaced> {
  for (let attempt = 0; attempt < limits.fhir.tries.most; attempt += 1) {
    const current = await store.resources.read(type, id)
    if (!current) return {}
    if (current.deleted) return { current }
    // It was made between the two questions.
    const [row] = await store.resources.fetch(type, [id])
    if (row) return { current: row, row }
  }
  const text = `Others kept writing ${type}/${id}: read it again and retry`
  throw fault('conflict', { code: 'conflict', text })
}

/** @throws Fault `not-found` when what is replaced is, or was, not the caller's to see */
function checkVisible(deps: WriteDeps, caller: Caller, { job, found }: Over): Soon<void> {
  const { draft, id, module } = job.prepared
  const { current, row } = found
  const clauses = deps.access.constraintFor(caller, draft.type)
  if (!current || clauses.length === 0) return undefined
  const check = (subject: Subject | undefined) => {
    if (subject && !meetsAll(clauses, subject)) throw unknownResource(draft.type, id)
  }
  if (row) return check(subjectOf(row, module, deps.base))
  return lastSeen(deps, { type: draft.type, id }, module).then((seen) => check(seen?.subject))
}

interface Job {
  readonly deps: WriteDeps
  readonly caller: Caller
  readonly prepared: Prepared
  readonly current: StoredVersion | undefined
}

const NO_KEYS = { k: [], r: [], n: [], patients: [] }

function composeDeletion(job: Job, facilities: readonly string[]): Composed {
  const { deps, caller, prepared, current } = job
  if (!current || current.deleted) return { prepared, current, records: [], audit: [] }
  const lastUpdated = Math.max(deps.clock(), current.lastUpdated + 1)
  const { type, method } = prepared.draft
  const expected = prepared.draft.expected ?? current.version
  const records = [...releasesOf(deps, current, []), noteFacilities(current, facilities)]
  const audit = [auditRow({ deps, caller, prepared, current })]
  const keys = { ...NO_KEYS, date: lastUpdated }
  return {
    prepared,
    current,
    records,
    audit,
    write: { type, id: prepared.id, expected, method, lastUpdated, bytes: new Uint8Array(0), keys },
  }
}

interface VersionJob extends Job {
  readonly facilities: readonly string[]
  readonly content: Given
}

function composeVersion(job: VersionJob): Composed {
  const { deps, caller, prepared, current, facilities, content } = job
  const given = content.resource
  const { draft, id, module } = prepared
  const { type, method } = draft
  const expected = draft.expected ?? current?.version ?? 0
  const lastUpdated = current ? Math.max(deps.clock(), current.lastUpdated + 1) : deps.clock()
  const body = bodyOf(draft, content, { type, id, version: expected + 1, lastUpdated })
  const meta = {
    ...(given['meta'] as JsonObject | undefined),
    lastUpdated: isoText(lastUpdated),
  }
  // What was parsed for this draft alone need not be copied.
  const resource: JsonObject =
    draft.resource === undefined ? Object.assign(given, { id, meta }) : { ...given, id, meta }
  const extracted = module.extract(resource, { lastUpdated, facilities, base: deps.base })
  const keys = withFacilities(extracted, facilities)
  const clauses = deps.access.constraintFor(caller, type)
  const draftOf = () => draftSubject({ id, keys, resource, module, base: deps.base })
  if (clauses.length > 0 && !meetsAll(clauses, draftOf())) {
    throw fault('forbidden', {
      code: 'forbidden',
      text: `This ${type} would lie outside of what you may see and write`,
    })
  }
  const bytes = Buffer.from(body, 'utf8')
  const records = aliasRecords(deps, current, { resource, id })
  const audit = [auditRow({ deps, caller, prepared, current, patients: keys.patients })]
  return {
    prepared,
    current,
    records,
    audit,
    write: deps.store.encoded({ type, id, expected, method, lastUpdated, bytes, keys }),
  }
}

/** Claims the aliases that are new with this version and gives up those that it no longer names. */
function aliasRecords(
  deps: WriteDeps,
  current: StoredVersion | undefined,
  next: { resource: JsonObject; id: string },
): readonly RecordChange[] {
  const aliases = identifyingAliases(next.resource, deps.identifyingSystems)
  const before = aliasesOf(deps, current)
  const claims = aliases.filter((alias) => !before.some((known) => isSame(known, alias)))
  return [...claims.map((alias) => claim(alias, next.id)), ...releasesOf(deps, current, aliases)]
}

function releasesOf(
  deps: WriteDeps,
  current: StoredVersion | undefined,
  kept: readonly Alias[],
): readonly RecordChange[] {
  return aliasesOf(deps, current)
    .filter((alias) => !kept.some((other) => isSame(other, alias)))
    .map((alias) => ({ op: 'delete', collection: ALIASES, id: claim(alias, '').id }))
}

function aliasesOf(deps: WriteDeps, version: StoredVersion | undefined): readonly Alias[] {
  if (!version || version.deleted) return []
  const text = Buffer.from(version.bytes.buffer, version.bytes.byteOffset, version.bytes.byteLength)
  return mayIdentify(text, deps.identifyingSystems)
    ? identifyingAliases(parseObject(text.toString('utf8')), deps.identifyingSystems)
    : []
}

function isSame(a: Alias, b: Alias): boolean {
  return a.system === b.system && a.value === b.value
}

const ACTIONS = {
  POST: ['C', 'create'],
  PUT: ['U', 'update'],
  PATCH: ['U', 'patch'],
  DELETE: ['D', 'delete'],
} as const

function auditRow({
  deps,
  caller,
  prepared,
  patients,
}: Job & { readonly patients?: readonly string[] }): string {
  const [action, interaction] = ACTIONS[prepared.draft.method]
  return deps.audit.row({
    time: deps.clock(),
    subject: caller.subject,
    action,
    interaction,
    entity: `${prepared.draft.type}/${prepared.id}`,
    outcome: 'success',
    ...(patients ? { patients: patients.slice(0, limits.audit.patients) } : {}),
    ...(caller.correlation === undefined ? {} : { correlation: caller.correlation }),
  })
}
