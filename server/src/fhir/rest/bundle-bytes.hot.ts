import type { StoredVersion } from '../../store/port.ts'

/** Bundles are put together from byte pieces: stored resources go in as they are, no object tree is built. */

const COMMA = Buffer.from(',')
const OPEN_LIST = Buffer.from(',"entry":[')
const CLOSE_LIST = Buffer.from(']}')
const CLOSE = Buffer.from('}')
const RESOURCE = Buffer.from(',"resource":')

/** @param head JSON text of the Bundle without its last brace. */
export function bundleBytes(head: string, entries: readonly (readonly Uint8Array[])[]): Uint8Array {
  const pieces: Uint8Array[] = [Buffer.from(head, 'utf8')]
  // FHIR has no empty lists: a Bundle without entries has no "entry".
  if (entries.length === 0) pieces.push(CLOSE)
  for (let index = 0; index < entries.length; index += 1) {
    pieces.push(index === 0 ? OPEN_LIST : COMMA)
    const entry = entries[index]
    if (entry) for (const piece of entry) pieces.push(piece)
  }
  if (entries.length > 0) pieces.push(CLOSE_LIST)
  return Buffer.concat(pieces)
}

const MATCH = Buffer.from(',"search":{"mode":"match"}}')
const INCLUDE = Buffer.from(',"search":{"mode":"include"}}')

export interface SearchEntry {
  readonly type: string
  readonly id: string
  readonly bytes: Uint8Array
}

export function searchEntry(
  base: string,
  row: SearchEntry,
  mode: 'match' | 'include',
): readonly Uint8Array[] {
  const head = Buffer.from(`{"fullUrl":"${base}/${row.type}/${row.id}"`, 'utf8')
  return [head, RESOURCE, row.bytes, mode === 'match' ? MATCH : INCLUDE]
}

const STATUS = { POST: '201', PUT: '200', PATCH: '200', DELETE: '204' } as const

export function historyEntry(base: string, version: StoredVersion): readonly Uint8Array[] {
  const { type, id, method, lastUpdated } = version
  const head = Buffer.from(`{"fullUrl":"${base}/${type}/${id}"`, 'utf8')
  const url = method === 'POST' ? type : `${type}/${id}`
  const status = method === 'PUT' && version.version === 1 ? '201' : STATUS[method]
  const tail = Buffer.from(
    `,"request":{"method":"${method}","url":"${url}"},"response":{"status":"${status}",` +
      `"etag":"W/\\"${String(version.version)}\\"","lastModified":"${new Date(lastUpdated).toISOString()}"}}`,
    'utf8',
  )
  return version.deleted ? [head, tail] : [head, RESOURCE, version.bytes, tail]
}
