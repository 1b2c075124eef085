import type { Role } from './permissions.ts'
import type { Scope } from './scopes.ts'

/** Who is calling and what they may do: made from a token by `auth`, or by the hub for its own work (`systemCaller`). */
export interface Caller {
  /** Account, client or feed id: goes into audit rows, never a name. */
  readonly subject: string
  readonly kind: 'person' | 'client' | 'feed' | 'device' | 'system'
  readonly roles: readonly Role[]
  /** What the token was granted of what the roles may do; absent: all of it. */
  readonly scopes?: readonly Scope[]
  /** `Organization/<id>` of the facilities that the caller may see; `all` for group-wide work. */
  readonly facilities: readonly string[] | 'all'
  /** Set: only the compartment of this patient (`Patient/<id>`). */
  readonly patient?: string
  /** FHIR reference of the person (`Practitioner/<id>`). */
  readonly fhirUser?: string
  /** X-Request-Id, MSH-10: travels into the commit and the audit row. */
  readonly correlation?: string
}

/** The hub at its own work: a feed, a device, a task. It may do everything; what it did is audited under `subject`. */
export function systemCaller(
  subject: string,
  kind: 'feed' | 'device' | 'system',
  correlation?: string,
): Caller {
  const caller: Caller = { subject, kind, roles: ['administrator'], facilities: 'all' }
  return correlation === undefined ? caller : { ...caller, correlation }
}
