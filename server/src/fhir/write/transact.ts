import { randomUUID } from 'node:crypto'

import type { Caller } from '../../auth/caller.ts'
import { fault } from '../../kernel/fault.ts'
import { createPace } from '../../kernel/pace.ts'
import { beforeTry } from '../../kernel/turns.ts'
import type { Commit, CommitResult, RecordChange, Refusal, StoredVersion } from '../../store/port.ts'
import { ALIASES } from '../aliases.ts'
import type { Draft, Transaction, TransactResult, Written } from '../resources.ts'
import { compose } from './compose.ts'
import type { Composed, WriteDeps } from './compose.ts'
import { contentOf, prepareAll, replacedBy } from './prepare.ts'
import type { Prepared } from './prepare.ts'
import { checkReferenced } from './referenced.ts'

/** All drafts and records in one commit, or none. */
export async function transact(
  deps: WriteDeps,
  caller: Caller,
  transaction: Transaction,
): Promise<TransactResult> {
  for (const draft of transaction.drafts)
    deps.access.authorise(caller, INTERACTIONS[draft.method], draft.type)
  const { turns } = deps
  const withRetries = async (): Promise<TransactResult> =>
    settledAttempt(deps, caller, { ...(await firstAttempt(deps, caller, transaction)), transaction })
  if (transaction.inTurn === true) return withRetries()
  if (turns.areTaken(() => namesOf(transaction))) return turns.take(namesOf(transaction), withRetries)
  const first = await firstAttempt(deps, caller, transaction)
  return isRace(first.attempt, transaction.drafts)
    ? turns.take(namesOf(transaction), () => settledAttempt(deps, caller, { ...first, transaction }))
    : resultOf(first.attempt)
}

async function firstAttempt(
  deps: WriteDeps,
  caller: Caller,
  transaction: Transaction,
): Promise<{ readonly prepared: readonly Prepared[]; readonly attempt: Attempt }> {
  const first = await composedAll(deps, caller, transaction)
  const attempting = attemptCommit(deps, caller, { composed: first.composed, transaction })
  // What was composed is large, and not needed while the disk syncs.
  first.composed = []
  return { prepared: first.prepared, attempt: await attempting }
}

/** Tries again as long as others come between: those of other processes, and those who asked for nothing of the same version. */
async function settledAttempt(
  deps: WriteDeps,
  caller: Caller,
  { attempt, ...rest }: Prepares & { readonly attempt: Attempt },
): Promise<TransactResult> {
  let last = attempt
  for (let count = 0; isRace(last, rest.transaction.drafts); count += 1) {
    await beforeTry(count)
    const composed = await composedAgain(deps, caller, rest)
    last = await attemptCommit(deps, caller, { composed, transaction: rest.transaction })
  }
  return resultOf(last)
}

/** What others may replace between its reading and its commit. */
function namesOf({ drafts }: Transaction): readonly string[] {
  return replacedBy(drafts.filter(({ expected }) => expected === undefined))
}

/** The right that each method wants. */
export const INTERACTIONS = { POST: 'create', PUT: 'update', PATCH: 'update', DELETE: 'delete' } as const

interface Job {
  readonly composed: readonly Composed[]
  readonly transaction: Transaction
}

interface Prepares {
  readonly prepared: readonly Prepared[]
  readonly transaction: Transaction
}

/** Each draft is validated and composed before the next one is parsed. @throws Fault first of all for what is wrong with the drafts themselves */
async function composedAll(
  deps: WriteDeps,
  caller: Caller,
  transaction: Transaction,
): Promise<{ readonly prepared: readonly Prepared[]; composed: readonly Composed[] }> {
  const composed: Composed[] = []
  let failure: { readonly error: unknown } | undefined
  const add = (made: Composed) => void composed.push(made)
  const fail = (error: unknown) => void (failure = { error })
  const drafts = { drafts: transaction.drafts, definitions: deps.definitions, now: deps.clock() }
  const prepared = await prepareAll(drafts, (each, content) => {
    if (failure) return undefined
    try {
      const made = compose(deps, caller, { prepared: each, content, transaction })
      if (made instanceof Promise) return made.then(add, fail)
      add(made)
    } catch (error) {
      fail(error)
    }
    return undefined
  })
  if (deps.references === 'enforce') await checkReferenced(prepared, deps.store.resources, deps.base)
  if (failure) throw failure.error
  return { prepared, composed }
}

async function composedAgain(
  deps: WriteDeps,
  caller: Caller,
  { prepared, transaction }: Prepares,
): Promise<readonly Composed[]> {
  const composed: Composed[] = []
  const pace = createPace()
  for (const each of prepared) {
    const content = await contentOf(each.draft)
    composed.push(await compose(deps, caller, { prepared: each, content, transaction }))
    await pace()
  }
  return composed
}

type Attempt =
  | Extract<TransactResult, { outcome: 'committed' }>
  | { readonly outcome: 'refused'; readonly refusal: Refusal }

/** Holds nothing of what was composed while it waits. */
function attemptCommit(
  deps: WriteDeps,
  caller: Caller,
  { composed, transaction }: Job,
): Promise<Attempt> | Attempt {
  for (const each of composed) checkPrecondition(each)
  const early = composed.find(isOutdated)
  if (early) return { outcome: 'refused', refusal: versionRefusal(early) }
  const writes = composed.flatMap(({ write }) => write ?? [])
  const records = uniqueRecords([...(transaction.records ?? []), ...composed.flatMap((each) => each.records)])
  const guards = transaction.guards ?? []
  if (writes.length === 0 && records.length === 0) return committedAs(0, composed.map(madeOf))
  const committing = deps.store.commit({
    uuid: randomUUID(),
    time: deps.clock(),
    ...originOf(caller, transaction),
    writes,
    records,
    guards,
    audit: composed.flatMap((each) => each.audit),
  })
  return settled(committing, composed.map(madeOf))
}

async function settled(committing: Promise<CommitResult>, made: readonly Made[]): Promise<Attempt> {
  const result = await committing
  return result.outcome === 'refused'
    ? { outcome: 'refused', refusal: result.why }
    : committedAs(result.n, made)
}

function committedAs(commit: number, made: readonly Made[]): Attempt {
  return { outcome: 'committed', commit, versions: made.map((version) => numbered(version, commit)) }
}

/** The version itself: nobody else has what was made for this commit. */
function numbered(version: Made, commit: number): Written {
  return version.commit === undefined
    ? Object.assign(version, { commit })
    : { ...version, commit: version.commit }
}

function originOf(caller: Caller, transaction: Transaction): Pick<Commit, 'facility' | 'correlation'> {
  const correlation = transaction.correlation ?? caller.correlation
  const [facility] = transaction.facilities ?? (caller.facilities === 'all' ? [] : caller.facilities)
  return {
    ...(facility === undefined ? {} : { facility }),
    ...(correlation === undefined ? {} : { correlation }),
  }
}

function isOutdated({ prepared, current }: Composed): boolean {
  const { expected, method } = prepared.draft
  return expected !== undefined && method !== 'POST' && expected !== (current?.version ?? 0)
}

/** @throws Fault `precondition` or `conflict`, as the draft says */
function checkPrecondition({ prepared, current }: Composed): void {
  const { type, precondition, at } = prepared.draft
  if (precondition === undefined || precondition.holds(current)) return
  const name = `${type}/${prepared.id}`
  const text =
    precondition.otherwise === 'conflict'
      ? `${name} exists, and it is not what the criteria mean`
      : `The precondition failed: ${name} ${stateOf(current)}`
  throw fault(precondition.otherwise, { code: 'conflict', text, ...(at === undefined ? {} : { at }) })
}

function stateOf(current: StoredVersion | undefined): string {
  if (!current) return 'does not exist'
  return current.deleted ? 'was deleted' : `is at version ${String(current.version)} by now`
}

function versionRefusal({ prepared, current }: Composed): Refusal {
  return { kind: 'version', type: prepared.draft.type, id: prepared.id, current: current?.version ?? 0 }
}

/** The caller's own records win over those that the drafts bring: a feed may claim an alias itself. */
function uniqueRecords(records: readonly RecordChange[]): readonly RecordChange[] {
  if (records.length < 2) return records
  const byId = new Map<string, RecordChange>()
  for (const record of records) {
    const key = `${record.collection}\n${record.id}`
    const before = byId.get(key)
    if (!before) byId.set(key, record)
    // One resource gives an identifier up, another one of the same transaction takes it.
    else if (before.op === 'delete' && record.op === 'insert') byId.set(key, { ...record, op: 'put' })
  }
  return [...byId.values()]
}

/** A version, before its commit has a number. */
type Made = Omit<Written, 'commit'> & Partial<Pick<Written, 'commit'>>

function madeOf({ prepared, current, write }: Composed): Made {
  const { type, method } = prepared.draft
  if (!write)
    return (
      current ?? {
        type,
        id: prepared.id,
        version: 0,
        lastUpdated: 0,
        deleted: true,
        method,
        bytes: new Uint8Array(0),
      }
    )
  const { id, lastUpdated, bytes } = write
  return {
    type,
    id,
    version: write.expected + 1,
    lastUpdated,
    deleted: method === 'DELETE',
    method,
    bytes,
    ...(prepared.notes.length > 0 ? { notes: prepared.notes } : {}),
    ...(current?.deleted === false || method === 'DELETE' ? {} : { isCreated: true }),
  }
}

/** A version race of drafts that did not ask for a certain version is the hub's business, not the caller's. */
function isRace(attempt: Attempt, drafts: readonly Draft[]): boolean {
  if (attempt.outcome === 'committed') return false
  const { refusal } = attempt
  return (
    refusal.kind === 'version' &&
    drafts.some(
      (draft) => draft.type === refusal.type && draft.id === refusal.id && draft.expected === undefined,
    )
  )
}

function resultOf(attempt: Attempt): TransactResult {
  if (attempt.outcome === 'committed') return attempt
  const { refusal } = attempt
  const holder = refusal.kind === 'record' ? refusal.holder : undefined
  return { outcome: 'stale', why: refusal.kind, reason: reasonOf(refusal), ...(holder ? { holder } : {}) }
}

function reasonOf(refusal: Refusal): string {
  if (refusal.kind === 'version')
    return `${refusal.type}/${refusal.id} is at version ${String(refusal.current)} by now`
  if (refusal.kind === 'guard') {
    const { guard } = refusal
    return `a ${guard.kind === 'record' ? guard.collection : guard.type} that this write depends on has changed`
  }
  return refusal.collection === ALIASES
    ? 'an identifier already belongs to another resource'
    : `record ${refusal.collection} has changed`
}
