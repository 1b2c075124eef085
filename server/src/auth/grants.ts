import { createHash, timingSafeEqual } from 'node:crypto'

import type { AuditTrail } from '../audit/trail.ts'
import type { Clock } from '../kernel/clock.ts'
import { fault } from '../kernel/fault.ts'
import { uuid7 } from '../kernel/ids.ts'
import { limits } from '../kernel/limits.ts'
import type { Account, Accounts } from './accounts.ts'
import type { Passwords } from './passwords.ts'
import { parseScopes, scopeText } from './scopes.ts'
import type { Session, Sessions } from './sessions.ts'
import type { SigningKey } from './signing-keys.ts'
import { type AccessClaims, signToken } from './tokens.ts'

const CONSOLE = 'console'
const PERSON_SCOPE = 'openid fhirUser user/*.cruds'
const CLIENT_SCOPE = 'system/*.cruds'

/** How tokens are given out: to people by login and refresh, to machines by client credentials. */
export interface Grants {
  /** @throws Fault `unauthenticated` without saying whether login or password was wrong */
  login(login: string, password: string): Promise<TokenAnswer>
  refresh(refreshToken: string): Promise<TokenAnswer>
  /** Ends the session that the refresh token belongs to; an unknown one is no error. */
  logout(refreshToken: string): Promise<void>
  /** @throws Fault `unauthenticated` for wrong credentials, `forbidden` when no asked scope can be granted */
  clientCredentials(client: ClientCredentials): TokenAnswer
}

export interface ClientCredentials {
  readonly id: string
  readonly secret: string
  /** Asked scopes; empty asks for all. */
  readonly scope: string
}

/** RFC 6749, section 5.1. */
export interface TokenAnswer {
  readonly access_token: string
  readonly token_type: 'Bearer'
  /** Seconds. */
  readonly expires_in: number
  readonly scope: string
  readonly refresh_token?: string
}

export interface GrantsOptions {
  readonly accounts: Accounts
  readonly sessions: Sessions
  readonly passwords: Passwords
  readonly audit: AuditTrail
  readonly clock: Clock
  readonly key: SigningKey
  readonly publicUrl: () => string
  readonly mode: 'evaluation' | 'production'
  readonly bootstrapClient: string | undefined
  /** Drops what is remembered of the subject's tokens. */
  readonly forget: (subject: string) => void
}

export function createGrants(options: GrantsOptions): Grants {
  const { accounts, sessions, passwords, mode } = options
  const note = noteWith(options)
  const isWelcome = (account: Account): boolean =>
    account.disabled !== true && !(account.demo === true && mode === 'production')

  const personAnswer = (
    account: Account,
    { session, refreshToken }: { session: Session; refreshToken: string },
  ): TokenAnswer => {
    const { name, roles } = account
    const fhirUser = account.fhirUser === undefined ? {} : { fhirUser: account.fhirUser }
    const claims = {
      sub: account.id,
      client_id: CONSOLE,
      scope: PERSON_SCOPE,
      sid: session.id,
      name,
      roles,
      ...fhirUser,
    }
    return { ...answer(claims, options), refresh_token: refreshToken }
  }
  return {
    login: async (login, password) => {
      const account = await accounts.byLogin(login)
      const matches = await passwords.matches(password, account?.password)
      if (!account || !matches || !isWelcome(account)) {
        note(account?.id ?? 'unknown', 'login', 'refused')
        throw fault('unauthenticated', { code: 'login', text: 'Login or password is wrong.' })
      }
      const session = await sessions.open(account.id)
      note(account.id, 'login', 'success')
      return personAnswer(account, session)
    },
    refresh: async (refreshToken) => {
      const rotated = await sessions.rotate(refreshToken)
      const account = await accounts.get(rotated.session.account)
      if (account && isWelcome(account) && rotated.session.started >= account.sessionsFrom)
        return personAnswer(account, rotated)
      await sessions.end(rotated.session.id)
      throw fault('unauthenticated', { code: 'login', text: 'The session is over; sign in again.' })
    },
    logout: async (refreshToken) => {
      const session = await sessions.byToken(refreshToken)
      if (!session) return
      await sessions.end(session.id)
      options.forget(session.account)
      note(session.account, 'logout', 'success')
    },
    clientCredentials: clientGrant(options),
  }
}

function clientGrant(options: GrantsOptions): Grants['clientCredentials'] {
  const note = noteWith(options)
  return ({ id, secret, scope }) => {
    if (!isBootstrap(options.bootstrapClient, `${id}:${secret}`)) {
      note(id.slice(0, 64), 'token', 'refused')
      throw fault('unauthenticated', {
        code: 'login',
        text: 'The client is not known or its secret is wrong.',
      })
    }
    const asked = parseScopes(scope === '' ? CLIENT_SCOPE : scope).filter(
      ({ context }) => context === 'system',
    )
    if (asked.length === 0)
      throw fault('forbidden', {
        code: 'forbidden',
        text: 'Ask for scopes such as system/*.cruds or system/Patient.rs.',
      })
    note(id, 'token', 'success')
    return answer({ sub: id, client_id: id, scope: scopeText(asked) }, options)
  }
}

function noteWith({ audit, clock }: GrantsOptions) {
  return (subject: string, interaction: string, outcome: 'success' | 'refused'): void =>
    audit.note({ time: clock(), subject, action: 'E', interaction, outcome })
}

type Granted = Omit<AccessClaims, 'iss' | 'aud' | 'iat' | 'exp' | 'jti'>

function answer(granted: Granted, { clock, publicUrl, key }: GrantsOptions): TokenAnswer {
  const url = publicUrl()
  const iat = Math.floor(clock() / 1000)
  const seconds = limits.auth.accessTokenMs / 1000
  const claims = { iss: url, aud: url, iat, exp: iat + seconds, jti: uuid7(clock()), ...granted }
  return {
    access_token: signToken(claims, key),
    token_type: 'Bearer',
    expires_in: seconds,
    scope: granted.scope,
  }
}

/** Compares digests, so that neither length nor prefix of the secret shows in the time it takes. */
function isBootstrap(expected: string | undefined, offered: string): boolean {
  return timingSafeEqual(digest(expected ?? ''), digest(offered)) && expected !== undefined
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
