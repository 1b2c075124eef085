import type { JsonObject } from '../../kernel/json.ts'
import { isId } from '../access.ts'
import { parseObject } from '../json/parse.ts'
import type { Answer, Call } from './call.ts'
import { isFhirType } from './negotiate.ts'

/** What a request says about its body beside the body itself. */
export interface RawBody {
  readonly bytes: Uint8Array
  readonly contentType: string | undefined
  /** `X-Security-Context`: the resource whose access rules count for the content. */
  readonly securityContext: string | undefined
}

/**
 * The Binary resource that raw content comes down to; `undefined` when the body is a resource already, or the address is no Binary.
 *
 * @see FHIR R4, "Binary", section "Using Binaries with RESTful API"
 */
export function binaryText(
  { method, path }: Pick<Call, 'method' | 'path'>,
  { bytes, contentType, securityContext }: RawBody,
): string | undefined {
  const [type, id, ...more] = path
  const isWrite = (method === 'POST' && id === undefined) || (method === 'PUT' && id !== undefined)
  if (type !== 'Binary' || !isWrite || more.length > 0) return undefined
  if (contentType === undefined || isFhirType(contentType)) return undefined
  const resource: JsonObject = {
    resourceType: 'Binary',
    ...(id === undefined ? {} : { id }),
    contentType,
    ...(securityContext === undefined ? {} : { securityContext: { reference: securityContext } }),
    ...(bytes.length === 0 ? {} : { data: Buffer.from(bytes).toString('base64') }),
  }
  return JSON.stringify(resource)
}

export function isBinaryRead({ method, path }: Pick<Call, 'method' | 'path'>): boolean {
  const [type, id = '', third] = path
  const isRead = path.length === 2 || (path.length === 4 && third === '_history')
  return (method === 'GET' || method === 'HEAD') && type === 'Binary' && isId(id) && isRead
}

/** The content itself, in its own type; never as a page of this origin. */
export function rawAnswer(answer: Answer): Answer {
  if (answer.status !== 200 || !answer.body) return answer
  const { contentType, data } = parseObject(Buffer.from(answer.body).toString('utf8'))
  const headers = {
    ...answer.headers,
    'content-type': typeof contentType === 'string' ? contentType : 'application/octet-stream',
    'content-disposition': 'attachment',
    'content-security-policy': "sandbox; default-src 'none'",
    'x-content-type-options': 'nosniff',
  }
  return { status: 200, headers, body: Buffer.from(typeof data === 'string' ? data : '', 'base64') }
}
