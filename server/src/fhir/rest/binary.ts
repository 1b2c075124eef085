import { Fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { beforeTry } from '../../kernel/turns.ts'
import { isId } from '../access.ts'
import { readContent } from '../binary-content.ts'
import type { Answer, Call } from '../calls/call.ts'
import { isFhirType } from '../calls/negotiate.ts'
import type { RestDeps } from '../calls/rest-deps.ts'
import { dispatch } from '../interactions/dispatch.ts'
import { memberText } from '../json/members.ts'
import { isObject, parseObject } from '../json/parse.ts'

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
  call: Pick<Call, 'method' | 'path'>,
  { bytes, contentType, securityContext }: RawBody,
): string | undefined {
  if (!isRawBinary(call, contentType)) return undefined
  const [, id] = call.path
  const resource: JsonObject = {
    resourceType: 'Binary',
    ...(id === undefined ? {} : { id }),
    contentType,
    ...(securityContext === undefined ? {} : { securityContext: { reference: securityContext } }),
    ...(bytes.length === 0 ? {} : { data: Buffer.from(bytes).toString('base64') }),
  }
  return JSON.stringify(resource)
}

/** Whether a Binary comes as its content alone. */
export function isRawBinary(
  { method, path: [type, id, ...more] }: Pick<Call, 'method' | 'path'>,
  contentType: string | undefined,
): contentType is string {
  const isWrite = (method === 'POST' && id === undefined) || (method === 'PUT' && id !== undefined)
  if (type !== 'Binary' || !isWrite || more.length > 0) return false
  return contentType !== undefined && !isFhirType(contentType)
}

/**
 * Replaces raw content by a request that names no context. One that the Binary has stays: without it everybody may read what was closed, and
 * raw content has no other place for it.
 *
 * @param call its text is that of `binaryText`
 */
export async function replaceRaw(rest: RestDeps, call: Call): Promise<Answer> {
  const { ifMatch, ifNoneMatch, ifUnmodifiedSince } = call.conditions
  const isAsked = (ifMatch ?? ifNoneMatch ?? ifUnmodifiedSince) !== undefined
  for (let count = 0; ; count += 1) {
    await beforeTry(count)
    const current = await rest.resources.peek('Binary', call.path[1] ?? '')
    const text = `${call.text.slice(0, -1)}${current ? contextMember(current.bytes) : ''}}`
    const seen = current ? { ifMatch: `W/"${String(current.version)}"` } : { ifNoneMatch: '*' }
    try {
      return await dispatch(rest, { ...call, text, ...(!isAsked && { conditions: seen }) })
    } catch (error) {
      // Somebody else came between.
      if (isAsked || !(error instanceof Fault) || error.kind !== 'precondition') throw error
    }
  }
}

function contextMember(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  const context = memberText(text, 'securityContext')
  return context === undefined ? '' : `,"securityContext":${context}`
}

export function isBinaryRead({ method, path }: Pick<Call, 'method' | 'path'>): boolean {
  const [type, id = '', third] = path
  const isRead = path.length === 2 || (path.length === 4 && third === '_history')
  return (method === 'GET' || method === 'HEAD') && type === 'Binary' && isId(id) && isRead
}

/** The content itself, in its own type; never as a page of this origin. */
export async function rawAnswer({ records }: Pick<RestDeps, 'records'>, answer: Answer): Promise<Answer> {
  if (answer.status !== 200 || !answer.body) return answer
  const resource = parseObject(Buffer.from(answer.body).toString('utf8'))
  const { contentType, data, securityContext } = resource
  const context = isObject(securityContext) ? securityContext['reference'] : undefined
  const headers = {
    ...answer.headers,
    ...(typeof context === 'string' && { 'x-security-context': context }),
    'content-type': typeof contentType === 'string' ? contentType : 'application/octet-stream',
    'content-disposition': 'attachment',
    'content-security-policy': "sandbox; default-src 'none'",
    'x-content-type-options': 'nosniff',
  }
  if (typeof data === 'string') return { status: 200, headers, body: Buffer.from(data, 'base64') }
  return { status: 200, headers, body: (await contentBeside(records, resource)) ?? new Uint8Array() }
}

/** The resource with the content that is kept beside it, unless only a part of it is asked for. */
export async function wholeAnswer(
  { records }: Pick<RestDeps, 'records'>,
  answer: Answer,
  { query }: Pick<Call, 'query'>,
): Promise<Answer> {
  const isPart = query.some(([name]) => name === '_summary' || name === '_elements')
  if (answer.status !== 200 || !answer.body || isPart || answer.body.length > SMALL) return answer
  const resource = parseObject(Buffer.from(answer.body).toString('utf8'))
  const content = typeof resource['data'] === 'string' ? undefined : await contentBeside(records, resource)
  if (content === undefined) return answer
  return { ...answer, body: Buffer.from(textWith(resource, Buffer.from(content).toString('base64'))) }
}

/** A resource without its content is never larger. */
const SMALL = 64 * 1024

function textWith(resource: JsonObject, data: string): string {
  return `${JSON.stringify(resource).slice(0, -1)},"data":"${data}"}`
}

async function contentBeside(
  records: RestDeps['records'],
  { id, meta }: JsonObject,
): Promise<Uint8Array | undefined> {
  const version = isObject(meta) ? Number(meta['versionId']) : 0
  return typeof id === 'string' ? readContent(records, { id, version }) : undefined
}
