import { STATUS_CODES } from 'node:http'

import type { JsonObject } from '../../kernel/json.ts'
import { eachPaced } from '../../kernel/pace.ts'
import { pacedBundleBytes } from '../calls/bundle-bytes.hot.ts'
import type { BundleEntry } from '../calls/bundle-bytes.hot.ts'
import type { Answer } from '../calls/call.ts'

/** The response Bundle: one entry for each of the request, in the same order; resources go in as bytes. */
export async function responseBundle(
  type: 'batch-response' | 'transaction-response',
  answers: readonly Answer[],
): Promise<Answer> {
  const head = JSON.stringify({ resourceType: 'Bundle', type }).slice(0, -1)
  const body = await pacedBundleBytes(head, await eachPaced(answers, entryOf))
  return { status: 200, headers: {}, body }
}

const NONE = new Uint8Array(0)

function entryOf(answer: Answer): BundleEntry {
  const { status, body: given = NONE, outcome } = answer
  const told = outcome === undefined ? '' : `,"outcome":${Buffer.from(outcome).toString('utf8')}`
  const response = `"response":${JSON.stringify(responseOf(answer)).slice(0, -1)}${told}`
  const body = given === outcome ? NONE : given
  if (body.length === 0) return { head: `{${response}`, resource: NONE, tail: '}}' }
  return status < 400
    ? { head: '{"resource":', resource: body, tail: `,${response}}}` }
    : { head: `{${response},"outcome":`, resource: body, tail: '}}' }
}

function responseOf({ status, headers: { etag, location }, lastUpdated }: Answer): JsonObject {
  return {
    // Code and reason, as in an HTTP answer.
    status: `${String(status)} ${STATUS_CODES[status] ?? ''}`.trimEnd(),
    ...(location === undefined ? {} : { location }),
    ...(etag === undefined ? {} : { etag }),
    ...(lastUpdated === undefined ? {} : { lastModified: new Date(lastUpdated).toISOString() }),
  }
}
