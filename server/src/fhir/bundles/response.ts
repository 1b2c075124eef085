import type { JsonObject } from '../../kernel/json.ts'
import { bundleBytes } from '../rest/bundle-bytes.hot.ts'
import type { Answer } from '../rest/call.ts'

/** The response Bundle: one entry for each of the request, in the same order; resources go in as bytes. */
export function responseBundle(
  type: 'batch-response' | 'transaction-response',
  answers: readonly Answer[],
): Answer {
  const head = JSON.stringify({ resourceType: 'Bundle', type }).slice(0, -1)
  return { status: 200, headers: {}, body: bundleBytes(head, answers.map(entryOf)) }
}

const RESOURCE = Buffer.from('{"resource":')
const COMMA = Buffer.from(',')
const OPEN = Buffer.from('{')
const CLOSE = Buffer.from('}')

function entryOf({ status, headers, body }: Answer): readonly Uint8Array[] {
  const outcome = status >= 400 && body ? [Buffer.from(',"outcome":'), body] : []
  const response = [
    Buffer.from(`"response":${JSON.stringify(responseOf(status, headers)).slice(0, -1)}`, 'utf8'),
    ...outcome,
    CLOSE,
    CLOSE,
  ]
  return body && status < 400 ? [RESOURCE, body, COMMA, ...response] : [OPEN, ...response]
}

function responseOf(status: number, headers: Answer['headers']): JsonObject {
  const { etag, location } = headers
  const modified = headers['last-modified']
  return {
    status: `${String(status)}${STATUS_TEXT[status] ?? ''}`,
    ...(location === undefined ? {} : { location }),
    ...(etag === undefined ? {} : { etag }),
    ...(modified === undefined ? {} : { lastModified: new Date(modified).toISOString() }),
  }
}

const STATUS_TEXT: Readonly<Record<number, string>> = {
  200: ' OK',
  201: ' Created',
  204: ' No Content',
  304: ' Not Modified',
}
