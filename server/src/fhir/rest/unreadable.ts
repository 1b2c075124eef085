import type { Socket } from 'node:net'

import type { Issue } from '../../kernel/fault.ts'
import { jsonBody } from '../calls/answers.ts'
import { FHIR_JSON } from '../calls/negotiate.ts'
import { outcomeOf } from '../calls/outcome.ts'

type Refusal = readonly [status: string, code: Issue['code'], text: string]

/** What Node tells of a request that never became one. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'timeout', 'The request did not arrive in time'],
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'too-long',
    'Address and headers are too long: post the search to _search, or leave headers out',
  ],
}
const OTHER: Refusal = ['400 Bad Request', 'invalid', 'This is no HTTP request that can be read']

/** Answers on the bare connection, for there is no request to answer to, and closes it. */
export function answerUnreadable(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const [status, code, text] = REFUSALS[error.code ?? ''] ?? OTHER
  const body = Buffer.from(jsonBody(outcomeOf([{ severity: 'error', code, text }])))
  const head = [
    `HTTP/1.1 ${status}`,
    'Connection: close',
    `Content-Type: ${FHIR_JSON}`,
    `Content-Length: ${body.length}`,
  ]
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body.toString('utf8')}`)
  socket.destroy(error)
}
