import { ROLES } from '@hub/auth/permissions.ts'
import type { Role } from '@hub/auth/permissions.ts'
import { z } from 'zod'
import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'

import { answered, parsed } from './transport.ts'

const Tokens = z.object({
  access_token: z.string(),
  refresh_token: z.string().optional(),
  expires_in: z.number(),
})
const Claims = z.object({
  sub: z.string(),
  name: z.string().optional(),
  fhirUser: z.string().optional(),
  roles: z.array(z.enum(ROLES)).default([]),
})

export interface Session {
  readonly access: string
  readonly refresh: string | undefined
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
  start(await parsed(Tokens, await answered('/auth/login', { method: 'POST', headers, body })))
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
  const refresh = useSession.getState().session?.refresh
  if (refresh === undefined) return end()
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refresh })
  try {
    return start(await parsed(Tokens, await answered('/auth/token', { method: 'POST', body })))
  } catch {
    return end()
  }
}

function start(tokens: z.infer<typeof Tokens>): string {
  const { sub, name, roles } = claimsOf(tokens.access_token)
  const who = { subject: sub, name: name ?? sub, roles }
  const session = { access: tokens.access_token, refresh: tokens.refresh_token, who }
  useSession.setState({ session, ended: false })
  return session.access
}

function end(): undefined {
  useSession.setState({ session: undefined, ended: true })
}

/** What the token says about its owner. The console only shows it; the hub checks it. */
function claimsOf(token: string): z.infer<typeof Claims> {
  const base64 = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
  const bytes = Uint8Array.from(atob(base64), (character) => character.codePointAt(0) ?? 0)
  return Claims.parse(JSON.parse(new TextDecoder().decode(bytes)))
}
