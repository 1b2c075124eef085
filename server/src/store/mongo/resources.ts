import type { ResourceReader, Row } from '../port.ts'
import { rawDocuments, retrying, type Database } from './database.ts'
import { rowOf, storedVersion, versionKey } from './documents.ts'
import { history, historyCount } from './history.ts'
import { indexKey } from './index-key.ts'
import { names, range, scan } from './searches.ts'

export function resourceReader(database: Database): ResourceReader {
  return {
    read: async (type, id) => {
      const [raw] = await rawDocuments(database.current(type), { filter: { _id: id }, limit: 1 })
      return raw && storedVersion(type, raw)
    },
    vread: async (type, id, version) => {
      const filter = { _id: versionKey(id, version) }
      const [raw] = await rawDocuments(database.history(type), { filter, limit: 1 })
      return raw && storedVersion(type, raw)
    },
    history: async (request) => history(database, request),
    historyCount: async (request) => historyCount(database, request),
    count: async (type, key, cap) => {
      const filter = key === undefined ? { del: false } : { k: indexKey(key) }
      return retrying(async () =>
        database.current(type).countDocuments(filter, Number.isFinite(cap) ? { limit: cap } : {}),
      )
    },
    scan: async (request) => scan(database, request),
    range: async (request) => range(database, request),
    names: async (request) => names(database, request),
    fetch: async (type, ids) => {
      if (ids.length === 0) return []
      const filter = { _id: { $in: [...ids] }, del: false }
      const rows = new Map<string, Row>()
      for (const raw of await rawDocuments(database.current(type), { filter })) {
        const row = rowOf(type, raw)
        rows.set(row.id, row)
      }
      return ids.map((id) => rows.get(id))
    },
    types: async () => database.types(),
  }
}
