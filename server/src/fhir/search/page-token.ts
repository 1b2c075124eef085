import { hash, timingSafeEqual } from 'node:crypto'

import { fault } from '../../kernel/fault.ts'

/** What a `next` link carries: where to go on, and for which search. */
export interface PageState {
  /** Which clause drove. */
  readonly driver: number
  /** The place of the last hit: in the driver's order, or its sort values and id. */
  readonly after: readonly (string | number)[]
}

/** Signs and checks page tokens, so that nobody can point one at data of another search. */
export interface PageTokens {
  sign(state: PageState, search: string): string
  /** @throws Fault `malformed` */
  open(token: string, search: string): PageState
}

const SEAL_BYTES = 16

/** @param secret at least 16 bytes; tokens of another secret are refused. */
export function createPageTokens(secret: Uint8Array): PageTokens {
  const hmac = createHmac(secret)
  const sealOf = (body: string, search: string): Buffer =>
    hmac(Buffer.from(`${body}\0${search}`, 'utf8')).subarray(0, SEAL_BYTES)
  return {
    sign: (state, search) => {
      const body = Buffer.from(JSON.stringify([state.driver, ...state.after])).toString('base64url')
      return `${body}.${sealOf(body, search).toString('base64url')}`
    },
    open: (token, search) => {
      const [body = '', seal = ''] = token.split('.')
      const given = Buffer.from(seal, 'base64url')
      if (given.length !== SEAL_BYTES || !timingSafeEqual(given, sealOf(body, search))) {
        throw fault('malformed', {
          code: 'value',
          text: 'This page link does not belong to this search: start from the first page',
        })
      }
      const [driver, ...after] = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as [
        number,
        ...(string | number)[],
      ]
      return { driver, after }
    },
  }
}

const BLOCK = 64

/**
 * HMAC-SHA-256 of two hashes, which takes half the time of `createHmac`: each page of a search has a seal.
 *
 * @see RFC 2104
 */
export function createHmac(secret: Uint8Array): (message: Buffer) => Buffer {
  const key = Buffer.alloc(BLOCK)
  key.set(secret.length > BLOCK ? sha256([secret]) : secret)
  const inner = key.map((byte) => byte ^ 0x36)
  const outer = key.map((byte) => byte ^ 0x5c)
  return (message) => sha256([outer, sha256([inner, message])])
}

function sha256(parts: readonly Uint8Array[]): Buffer {
  return hash('sha256', Buffer.concat(parts), 'buffer')
}
