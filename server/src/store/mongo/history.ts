import type { Document } from 'mongodb'

import { fault } from '../../kernel/fault.ts'
import type { HistoryPage, HistoryRequest, StoredVersion } from '../port.ts'
import { rawDocuments, retrying, type Database } from './database.ts'
import { storedVersion } from './documents.ts'
import { RawDocument } from './raw-document.ts'

type Scope = Omit<HistoryRequest, 'after' | 'limit'>

/** Newest first by commit and place in it; the history of the system is merged from those of the types. */
export async function history(database: Database, request: HistoryRequest): Promise<HistoryPage> {
  const { after, limit } = request
  const filter = filterOf(request)
  if (after !== undefined) Object.assign(filter, behind(after))
  const types = await typesOf(database, request)
  const found = await Promise.all(
    types.map(async (type) => {
      const query = { filter, sort: { cn: -1, x: -1 }, limit: limit + 1 }
      return (await rawDocuments(database.history(type), query)).map((raw) => ({
        version: storedVersion(type, raw),
        place: new RawDocument(raw).number('x'),
      }))
    }),
  )
  const ordered = found.flat().toSorted((a, b) => b.version.commit - a.version.commit || b.place - a.place)
  const page = ordered.slice(0, limit)
  const last = page.at(-1)
  const versions: readonly StoredVersion[] = page.map(({ version }) => version)
  if (last === undefined || ordered.length <= limit) return { versions }
  return { versions, next: `${last.version.commit}.${last.place}` }
}

export async function historyCount(database: Database, request: Scope): Promise<number> {
  const filter = filterOf(request)
  const counts = await Promise.all(
    (await typesOf(database, request)).map(async (type) =>
      retrying(async () => database.history(type).countDocuments(filter)),
    ),
  )
  return counts.reduce((sum, count) => sum + count, 0)
}

async function typesOf(database: Database, { type }: Scope): Promise<readonly string[]> {
  return type === undefined ? database.types() : [type]
}

function filterOf({ id, since, at }: Scope): Document {
  return {
    ...(id !== undefined && { id }),
    ...((since !== undefined || at !== undefined) && {
      lu: { ...(since !== undefined && { $gte: since }), ...(at !== undefined && { $lt: at.to }) },
    }),
    ...(at !== undefined && { until: { $gt: at.from } }),
  }
}

function behind(after: string): Document {
  const [cn, x] = after.split('.').map(Number)
  if (cn === undefined || x === undefined || !Number.isSafeInteger(cn) || !Number.isSafeInteger(x))
    throw fault('malformed', {
      code: 'value',
      text: 'The page of the history is not known. Begin at the first one.',
    })
  return { $or: [{ cn: { $lt: cn } }, { cn, x: { $lt: x } }] }
}
