import { createHash } from 'node:crypto'

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

/** Longer ids end in a hash: with what is put around them no key of a record is too long. Texts in other scripts take six letters a letter. */
const ID_MOST = 300
const HASH_LENGTH = 43

/** Record id of an alias. The parts are escaped so that no two aliases share an id, and it begins like that of any alias whose value begins so. */
export function aliasId({ type, system, value }: Alias): string {
  const id = `${type}|${encodeURIComponent(system)}|${encodeURIComponent(value)}`
  if (id.length <= ID_MOST) return id
  const hash = createHash('sha256').update(id).digest('base64url')
  return `${id.slice(0, ID_MOST - HASH_LENGTH - 1)}#${hash}`
}

/** Claims an alias for a resource: refused with the holder when it is taken. */
export function claim(alias: Alias, id: string): RecordChange {
  return { op: 'insert', collection: ALIASES, id: aliasId(alias), value: { type: alias.type, id } }
}
