import type { Caller } from '../../auth/caller.ts'
import { Fault } from '../../kernel/fault.ts'
import type { Access } from '../access.ts'
import type { Definitions } from '../definitions.ts'
import type { Resources } from '../resources.ts'
import { AUDIT_EVENT, eventVersion } from './event-row.ts'
import type { EventSource } from './search-events.ts'

export interface EventDeps {
  readonly access: Access
  readonly definitions: Definitions
  readonly source: EventSource
}

/** Resources with the rows of the audit trail among them, for those who may read it. */
export function withEvents(resources: Resources, deps: EventDeps): Resources {
  return {
    ...resources,
    // No promise of its own: this is on the way of every read.
    read: (caller, type, id) =>
      type === AUDIT_EVENT
        ? orEvent(deps, { caller, id, interaction: 'read' }, async () => resources.read(caller, type, id))
        : resources.read(caller, type, id),
    vread: async (caller, which) => {
      const { type, id, version } = which
      const stored = async () => resources.vread(caller, which)
      return type === AUDIT_EVENT && version === 1
        ? orEvent(deps, { caller, id, interaction: 'vread' }, stored)
        : stored()
    },
  }
}

interface Asked {
  readonly caller: Caller
  readonly id: string
  readonly interaction: string
}

async function orEvent<Stored>(
  { access, definitions, source }: EventDeps,
  { caller, id, interaction }: Asked,
  stored: () => Promise<Stored>,
): Promise<Stored | ReturnType<typeof eventVersion>> {
  try {
    return await stored()
  } catch (error) {
    const isAbsent = error instanceof Fault && error.kind === 'not-found'
    const row = isAbsent && access.readsTrail(caller) ? await source.find(id) : undefined
    if (!row) throw error
    await access.noteRead(caller, interaction, `${AUDIT_EVENT}/${id}`)
    return eventVersion(row, definitions)
  }
}
