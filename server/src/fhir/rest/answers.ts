import type { JsonObject } from '../../kernel/json.ts'
import type { StoredVersion } from '../../store/port.ts'
import type { Answer, Call } from './call.ts'
import { success } from './outcome.ts'

function etagOf(version: number): string {
  return `W/"${String(version)}"`
}

export function versionHeaders({ version, lastUpdated }: StoredVersion): Readonly<Record<string, string>> {
  return { etag: etagOf(version), 'last-modified': new Date(lastUpdated).toUTCString() }
}

export function jsonBody(value: JsonObject): Uint8Array {
  return Buffer.from(JSON.stringify(value), 'utf8')
}

/** The answer to a write in the form that `Prefer` asks for. */
export function writeAnswer(
  call: Call,
  base: string,
  done: { version: StoredVersion; status: 200 | 201 },
): Answer {
  const { version, status } = done
  const headers = { ...versionHeaders(version), location: `${base}/${locationOf(version)}` }
  if (call.prefer.return === 'minimal') return { status, headers }
  const body =
    call.prefer.return === 'OperationOutcome'
      ? jsonBody(success(`${version.type}/${version.id} is stored as version ${String(version.version)}`))
      : version.bytes
  return { status, headers, body }
}

export function locationOf({ type, id, version }: StoredVersion): string {
  return `${type}/${id}/_history/${String(version)}`
}
