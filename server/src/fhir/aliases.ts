import type { RecordChange } from '../store/port.ts'

/**
 * Aliases: one record (type, system, value) -> resource id, unique, written in the same commit as the resource, for identifiers that are marked as
 * identifying. HL7, devices and REST all resolve and create through it, so that an EHR's POST and the ADT feed meet in one Patient (DESIGN, section 4).
 */
export const ALIASES = 'aliases'

export interface Alias {
  readonly type: string
  readonly system: string
  readonly value: string
}

/** Record id of an alias. The parts are escaped so that no two aliases share an id; long ones end in a hash. */
export function aliasId({ type, system, value }: Alias): string {
  return `${type}|${encodeURIComponent(system)}|${encodeURIComponent(value)}`
}

/** Claims an alias for a resource: refused with the holder when it is taken. */
export function claim(alias: Alias, id: string): RecordChange {
  return { op: 'insert', collection: ALIASES, id: aliasId(alias), value: { type: alias.type, id } }
}
