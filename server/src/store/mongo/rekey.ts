import type { KeyChange } from '../port.ts'
import { retrying, type Database } from './database.ts'
import { keyFields } from './documents.ts'
import { indexKey } from './index-key.ts'

/** The version is in the filter: who has written a newer one meanwhile has written its keys, too. */
export async function rekey(database: Database, changes: readonly KeyChange[]): Promise<number> {
  const byType = Map.groupBy(changes, ({ type }) => type)
  let changed = 0
  for (const [type, some] of byType) {
    const updates = some
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ id, version, keys }) => {
        const { s, ...fields } = keyFields({ ...keys, k: keys.k.map(indexKey), c: keys.patients })
        const update = {
          $set: { ...fields, ...(s !== undefined && { s }) },
          ...(s === undefined && NO_SORTS),
        }
        return { updateOne: { filter: { _id: id, v: version, del: false }, update } }
      })
    const write = async () => database.current(type).bulkWrite(updates, { ordered: false })
    changed += (await retrying(write)).matchedCount
  }
  return changed
}

const NO_SORTS = { $unset: { s: '' } } as const
