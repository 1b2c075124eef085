import type { AuditRow, AuditWalk, PlacedRow, RowPlace, WalkedGroup } from '../../audit/audit-rows.ts'
import type { AuditArchive } from '../../audit/create-audit-trail.ts'
import { limits } from '../../kernel/limits.ts'
import type { ResourceReader, Row } from '../../store/port.ts'
import type { Posting, ScanRequest } from '../../store/scans.ts'
import type { Definitions } from '../definitions.ts'
import type { Clause } from '../search/clause.ts'
import { reach } from '../search/comparison.ts'
import { notWhole } from '../search/hits.ts'
import type { Query } from '../search/hits.ts'
import { wholeType } from '../search/plan.ts'
import type { Trail } from '../search/search.ts'
import { AUDIT_EVENT, eventRow } from './event-row.ts'

export type EventSource = Pick<AuditArchive, 'ship' | 'walk' | 'groups' | 'find'>

export function eventTrail(source: EventSource, definitions: Definitions): Trail {
  return { type: AUDIT_EVENT, query: (stored) => eventQuery(stored, source, definitions) }
}

/**
 * The same search of the audit trail: its rows become AuditEvents while it goes through them, the last ones first, and the clauses decide.
 * There is no index of the trail: dates tell where to look, and the text of a row whether it is worth the work. A walk that becomes too long
 * stops, and tells where.
 */
function eventQuery(query: Query, source: EventSource, definitions: Definitions): Query {
  const { module, base, clauses } = query
  const context = { definitions, module, base }
  const ids = idsIn(clauses)
  const rowOf = ({ row }: Pick<PlacedRow, 'row'>): Row => eventRow(row, context)
  const walk = walkFor(clauses)
  const { stopped, ...events } = walkedEvents(source, {
    walk,
    rowOf,
    isById: ids !== undefined,
  })
  const plan = { ...wholeType('updated', 'desc'), label: 'the audit trail' }
  return {
    ...query,
    reader: { ...query.reader, ...events },
    stopped,
    isTooLong: async () => ids === undefined && (await source.groups(walk)) > limits.audit.groupsLooked,
    plan: ids ? { ...plan, driver: { by: 'ids', ids } } : plan,
  }
}

/** The only events that can meet the clauses, where these name some. */
function idsIn(clauses: readonly Clause[]): readonly string[] | undefined {
  for (const { anyOf, negated, join } of clauses) {
    const ids = anyOf.flatMap((test) => (test.by === 'id' ? [test.id] : []))
    if (negated !== true && !join && ids.length === anyOf.length) return ids
  }
  return undefined
}

type Reading = Pick<ResourceReader, 'scan' | 'fetch' | 'count'> & Required<Pick<Query, 'stopped'>>

interface Walked {
  readonly walk: AuditWalk
  readonly rowOf: (placed: Pick<PlacedRow, 'row'>) => Row
  /** Rows are asked for by ids that no walk has found. */
  readonly isById: boolean
}

function walkedEvents(source: EventSource, { walk, rowOf, isById }: Walked): Reading {
  const open = createWalk(source, walk)
  // What was ranked is asked for once more.
  const places = new Map<string, RowPlace>()
  let going: { readonly walker: Walker; readonly last: Posting | undefined } | undefined
  const scan = async ({
    after,
    limit,
  }: Pick<ScanRequest, 'after' | 'limit'>): Promise<readonly Posting[]> => {
    const isNext = after !== undefined && after.sort === going?.last?.sort && after.tie === going.last.tie
    const walker = (isNext ? going?.walker : undefined) ?? (await open(after && placeOf(after)))
    const found: Posting[] = []
    while (found.length < limit) {
      const placed = await walker.next()
      if (!placed) break
      const row = rowOf(placed)
      places.set(row.id, placed.place)
      found.push({ id: row.id, row, ...sortOf(placed.place) })
    }
    going = { walker, last: found.at(-1) }
    return found
  }
  return {
    scan,
    stopped: () => {
      const place = going?.walker.stopped()
      return place && sortOf(place)
    },
    fetch: async (_type, ids) => {
      const rows: (Row | undefined)[] = []
      for (const id of ids) {
        const place = places.get(id)
        const row = place ? await rowAt(source, place) : isById ? await source.find(id) : undefined
        rows.push(row && rowOf({ row }))
      }
      return rows
    },
    count: async (_type, key, cap) => {
      const walker = await open(undefined)
      let count = 0
      for (let placed = await walker.next(); placed && count < cap; placed = await walker.next())
        if (key === undefined || rowOf(placed).has(key)) count += 1
      if (walker.stopped()) throw notWhole()
      return count
    },
  }
}

async function rowAt(source: EventSource, { group, index }: RowPlace): Promise<AuditRow | undefined> {
  for await (const { rows } of source.walk({ before: { group, index: index + 1 } })) return rows[0]?.row
  return undefined
}

interface Walker {
  /** @returns `undefined` at the end, and where it stops */
  next(): Promise<PlacedRow | undefined>
  /** Behind what it stopped, although there is more. */
  stopped(): RowPlace | undefined
}

/** @returns begins a walk behind a place */
function createWalk(source: EventSource, walk: AuditWalk): (before: RowPlace | undefined) => Promise<Walker> {
  return async (before) => {
    await source.ship()
    const groups = source.walk({ ...walk, ...(before ? { before } : {}) })
    let now: WalkedGroup = { group: '', rows: [] }
    let at = 0
    let looked = { groups: 0, rows: 0 }
    let stopped: RowPlace | undefined
    return {
      stopped: () => stopped,
      next: async () => {
        while (at >= now.rows.length) {
          const isLong = looked.groups >= limits.audit.groupsLooked || looked.rows >= limits.audit.rowsLooked
          stopped = isLong ? { group: now.group, index: 0 } : undefined
          const { value } = isLong ? {} : await groups.next()
          if (!value) return undefined
          now = value
          at = 0
          looked = { groups: looked.groups + 1, rows: looked.rows + now.rows.length }
        }
        at += 1
        return now.rows[at - 1]
      },
    }
  }
}

// The place of a row as numbers: `2026-11-29/00000012` is 2026112900000012.
function sortOf({ group, index }: RowPlace): { sort: number; tie: number } {
  return { sort: Number(group.replaceAll(/\D/g, '')), tie: index }
}

function placeOf({ sort, tie }: Pick<Posting, 'sort' | 'tie'>): RowPlace {
  const [, year, month, day, number] = /^(\d{4})(\d\d)(\d\d)(\d{8})$/.exec(String(sort)) ?? []
  return { group: `${String(year)}-${String(month)}-${String(day)}/${String(number)}`, index: Number(tie) }
}

/** What the clauses say about where rows stand, and about their text. */
function walkFor(clauses: readonly Clause[]): AuditWalk {
  let [from, to] = [0, Infinity]
  const texts: (readonly string[])[] = []
  for (const { anyOf, negated, join } of clauses) {
    if (negated === true || join) continue
    const [test, other] = anyOf
    if (test?.by === 'range' && !other && (test.param === 'date' || test.param === '_lastUpdated')) {
      const { lo, hi } = reach(test.comparator, test.interval)
      from = Math.max(from, lo)
      to = Math.min(to, hi)
    }
    const some = anyOf.map((each) => (each.by === 'key' ? textIn(each.key) : ''))
    if (some.length > 0 && some.every((each) => each !== '')) texts.push(some.map(asInRow))
  }
  return { from, texts, ...(to === Infinity ? {} : { to: Math.ceil(to) + 1 }) }
}

/** What the row of an event with this key surely holds; empty when that cannot be told. */
function textIn(key: string): string {
  const [, text = ''] = /^(?:patient|entity|altid)=(?:.*[/|])?([^/|]{1,200})$/.exec(key) ?? []
  return text
}

function asInRow(text: string): string {
  return JSON.stringify(text).slice(1, -1).toLowerCase()
}
