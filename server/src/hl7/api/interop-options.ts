import type { FastifyRequest } from 'fastify'

import type { AuditTrail } from '../../audit/trail.ts'
import type { Caller } from '../../auth/caller.ts'
import type { Command } from '../../auth/permissions.ts'
import type { Resources } from '../../fhir/resources.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { RecordStore } from '../../store/port.ts'
import type { Flow } from '../flow/create-flow.ts'
import type { Listeners } from '../flow/listeners.ts'
import type { Outbound } from '../outbound/create-outbound.ts'

export interface InteropOptions {
  readonly flow: Flow
  readonly outbound: Outbound
  readonly listeners: Pick<Listeners, 'of' | 'follow'>
  /** What keeps messages of a feed from coming in. */
  readonly problemOf: (feed: string) => string | undefined
  readonly records: RecordStore
  readonly resources: Pick<Resources, 'read' | 'peek' | 'transact'>
  /** The name of a person by the id of the account. */
  readonly nameOf: (subject: string) => Promise<string | undefined>
  readonly audit: Pick<AuditTrail, 'noteRead'>
  readonly clock: Clock
  /** Milliseconds UTC when the counting began. */
  readonly since: number
  readonly callerOf: (request: FastifyRequest) => Caller
  /** @throws Fault `forbidden` */
  readonly authorise: (caller: Caller, command: Command) => void
}
