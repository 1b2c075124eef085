import type { AuditEntry, AuditTrail } from '../audit/trail.ts'
import { authoriseCommand } from '../auth/authorise.ts'
import type { Caller } from '../auth/caller.ts'
import { mayUse } from '../auth/permissions.ts'
import type { Command, Interaction } from '../auth/permissions.ts'
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
  /** The same question as a value, and without a row: for what is left out silently. */
  allows(caller: Caller, interaction: Interaction, type: string): boolean
  constraintFor(caller: Caller, type: string): readonly Clause[]
  /** Whether the rows of the audit trail exist for the caller; they belong to no facility. */
  readsTrail(caller: Caller): boolean
  /** Notes a read or search: its answer may leave when the promise resolves. */
  noteRead(caller: Caller, interaction: string, entity?: string): Promise<void>
  /** Refuses who has no right to the command, and notes that it was used. @throws Fault `forbidden` */
  useCommand(caller: Caller, command: Command, use: CommandUse): Promise<void>
}

interface CommandUse {
  readonly interaction: string
  readonly entity?: string
}

/** The rules with their audit: a refusal leaves a row, too. */
export function auditedAccess(rules: AccessRules, audit: AuditTrail, clock: Clock): Access {
  return {
    authorise: (caller, interaction, type) => {
      try {
        rules.authorise(caller, interaction, type)
      } catch (error) {
        if (error instanceof Fault)
          audit.note(entryOf(caller, { time: clock(), interaction, entity: type, outcome: 'refused' }))
        throw error
      }
    },
    allows: (caller, interaction, type) => {
      try {
        rules.authorise(caller, interaction, type)
        return true
      } catch (error) {
        if (error instanceof Fault) return false
        throw error
      }
    },
    constraintFor: (caller, type) =>
      rules.constraintFor(caller, type).map((keys) => ({
        label: 'what the caller may see',
        anyOf: keys.map((key) => ({ by: 'key', key })),
      })),
    readsTrail: ({ roles, facilities, patient }) =>
      mayUse(roles, 'audit.read') && facilities === 'all' && patient === undefined,
    noteRead: (caller, interaction, entity) =>
      audit.noteRead(entryOf(caller, { time: clock(), interaction, entity, outcome: 'success' })),
    useCommand: async (caller, command, { interaction, entity }) => {
      const entry = (outcome: Accessed['outcome']): AuditEntry => ({
        ...entryOf(caller, { time: clock(), interaction, entity, outcome }),
        action: 'E',
      })
      try {
        authoriseCommand(caller, command)
      } catch (error) {
        audit.note(entry('refused'))
        throw error
      }
      await audit.noteRead(entry('success'))
    },
  }
}

interface Accessed {
  readonly time: number
  readonly interaction: string
  readonly entity: string | undefined
  readonly outcome: 'success' | 'refused'
}

function entryOf(
  { subject, correlation }: Caller,
  { time, interaction, entity, outcome }: Accessed,
): AuditEntry {
  return {
    time,
    subject,
    action: 'R',
    interaction,
    ...(entity === undefined ? {} : { entity }),
    outcome,
    ...(correlation === undefined ? {} : { correlation }),
  }
}

export function unknownResource(type: string, id: string): Fault {
  return fault('not-found', { code: 'not-found', text: `${type}/${id} is not known` })
}

/** The id pattern of FHIR: anything else cannot exist. */
export function isId(id: string): boolean {
  return /^[A-Za-z0-9.-]{1,64}$/.test(id)
}
