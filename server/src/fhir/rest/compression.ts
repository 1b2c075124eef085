import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { constants, createGunzip, createInflate, gzip } from 'node:zlib'

import type { FastifyInstance, FastifyReply } from 'fastify'

import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'

const compress = promisify(gzip)
/** Records compress well at the first level already. */
const LEVEL = { level: constants.Z_BEST_SPEED }
const DECODERS = new Map([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
])

/**
 * Bodies may come and go compressed. What comes is bounded by the size that it unpacks to, as every body is.
 *
 * @see RFC 9110, sections 8.4 and 15.5.16
 */
export function packBodies(app: FastifyInstance): void {
  app.addHook('preParsing', async (request, reply, payload) => {
    const coding = request.headers['content-encoding']?.trim().toLowerCase()
    if (coding === undefined || coding === 'identity' || coding === '') return payload
    const decoder = DECODERS.get(coding)?.()
    if (!decoder) {
      reply.header('accept-encoding', 'gzip, deflate')
      throw fault('media-type', {
        code: 'not-supported',
        text: 'Bodies may be packed by gzip or deflate only',
      })
    }
    let received = 0
    payload.on('data', (chunk: Uint8Array) => {
      received += chunk.length
    })
    payload.once('error', (error) => decoder.destroy(error))
    // Fastify compares it with the declared length of what was sent.
    Object.defineProperty(decoder, 'receivedEncodedLength', { get: () => received })
    return payload.pipe(decoder)
  })
  app.addHook('onSend', async (request, reply, payload) => {
    if (!isWorthwhile(payload) || reply.hasHeader('content-encoding')) return payload
    varyBy(reply)
    if (!takesGzip(request)) return payload
    reply.header('content-encoding', 'gzip').removeHeader('content-length')
    return gzipped(payload)
  })
}

export function gzipped(payload: string | Uint8Array): Promise<Buffer> {
  return compress(payload, LEVEL)
}

function isWorthwhile(payload: unknown): payload is string | Uint8Array {
  return (
    (typeof payload === 'string' || payload instanceof Uint8Array) && payload.length >= limits.http.packBytes
  )
}

function varyBy(reply: FastifyReply): void {
  const { vary } = reply.getHeaders()
  reply.header(
    'vary',
    typeof vary === 'string' && vary !== '' ? `${vary}, Accept-Encoding` : 'Accept-Encoding',
  )
}

export function takesGzip({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const accepted = headers['accept-encoding']
  if (accepted === undefined) return false
  const codings = accepted.split(',')
  return codings.some((coding) => {
    const [name = '', ...parameters] = coding.split(';').map((part) => part.trim().toLowerCase())
    return (name === 'gzip' || name === '*') && !parameters.some((each) => /^q=0(?:\.0{1,3})?$/.test(each))
  })
}
