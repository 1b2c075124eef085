import { Me, Tokens } from '@hub/auth/auth.contract.ts'
import type { Role } from '@hub/auth/permissions.ts'
import type { z } from 'zod'
import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'

import { Problem } from './problem.ts'
import { answered, parsed } from './transport.ts'

export interface Session {
  readonly access: string
  readonly refresh: string
  readonly who: Who
}

export interface Who {
  readonly subject: string
  readonly name: string
  readonly roles: readonly Role[]
}

interface SessionState {
  readonly session: Session | undefined
  /** Set when the hub ended the session, so that the sign-in page can say so. */
  readonly ended: boolean
}

/** Who is signed in. Kept for this tab only: it survives a reload, not the end of the tab. */
export const useSession = create<SessionState>()(
  persist<SessionState>(() => ({ session: undefined, ended: false }), {
    name: 'mogran.session',
    storage: createJSONStorage(() => sessionStorage),
  }),
)

export interface Credentials {
  readonly login: string
  readonly password: string
}

/** @throws Problem 401 when login or password are wrong, 429 after too many attempts */
export async function signIn(credentials: Credentials): Promise<void> {
  const body = JSON.stringify(credentials)
  const headers = { 'content-type': 'application/json' }
  const tokens = await parsed(Tokens, await answered('/auth/login', { method: 'POST', headers, body }))
  const bearer = { authorization: `Bearer ${tokens.access_token}` }
  const { subject, name, roles } = await parsed(Me, await answered('/api/v1/me', { headers: bearer }))
  keep(tokens, { subject, name, roles })
}

export function signOut(): void {
  useSession.setState({ session: undefined, ended: false })
}

let renewing: Promise<string | undefined> | undefined

/** An access token newer than `used`; `undefined` when the session is over. Several callers at once share one request. */
export function freshAccess(used: string | undefined): Promise<string | undefined> {
  const current = useSession.getState().session?.access
  if (current !== used) return Promise.resolve(current)
  renewing ??= renew().finally(() => {
    renewing = undefined
  })
  return renewing
}

async function renew(): Promise<string | undefined> {
  const { session } = useSession.getState()
  if (session === undefined) return undefined
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: session.refresh })
  try {
    return keep(await parsed(Tokens, await answered('/auth/token', { method: 'POST', body })), session.who)
  } catch (error) {
    // Without an answer the session may well be good: only a refusal ends it.
    if (error instanceof Problem && error.status >= 400 && error.status < 500) {
      useSession.setState({ session: undefined, ended: true })
    }
    return undefined
  }
}

function keep(tokens: z.infer<typeof Tokens>, who: Who): string {
  const session = { access: tokens.access_token, refresh: tokens.refresh_token, who }
  useSession.setState({ session, ended: false })
  return session.access
}
