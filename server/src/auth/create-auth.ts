import type { FastifyPluginAsync } from 'fastify'

import type { AuditTrail } from '../audit/trail.ts'
import type { Clock } from '../kernel/clock.ts'
import { type Fault, fault } from '../kernel/fault.ts'
import { limits } from '../kernel/limits.ts'
import type { Store } from '../store/port.ts'
import { accountRoutes } from './account-routes.ts'
import { type Accounts, createAccounts } from './accounts.ts'
import { authRoutes } from './auth-routes.ts'
import type { Caller } from './caller.ts'
import { type Grants, createGrants } from './grants.ts'
import { createPasswords } from './passwords.ts'
import { parseScopes } from './scopes.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { loadSigningKey } from './signing-keys.ts'
import { type AccessClaims, verifyToken } from './tokens.ts'

export interface AuthOptions {
  readonly store: Store
  readonly audit: AuditTrail
  readonly clock: Clock
  /** Base address of the hub: `iss` and `aud` of its tokens. A function, because port 0 is known only after listening. */
  readonly publicUrl: () => string
  readonly mode: 'evaluation' | 'production'
  /** `id:secret` of a machine client with administrator rights. */
  readonly bootstrapClient?: string
  /** Encrypts the signing key at rest. */
  readonly secret?: string
}

export interface Auth {
  /**
   * Who sends this `Authorization` header: at once when the token was seen in the last minute (about 1 us), else after a check of its
   * signature and session. Use `await`, both kinds of failure then meet in one place.
   *
   * @throws Fault `unauthenticated`; `challengeOf` gives the WWW-Authenticate header for it.
   */
  readonly callerOf: (authorization: string | undefined, correlation?: string) => Caller | Promise<Caller>
  /** The same without ever checking: only who was seen in the last minute. */
  readonly knownCaller: (authorization: string | undefined, correlation: string) => Caller | undefined
  readonly accounts: Accounts
  readonly grants: Grants
  /** `/auth/*`: register without prefix. */
  readonly routes: FastifyPluginAsync
  /** `me` and `accounts`: register under `/api/v1`. */
  readonly api: FastifyPluginAsync
}

interface Seen {
  readonly caller: Caller
  readonly until: number
  /** Account or client. */
  readonly subject: string
}

export async function createAuth(options: AuthOptions): Promise<Auth> {
  const { store, audit, clock, publicUrl, mode, bootstrapClient } = options
  const key = await loadSigningKey(store, options.secret)
  const passwords = createPasswords()
  const accounts = createAccounts({ store, audit, clock, passwords })
  const sessions = createSessions(store.records, clock)
  const seen = new Map<string, Seen>()
  const forget = (subject: string): void => {
    for (const [header, entry] of seen) if (entry.subject === subject) seen.delete(header)
  }
  const grants: Grants = createGrants({
    accounts,
    sessions,
    passwords,
    audit,
    clock,
    key,
    publicUrl,
    mode,
    forget,
    bootstrapClient,
  })

  const admit = async (header: string, claims: AccessClaims): Promise<Caller> => {
    const caller =
      claims.sid === undefined
        ? clientCaller(claims, bootstrapClient)
        : await personCaller(claims, { accounts, sessions })
    const until = Math.min(claims.exp * 1000, clock() + limits.auth.cachedTokenMs)
    seen.set(header, { caller, until, subject: claims.sub })
    for (const oldest of seen.size > limits.auth.cachedTokens ? seen.keys().take(1) : []) seen.delete(oldest)
    return caller
  }
  const knownCaller = (authorization: string | undefined, correlation?: string): Caller | undefined => {
    const entry = authorization === undefined ? undefined : seen.get(authorization)
    return entry && entry.until > clock() ? withCorrelation(entry.caller, correlation) : undefined
  }
  const callerOf: Auth['callerOf'] = (authorization, correlation) => {
    const known = knownCaller(authorization, correlation)
    if (known) return known
    const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? '')?.[1]
    if (authorization === undefined || token === undefined)
      throw fault('unauthenticated', {
        code: 'login',
        text: 'Send an access token: Authorization: Bearer <token>.',
      })
    seen.delete(authorization)
    const claims = verifyToken(token, key, { issuer: publicUrl(), nowMs: clock() })
    return admit(authorization, claims).then((caller) => withCorrelation(caller, correlation))
  }
  return {
    callerOf,
    knownCaller,
    accounts,
    grants,
    routes: authRoutes({ grants, clock, publicJwk: key.publicJwk }),
    api: accountRoutes({ accounts, callerOf, forget }),
  }
}

function clientCaller(claims: AccessClaims, bootstrapClient: string | undefined): Caller {
  if (bootstrapClient?.split(':')[0] !== claims.sub) throw signedOut()
  return {
    subject: claims.sub,
    kind: 'client',
    roles: ['administrator'],
    facilities: 'all',
    ...scopesOf(claims),
  }
}

async function personCaller(
  claims: AccessClaims,
  { accounts, sessions }: { accounts: Accounts; sessions: Sessions },
): Promise<Caller> {
  const [account, session] = await Promise.all([accounts.get(claims.sub), sessions.get(claims.sid ?? '')])
  if (!account || account.disabled || !session || session.started < account.sessionsFrom) throw signedOut()
  return {
    subject: account.id,
    kind: 'person',
    roles: account.roles,
    facilities: account.facilities,
    ...(account.patient === undefined ? {} : { patient: account.patient }),
    ...(account.fhirUser === undefined ? {} : { fhirUser: account.fhirUser }),
    ...scopesOf(claims),
  }
}

/** A token for everything carries no scopes to check. */
function scopesOf(claims: AccessClaims): Pick<Caller, 'scopes'> {
  const scopes = parseScopes(claims.scope)
  return scopes.some(({ type, letters }) => type === '*' && letters === 'cruds') ? {} : { scopes }
}

function withCorrelation(caller: Caller, correlation: string | undefined): Caller {
  return correlation === undefined ? caller : { ...caller, correlation }
}

function signedOut(): Fault {
  return fault('unauthenticated', { code: 'expired', text: 'The session is over; sign in again.' })
}
