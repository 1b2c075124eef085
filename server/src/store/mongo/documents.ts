import type { NameKey, RangeKey } from '../keys.ts'
import type { Row, StoredVersion, WriteMethod } from '../port.ts'
import type { LoggedWrite } from './commit-record.ts'
import { indexKey } from './index-key.ts'
import { jsonToBson, type Encoded, type Literal } from './json-to-bson.hot.ts'
import { RawDocument } from './raw-document.ts'

/** The current version of a resource, one collection a type; a deletion keeps its document without keys and body. */
export interface CurrentDocument {
  readonly _id: string
  readonly v: number
  readonly lu: number
  readonly del: boolean
  readonly m: WriteMethod
  /** Number of the commit, and the place in it. */
  readonly cn: number
  readonly x: number
  readonly date: number
  /** Patients whose compartment holds it, and facilities that it belongs to. */
  readonly c: readonly string[]
  readonly f: readonly string[]
  readonly k: readonly string[]
  readonly r: readonly StoredRange[]
  readonly n: readonly NameKey[]
  readonly s?: Readonly<Record<string, string>>
  readonly lit?: readonly Literal[]
  readonly resource?: Encoded['value']
}

/** One version in `<type>_history`. */
export interface VersionDocument {
  readonly _id: string
  readonly id: string
  readonly v: number
  readonly lu: number
  /** When the next version came; `NEVER` for the current one. */
  readonly until: number
  readonly del: boolean
  readonly m: WriteMethod
  readonly cn: number
  readonly x: number
  readonly lit?: readonly Literal[]
  readonly resource?: Encoded['value']
}

const NEVER = Number.MAX_SAFE_INTEGER

/** A point is stored as the smallest interval that holds it, so that one condition finds both kinds. */
interface StoredRange extends RangeKey {
  readonly point?: true
}

export function versionKey(id: string, version: number): string {
  return `${id}/${version}`
}

export function documentsOf(
  write: LoggedWrite,
  n: number,
): { current: CurrentDocument; version: VersionDocument } {
  const body = bodyOf(write)
  const { id, v, lu, m, x } = write
  const common = { v, lu, del: m === 'DELETE', m, cn: n, x }
  const current: CurrentDocument = {
    _id: id,
    ...common,
    ...keyFields(write),
    ...body,
  }
  return { current, version: { _id: versionKey(id, v), id, ...common, until: NEVER, ...body } }
}

/** What a resource is found by. */
export function keyFields({
  date,
  c,
  k,
  r,
  n,
  s,
}: Pick<LoggedWrite, 'date' | 'c' | 'k' | 'r' | 'n' | 's'>): Pick<
  CurrentDocument,
  'date' | 'c' | 'f' | 'k' | 'r' | 'n' | 's'
> {
  return { date, c, f: facilitiesOf(k), k, r: r.map(storedRange), n, ...(s !== undefined && { s }) }
}

function bodyOf({ m, body }: LoggedWrite): { lit?: readonly Literal[]; resource?: Encoded['value'] } {
  if (m === 'DELETE') return {}
  const { value, literals } = jsonToBson(body)
  return { ...(literals.length > 0 && { lit: literals }), resource: value }
}

const FACILITY = '_facility='

function facilitiesOf(keys: readonly string[]): string[] {
  return keys.filter((key) => key.startsWith(FACILITY)).map((key) => key.slice(FACILITY.length))
}

function storedRange({ p, lo, hi }: RangeKey): StoredRange {
  return lo === hi ? { p, lo, hi: nextAbove(lo), point: true } : { p, lo, hi }
}

/** The next larger double. */
function nextAbove(value: number): number {
  if (!Number.isFinite(value)) return value
  if (value === 0) return Number.MIN_VALUE
  const bits = new BigInt64Array(Float64Array.of(value).buffer)
  bits[0] = (bits[0] ?? 0n) + (value > 0 ? 1n : -1n)
  return new Float64Array(bits.buffer)[0] ?? value
}

export function storedVersion(type: string, raw: Buffer): StoredVersion {
  const document = new RawDocument(raw)
  return versionOf(type, document.has('id') ? document.text('id') : document.text('_id'), document)
}

/** Cheap to make: keys are read from the raw document when a search asks for them. */
export function rowOf(type: string, raw: Buffer): Row {
  const document = new RawDocument(raw)
  return {
    ...versionOf(type, document.text('_id'), document),
    date: document.number('date'),
    has: (key) => document.holds('k', Buffer.from(indexKey(key))),
    ranges: () => ((document.parsed('r') ?? []) as StoredRange[]).map(rangeKey),
    names: () => (document.parsed('n') ?? []) as NameKey[],
    scalar: (name) => ((document.parsed('s') ?? {}) as Record<string, string | undefined>)[name],
    patients: () => document.texts('c'),
  }
}

function rangeKey({ p, lo, hi, point }: StoredRange): RangeKey {
  return { p, lo, hi: point === true ? lo : hi }
}

function versionOf(type: string, id: string, document: RawDocument): StoredVersion {
  const literals = document.has('lit') ? (document.parsed('lit') as Literal[]).map(({ text }) => text) : []
  return {
    type,
    id,
    version: document.number('v'),
    lastUpdated: document.number('lu'),
    deleted: document.boolean('del'),
    method: document.text('m') as WriteMethod,
    commit: document.number('cn'),
    bytes: document.json('resource', literals),
  }
}
