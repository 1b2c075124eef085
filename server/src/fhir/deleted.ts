import type { RecordChange, RecordStore, ResourceReader, StoredVersion } from '../store/port.ts'
import type { TypeModule } from './definitions.ts'
import { parseObject } from './json/parse.ts'
import { withFacilities } from './keys/keys-of-row.ts'
import type { Subject } from './search/clause.ts'
import { draftSubject } from './search/subject.ts'

/**
 * Deletions have no search keys, so who may see one is told by the version before it: its body, and the facilities that it belonged to,
 * which no body has and which are kept here, in the commit of the deletion.
 */
const DELETED = 'deleted'

interface Which {
  readonly type: string
  readonly id: string
}

export function noteFacilities({ type, id }: Which, facilities: readonly string[]): RecordChange {
  const record = { collection: DELETED, id: `${type}/${id}` }
  return facilities.length === 0
    ? { op: 'delete', ...record }
    : { op: 'put', ...record, value: { facilities: [...facilities] } }
}

export interface DeletedDeps {
  readonly store: { readonly resources: ResourceReader; readonly records: RecordStore }
  readonly base: string
}

export interface LastSeen {
  readonly deletion: StoredVersion
  /** The version before the deletion, and what clauses ask of it. */
  readonly last: StoredVersion
  readonly subject: Subject
}

/** A deleted resource as it was; `undefined` when it is there, or never was. */
export async function lastSeen(
  { store, base }: DeletedDeps,
  { type, id }: Which,
  module: TypeModule,
): Promise<LastSeen | undefined> {
  const deletion = await store.resources.read(type, id)
  if (deletion?.deleted !== true) return undefined
  const last = await store.resources.vread(type, id, deletion.version - 1)
  if (!last || last.deleted) return undefined
  const record = await store.records.get(DELETED, `${type}/${id}`)
  const { facilities = [] } = (record?.value ?? {}) as { readonly facilities?: readonly string[] }
  const resource = parseObject(Buffer.from(last.bytes).toString('utf8'))
  const extracted = module.extract(resource, { lastUpdated: last.lastUpdated, facilities, base })
  const keys = withFacilities(extracted, facilities)
  return { deletion, last, subject: draftSubject({ id, keys, resource, module, base }) }
}
