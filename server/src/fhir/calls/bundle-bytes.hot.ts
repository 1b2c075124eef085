import { randomUUID } from 'node:crypto'

import { isoText } from '../../kernel/instant-text.ts'
import { eachPaced } from '../../kernel/pace.ts'
import { putAscii } from '../../kernel/short-bytes.ts'
import type { Packed, StoredVersion } from '../../store/port.ts'

/** Bundles are put together as bytes: stored resources go in as they are, no object tree is built. */
export interface BundleEntry {
  /** JSON text in front of the resource, and behind it. */
  readonly head: string
  readonly resource: Uint8Array | Packed
  readonly tail: string
}

const OPEN_LIST = ',"entry":['

/** @param head JSON text of the Bundle without its last brace. */
export function bundleBytes(head: string, entries: readonly BundleEntry[]): Uint8Array {
  const filling = new Filling(head, entries)
  for (const entry of entries) filling.put(entry)
  return filling.end()
}

/** The same for Bundles of any size: lets other work run between entries. */
export async function pacedBundleBytes(head: string, entries: readonly BundleEntry[]): Promise<Uint8Array> {
  const filling = new Filling(head, entries)
  await eachPaced(entries, (entry) => filling.put(entry))
  return filling.end()
}

class Filling {
  readonly #bytes: Buffer
  /** What stands in front of the next resource: the text between two is written at once. */
  #text: string
  #at = 0

  constructor(head: string, entries: readonly BundleEntry[]) {
    this.#bytes = Buffer.allocUnsafe(roomFor(head, entries))
    this.#text = entries.length === 0 ? head : head + OPEN_LIST
  }

  put({ head, resource, tail }: BundleEntry): void {
    this.#at += this.#bytes.write(this.#text + head, this.#at, 'utf8')
    this.#at = putResource(this.#bytes, this.#at, resource)
    this.#text = `${tail},`
  }

  end(): Uint8Array {
    // FHIR has no empty lists: a Bundle without entries has no "entry".
    const last = this.#text.endsWith(',') ? `${this.#text.slice(0, -1)}]}` : `${this.#text}}`
    this.#at += this.#bytes.write(last, this.#at, 'utf8')
    return this.#bytes.subarray(0, this.#at)
  }
}

function putResource(bytes: Buffer, at: number, resource: Uint8Array | Packed): number {
  if (!(resource instanceof Uint8Array)) return resource.copyTo(bytes, at)
  bytes.set(resource, at)
  return at + resource.length
}

/** The most that one unit of a text takes in UTF-8. */
const UNIT_BYTES = 3
/** Behind each entry, and at the end. */
const SEPARATORS = 2

/** What the Bundle takes at most: its texts are encoded once, not measured before. */
function roomFor(head: string, entries: readonly BundleEntry[]): number {
  let units = head.length + OPEN_LIST.length + SEPARATORS
  let resources = 0
  for (const { head: before, resource, tail } of entries) {
    units += before.length + tail.length + SEPARATORS
    resources += resource.byteLength
  }
  return units * UNIT_BYTES + resources
}

const RESOURCE = ',"resource":'
const MATCH = ',"search":{"mode":"match"}}'
const INCLUDE = ',"search":{"mode":"include"}}'

export interface SearchEntry {
  readonly type: string
  readonly id: string
  readonly bytes: Uint8Array
  readonly packed?: Packed
  /** `MedicationRequest/23` of a contained resource that is given by itself. */
  readonly container?: string
}

export function searchEntry(base: string, row: SearchEntry, mode: 'match' | 'include'): BundleEntry {
  const name = row.container === undefined ? `${row.type}/${row.id}` : `${row.container}#${row.id}`
  const head = `{"fullUrl":"${base}/${name}"${RESOURCE}`
  return { head, resource: row.packed ?? row.bytes, tail: mode === 'match' ? MATCH : INCLUDE }
}

/**
 * A searchset of whole resources. What stands between those of one type is encoded once.
 *
 * @param head JSON text of the Bundle without its last brace
 */
export function searchsetBytes(head: string, { base, matches, included }: Searchset): Uint8Array {
  if (matches.length + included.length === 0) return Buffer.from(`${head}}`, 'utf8')
  const start = Buffer.from(head + OPEN_LIST, 'utf8')
  const bytes = Buffer.allocUnsafe(start.length + roomOf(base, matches) + roomOf(base, included))
  bytes.set(start)
  const rest = putRows(bytes, start.length, { base, rows: matches, tail: MATCH_END })
  const end = putRows(bytes, rest, { base, rows: included, tail: INCLUDE_END })
  // The last comma makes room.
  bytes.set(CLOSE, end - 1)
  return bytes.subarray(0, end - 1 + CLOSE.length)
}

interface Searchset {
  readonly base: string
  readonly matches: readonly SearchEntry[]
  readonly included: readonly SearchEntry[]
}

const RESOURCE_START = `"${RESOURCE}`
const MATCH_END = Buffer.from(`${MATCH},`, 'latin1')
const INCLUDE_END = Buffer.from(`${INCLUDE},`, 'latin1')
const CLOSE = Buffer.from(']}', 'latin1')

/** @returns where the next one goes */
function putRows(bytes: Buffer, from: number, { base, rows, tail }: Rows): number {
  let at = from
  let type: string | undefined
  let start: Uint8Array = CLOSE
  for (const row of rows) {
    if (row.type !== type) {
      type = row.type
      start = Buffer.from(startOf(base, type), 'utf8')
    }
    bytes.set(start, at)
    // Ids are ASCII.
    at = putAscii(bytes, at + start.length, row.id)
    at = putResource(bytes, putAscii(bytes, at, RESOURCE_START), row.packed ?? row.bytes)
    bytes.set(tail, at)
    at += tail.length
  }
  return at
}

interface Rows {
  readonly base: string
  readonly rows: readonly SearchEntry[]
  readonly tail: Uint8Array
}

function startOf(base: string, type: string): string {
  return `{"fullUrl":"${base}/${type}/`
}

function roomOf(base: string, rows: readonly SearchEntry[]): number {
  const ends = RESOURCE_START.length + INCLUDE_END.length
  const start = startOf(base, '').length
  let room = CLOSE.length
  for (const row of rows) {
    // Bytes of what is packed are made by asking for them.
    const { byteLength } = row.packed ?? row.bytes
    room += (start + row.type.length + row.id.length) * UNIT_BYTES + ends + byteLength
  }
  return room
}

/** What is to be said about a search. @param outcome an OperationOutcome: it is stored nowhere, and named for this Bundle only */
export function outcomeEntry(outcome: Uint8Array): BundleEntry {
  const head = `{"fullUrl":"urn:uuid:${randomUUID()}"${RESOURCE}`
  return { head, resource: outcome, tail: ',"search":{"mode":"outcome"}}' }
}

/** Code and reason, as in the entries of a batch. */
const STATUS = { POST: '201 Created', PUT: '200 OK', PATCH: '200 OK', DELETE: '204 No Content' } as const
const NONE = new Uint8Array(0)

/** @param isNew whether there was no such resource before: it never was, or was deleted */
export function historyEntry(base: string, version: StoredVersion, isNew: boolean): BundleEntry {
  const { type, id, method, lastUpdated, deleted } = version
  const head = `{"fullUrl":"${base}/${type}/${id}"`
  const url = method === 'POST' ? type : `${type}/${id}`
  const status = STATUS[method === 'PUT' && isNew ? 'POST' : method]
  const tail =
    `,"request":{"method":"${method}","url":"${url}"},"response":{"status":"${status}",` +
    `"etag":"W/\\"${String(version.version)}\\"","lastModified":"${isoText(lastUpdated)}"}}`
  return deleted ? { head, resource: NONE, tail } : { head: head + RESOURCE, resource: version.bytes, tail }
}
