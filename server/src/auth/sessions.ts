import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

import { z } from 'zod'

import type { Clock } from '../kernel/clock.ts'
import { type Fault, fault } from '../kernel/fault.ts'
import { uuid7 } from '../kernel/ids.ts'
import { limits } from '../kernel/limits.ts'
import type { RecordStore } from '../store/port.ts'

const SESSIONS = 'sessions'
const REFRESH_TOKEN = /^([0-9a-f-]{36})\.([\w-]{43})$/

const Session = z.object({
  account: z.string(),
  /** SHA-256 of the one refresh token that is good now: the token itself is never stored. */
  current: z.string(),
  /** Milliseconds. */
  started: z.number(),
})
export type Session = z.output<typeof Session> & { readonly id: string }

export interface Sessions {
  open(account: string): Promise<{ session: Session; refreshToken: string }>
  /**
   * Takes a refresh token in and gives the next one out. A token that was used before ends the whole session: either the thief or the
   * owner holds a copy, and both must sign in again.
   *
   * @throws Fault `unauthenticated`
   */
  rotate(refreshToken: string): Promise<{ session: Session; refreshToken: string }>
  get(id: string): Promise<Session | undefined>
  /** The session that a refresh token belongs to, whether it is still good or not. */
  byToken(refreshToken: string): Promise<Session | undefined>
  end(id: string): Promise<void>
}

/** Sessions of people: one record each, gone by itself `limits.auth.refreshTokenMs` after its last use and `sessionMs` after its start. */
export function createSessions(records: RecordStore, clock: Clock): Sessions {
  const content = (id: string, value: z.output<typeof Session>) => ({
    collection: SESSIONS,
    id,
    value,
    expires: Math.min(clock() + limits.auth.refreshTokenMs, value.started + limits.auth.sessionMs),
  })
  const end = async (id: string): Promise<void> => {
    await records.apply([{ op: 'delete', collection: SESSIONS, id }])
  }
  const get = async (id: string): Promise<Session | undefined> => {
    const record = await records.get(SESSIONS, id)
    return record && { id, ...Session.parse(record.value) }
  }
  return {
    open: async (account) => {
      const id = uuid7(clock())
      const { refreshToken, hash } = newToken(id)
      const session = { account, current: hash, started: clock() }
      await records.apply([{ op: 'insert', ...content(id, session) }])
      return { session: { id, ...session }, refreshToken }
    },
    rotate: async (offered) => {
      const [, id = '', secret = ''] = REFRESH_TOKEN.exec(offered) ?? []
      const record = id === '' ? undefined : await records.get(SESSIONS, id)
      if (!record) throw over()
      const session = Session.parse(record.value)
      const { refreshToken, hash } = newToken(id)
      const current = timingSafeEqual(digest(secret), Buffer.from(session.current, 'base64url'))
      const next = { ...session, current: hash }
      const changed = current
        ? await records.apply([{ op: 'replace', revision: record.revision, ...content(id, next) }])
        : undefined
      if (changed?.outcome === 'applied') return { session: { id, ...next }, refreshToken }
      await end(id)
      throw over()
    },
    get,
    byToken: async (refreshToken) => {
      const id = REFRESH_TOKEN.exec(refreshToken)?.[1]
      return id === undefined ? undefined : get(id)
    },
    end,
  }
}

function newToken(id: string): { refreshToken: string; hash: string } {
  const secret = randomBytes(32).toString('base64url')
  return { refreshToken: `${id}.${secret}`, hash: digest(secret).toString('base64url') }
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

function over(): Fault {
  return fault('unauthenticated', { code: 'login', text: 'The session is over; sign in again.' })
}
