import type { Role } from './permissions.ts'

/** Who is calling and what they may do: made from a token by `auth`, or by the hub for its own work (`systemCaller`). */
export interface Caller {
  /** Account, client or feed id: goes into audit rows, never a name. */
  readonly subject: string
  readonly kind: 'person' | 'client' | 'feed' | 'device' | 'system'
  readonly roles: readonly Role[]
  /** `Organization/<id>` of the facilities that the caller may see; `all` for group-wide work. */
  readonly facilities: readonly string[] | 'all'
  /** Set: only the compartment of this patient (`Patient/<id>`). */
  readonly patient?: string
  /** FHIR reference of the person (`Practitioner/<id>`). */
  readonly fhirUser?: string
  /** X-Request-Id, MSH-10: travels into the commit and the audit row. */
  readonly correlation?: string
}
