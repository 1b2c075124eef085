import { limits } from '../../kernel/limits.ts'
import type { Commit, CommitResult, Guard, Refusal, ResourceWrite } from '../port.ts'
import type { BulkTail } from './bulk-tail.ts'
import { commitFirstRow, stampCommitHeader } from './commit-header.ts'
import { lastNumber, numberKey, scopedKey, type DataFile, peek } from './databases.ts'
import type { KeyHash } from './key-hash.ts'
import { applyRecordChanges, revisionOf } from './record-changes.ts'
import { encodeDeletion, rowExtras, rowHasHash, rowLatest, rowPrevious, rowType, stampRow } from './row.ts'

/** Without what only encoding needs: it waits for the disk. */
export interface PreparedCommit extends Pick<Commit, 'guards' | 'records'> {
  readonly header: Buffer
  readonly writes: readonly PreparedWrite[]
  /** The postings of its rows, where there are many. */
  readonly bulk?: BulkTail
}

export interface PreparedWrite extends Pick<
  ResourceWrite,
  'type' | 'id' | 'expected' | 'lastUpdated' | 'method'
> {
  /** Type and id, see `scopedKey`. */
  readonly key: Buffer
  /** Its row, or the deletion itself, whose row depends on the version before it. */
  readonly content: { readonly row: Buffer } | { readonly deletion: ResourceWrite }
}

export interface AppendedRow {
  readonly type: string
  readonly seq: number
  readonly row: Buffer
  /** The row that it replaces, 0 when it is the first of its resource. */
  readonly previous: number
  /** Holds the postings of the row already. */
  readonly bulk?: BulkTail
}

interface Position {
  readonly row: number
  readonly commit: number
  /** Highest `lastUpdated` of all rows: history pages know from it where nothing newer can follow. */
  readonly latest: number
}

interface Current {
  readonly seq: number
  readonly version: number
  readonly deleted: boolean
}

const NEVER_USED: Current = { seq: 0, version: 0, deleted: false }

/** Checks and writes commits inside the running transaction; each sees the ones before it. A refused one writes nothing. */
export class Appender {
  readonly #data: DataFile
  readonly #hash: KeyHash
  /** What is durable. */
  #durable: Position
  /** What the running transaction has reached. */
  #reached: Position
  #appended: AppendedRow[] = []

  constructor(data: DataFile, hash: KeyHash) {
    this.#data = data
    this.#hash = hash
    const row = lastNumber(data.rows)
    const last = peek(data.rows, numberKey(row))
    this.#durable = {
      row,
      commit: lastNumber(data.commits),
      latest: last === undefined ? 0 : rowLatest(last),
    }
    this.#reached = this.#durable
  }

  /** Number of the last durable commit. */
  get head(): number {
    return this.#durable.commit
  }

  get lastRow(): number {
    return this.#durable.row
  }

  begin(): void {
    this.rollback()
  }

  rollback(): void {
    this.#reached = this.#durable
    this.#appended = []
  }

  finish(): readonly AppendedRow[] {
    const appended = this.#appended
    this.#durable = this.#reached
    this.#appended = []
    return appended
  }

  append(prepared: PreparedCommit, now: number): CommitResult {
    const { records, header, writes, bulk } = prepared
    const { why, before } = this.#check(prepared, now)
    if (why !== undefined) return { outcome: 'refused', why }
    const refused = applyRecordChanges(this.#data, records, { now, atomic: true })
    if (refused !== undefined) return { outcome: 'refused', why: refused.why }
    const n = this.#reached.commit + 1
    stampCommitHeader(header, this.#reached.row + 1)
    this.#data.commits.putSync(numberKey(n), header, { append: true })
    this.#reached = { ...this.#reached, commit: n }
    bulk?.place(this.#reached.row + 1)
    for (const [at, write] of writes.entries()) this.#appendRow(write, before[at]?.seq ?? 0, bulk)
    return { outcome: 'committed', n }
  }

  /** Why the commit is refused, or what each of its writes replaces. */
  #check({ guards, writes }: PreparedCommit, now: number): { why?: Refusal; before: readonly Current[] } {
    const before: Current[] = []
    const guard = this.#failing(guards, now)
    if (guard) return { why: { kind: 'guard', guard }, before }
    const written = new Set<string>()
    for (const { type, id, expected, key } of writes) {
      const current = currentOf(this.#data, key) ?? NEVER_USED
      const version = written.has(`${type}/${id}`) ? expected + 1 : current.version
      if (version !== expected) return { why: { kind: 'version', type, id, current: version }, before }
      written.add(`${type}/${id}`)
      before.push(current)
    }
    return { before }
  }

  #appendRow(write: PreparedWrite, previous: number, bulk?: BulkTail): void {
    const data = this.#data
    const { key, content } = write
    const isDeletion = 'deletion' in content
    const row = isDeletion ? encodeDeletion(content.deletion, this.#patientsOf(previous)) : content.row
    const seq = this.#reached.row + 1
    const latest = Math.max(this.#reached.latest, write.lastUpdated)
    stampRow(row, { previous, commit: this.#reached.commit, latest })
    // Appending keeps the pages full: without it a split leaves one row a page.
    data.rows.putSync(numberKey(seq), row, { append: true })
    data.ids.putSync(key, encodeCurrent(seq, write))
    if (previous !== 0) data.superseded.putSync(numberKey(previous), numberKey(seq))
    if (isDeletion) data.superseded.putSync(numberKey(seq), numberKey(seq))
    this.#reached = { ...this.#reached, row: seq, latest }
    this.#appended.push({ type: write.type, seq, row, previous, ...(bulk && { bulk }) })
  }

  #patientsOf(seq: number): readonly string[] {
    const row = seq === 0 ? undefined : peek(this.#data.rows, numberKey(seq))
    return row === undefined ? [] : (rowExtras(row).c ?? [])
  }

  #current(type: string, id: string): Current {
    return currentOf(this.#data, scopedKey(type, id)) ?? NEVER_USED
  }

  /** The first guard that does not hold. */
  #failing(guards: readonly Guard[], now: number): Guard | undefined {
    if (guards.length === 0) return undefined
    const changed = this.#changed(guards.filter((guard) => guard.kind === 'unchanged'))
    return guards.find((guard) => {
      if (guard.kind === 'unchanged') return changed.has(guard)
      if (guard.kind === 'record') return revisionOf(this.#data, guard, now) !== guard.revision
      const { seq, version, deleted } = this.#current(guard.type, guard.id)
      return seq === 0 || deleted || (guard.version !== undefined && guard.version !== version)
    })
  }

  /** Those of the guards whose key, or type, a later row has: each row is looked at once for all of them. */
  #changed(guards: readonly UnchangedGuard[]): ReadonlySet<Guard> {
    const changed = new Set<Guard>()
    const open = guards.map((guard) => this.#opened(guard))
    // So far behind, reading again is cheaper than looking through everything.
    const isFar = ({ firstRow }: OpenGuard) => this.#reached.row - firstRow >= limits.store.guardRows
    for (const each of open) if (isFar(each)) changed.add(each.guard)
    const near = open.filter((each) => !isFar(each))
    const first = near.reduce((least, { firstRow }) => Math.min(least, firstRow), Infinity)
    for (let seq = first; seq <= this.#reached.row; seq++) {
      const behind = near.filter(({ firstRow }) => firstRow <= seq)
      for (const guard of this.#metBy(seq, behind)) changed.add(guard)
    }
    return changed
  }

  #opened(guard: UnchangedGuard): OpenGuard {
    const { hi, lo } = this.#hash.of(guard.type, guard.key ?? '')
    return { guard, firstRow: this.#firstRowAfter(guard.since), hi, lo }
  }

  /** The guards that a row, or what it replaced, meets. */
  #metBy(seq: number, guards: readonly OpenGuard[]): readonly Guard[] {
    const row = peek(this.#data.rows, numberKey(seq))
    if (row === undefined) return []
    const type = rowType(row)
    const previous = rowPrevious(row)
    const concerned = guards.filter(({ guard }) => guard.type === type)
    const met = concerned.filter((each) => isMet(row, each))
    const before =
      previous === 0 || concerned.length === 0 ? undefined : peek(this.#data.rows, numberKey(previous))
    if (before !== undefined) met.push(...concerned.filter((each) => isMet(before, each)))
    return met.map(({ guard }) => guard)
  }

  /** Of what was committed after a commit; minus infinity when that was trimmed, so that it may have changed anything. */
  #firstRowAfter(since: number): number {
    const next = peek(this.#data.commits, numberKey(since + 1))
    if (next !== undefined) return commitFirstRow(next)
    return since >= this.#reached.commit ? Infinity : -Infinity
  }
}

type UnchangedGuard = Extract<Guard, { kind: 'unchanged' }>

interface OpenGuard {
  readonly guard: UnchangedGuard
  readonly firstRow: number
  readonly hi: number
  readonly lo: number
}

function isMet(row: Buffer, { guard, hi, lo }: OpenGuard): boolean {
  return guard.key === undefined || rowHasHash(row, hi, lo)
}

/** The entry of an id: row (6), version (4), 1 when deleted. */
function encodeCurrent(seq: number, write: PreparedWrite): Buffer {
  const entry = Buffer.allocUnsafe(11)
  entry.writeUIntBE(seq, 0, 6)
  entry.writeUInt32BE(write.expected + 1, 6)
  entry[10] = write.method === 'DELETE' ? 1 : 0
  return entry
}

export function currentOf(data: DataFile, key: Buffer): Current | undefined {
  // Nothing is stored under a longer id, and lmdb has no room for one: it fails instead of not finding it.
  if (key.length > limits.store.keyBytes) return undefined
  const entry = peek(data.ids, key)
  if (entry === undefined) return undefined
  return { seq: entry.readUIntBE(0, 6), version: entry.readUInt32BE(6), deleted: entry[10] === 1 }
}
