import { httpText } from '../../kernel/instant-text.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { StoredVersion } from '../../store/port.ts'
import type { Written } from '../resources.ts'
import type { Answer, Call } from './call.ts'
import { outcomeOf } from './outcome.ts'

/**
 * No cache keeps an answer: one with a time of change and no word of this is taken for fresh for a tenth of its age, and a record that was
 * changed would be read as it was.
 *
 * @see RFC 9111, section 4.2.2
 */
export const NOT_KEPT = 'no-store'

export function etagOf(version: number): string {
  return `W/"${String(version)}"`
}

export function versionHeaders({ version, lastUpdated }: StoredVersion): Readonly<Record<string, string>> {
  return { etag: etagOf(version), 'last-modified': httpText(lastUpdated) }
}

export function jsonBody(value: JsonObject): Uint8Array {
  return Buffer.from(JSON.stringify(value), 'utf8')
}

/** The answer to a write in the form that `Prefer` asks for. */
export function writeAnswer(call: Call, base: string, done: { version: Written; status: 200 | 201 }): Answer {
  const { version, status } = done
  const headers = { ...versionHeaders(version), location: `${base}/${locationOf(version)}` }
  return { status, headers, lastUpdated: version.lastUpdated, ...writtenBody(call, version) }
}

/** What `Prefer` asks for, and an outcome where there is something to know. */
export function writtenBody(
  { prefer }: Pick<Call, 'prefer'>,
  version: Written,
): Pick<Answer, 'body' | 'outcome'> {
  const { type, id, version: number, notes = [] } = version
  if (prefer.return === 'OperationOutcome') {
    const text = `${type}/${id} is stored as version ${String(number)}`
    const outcome = jsonBody(outcomeOf([{ severity: 'information', code: 'informational', text }, ...notes]))
    return { body: outcome, outcome }
  }
  const body = prefer.return === 'minimal' ? {} : { body: version.bytes }
  return notes.length === 0 ? body : { ...body, outcome: jsonBody(outcomeOf(notes)) }
}

export function locationOf({ type, id, version }: StoredVersion): string {
  return `${type}/${id}/_history/${String(version)}`
}

/** The answer to a deletion. @param gone what is deleted, or was before; none: nothing meets the criteria */
export function deletionAnswer({ prefer }: Pick<Call, 'prefer'>, gone: readonly StoredVersion[]): Answer {
  const [first, ...others] = gone
  const headers =
    first === undefined || first.version === 0 || others.length > 0 ? {} : { etag: etagOf(first.version) }
  if (prefer.return !== 'OperationOutcome') return { status: 204, headers }
  const text = deletionText(gone)
  const outcome = jsonBody(outcomeOf([{ severity: 'information', code: 'informational', text }]))
  return { status: 200, headers, body: outcome, outcome }
}

function deletionText([first, ...others]: readonly StoredVersion[]): string {
  if (first === undefined) return 'Nothing meets these criteria: nothing is deleted'
  const { type, id } = first
  return others.length === 0
    ? `${type}/${id} is deleted`
    : `${String(others.length + 1)} ${type} resources are deleted`
}
