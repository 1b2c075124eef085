import type { AuditTrail } from '../audit/trail.ts'
import type { Caller } from '../auth/caller.ts'
import type { Interaction } from '../auth/permissions.ts'
import type { Clock } from '../kernel/clock.ts'
import { Fault, fault } from '../kernel/fault.ts'
import type { Clause } from './search/clause.ts'

/** What a caller may do at all, and which resources of a type exist for them. */
export interface AccessRules {
  /** @throws Fault `forbidden` */
  authorise(caller: Caller, interaction: Interaction, type: string): void
  /** Conditions that every resource of the type must meet to exist for the caller; planned into searches, never filtered afterwards. */
  constraintFor(caller: Caller, type: string): KeyClauses
}

/** Keys of which a resource must have one, for every clause; none: all resources of the type. */
type KeyClauses = readonly (readonly string[])[]

export interface Access {
  authorise(caller: Caller, interaction: Interaction, type: string): void
  constraintFor(caller: Caller, type: string): readonly Clause[]
  /** Notes a read or search that is about to be answered. */
  noteRead(caller: Caller, interaction: string, entity?: string): void
}

/** The rules with their audit: a refusal leaves a row, too. */
export function auditedAccess(rules: AccessRules, audit: AuditTrail, clock: Clock): Access {
  const note = (
    caller: Caller,
    row: { interaction: string; entity?: string; outcome: 'success' | 'refused' },
  ): void => {
    const correlation = caller.correlation === undefined ? {} : { correlation: caller.correlation }
    audit.note({ time: clock(), subject: caller.subject, action: 'R', ...row, ...correlation })
  }
  return {
    authorise: (caller, interaction, type) => {
      try {
        rules.authorise(caller, interaction, type)
      } catch (error) {
        if (error instanceof Fault) note(caller, { interaction, entity: type, outcome: 'refused' })
        throw error
      }
    },
    constraintFor: (caller, type) =>
      rules.constraintFor(caller, type).map((keys) => ({
        label: 'what the caller may see',
        anyOf: keys.map((key) => ({ by: 'key', key })),
      })),
    noteRead: (caller, interaction, entity) =>
      note(caller, { interaction, outcome: 'success', ...(entity === undefined ? {} : { entity }) }),
  }
}

export function unknownResource(type: string, id: string): Fault {
  return fault('not-found', { code: 'not-found', text: `${type}/${id} is not known` })
}

/** The id pattern of FHIR: anything else cannot exist. */
export function isId(id: string): boolean {
  return /^[A-Za-z0-9.-]{1,64}$/.test(id)
}
