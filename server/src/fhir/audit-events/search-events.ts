import type { AuditRow, AuditWalk, PlacedRow, RowPlace } from '../../audit/audit-rows.ts'
import type { AuditArchive } from '../../audit/create-audit-trail.ts'
import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { ResourceReader, Row } from '../../store/port.ts'
import type { Posting, ScanRequest } from '../../store/scans.ts'
import type { Definitions } from '../definitions.ts'
import type { Clause } from '../search/clause.ts'
import { reach } from '../search/comparison.ts'
import type { Query } from '../search/hits.ts'
import { wholeType } from '../search/plan.ts'
import { eventRow } from './event-row.ts'

export type EventSource = Pick<AuditArchive, 'ship' | 'walk' | 'find'>

/**
 * The same search of the audit trail: its rows become AuditEvents while it goes through them, the last ones first, and the clauses decide.
 * There is no index of the trail: dates tell where to look, and the text of a row whether it is worth the work.
 */
export function eventQuery(query: Query, source: EventSource, definitions: Definitions): Query {
  const { module, base, clauses } = query
  const context = { definitions, module, base }
  const ids = idsIn(clauses)
  const rowOf = ({ row }: Pick<PlacedRow, 'row'>): Row => eventRow(row, context)
  const events = walkedEvents(source, { walk: walkFor(clauses), rowOf, isById: ids !== undefined })
  const plan = { ...wholeType('updated', 'desc'), label: 'the audit trail' }
  return {
    ...query,
    reader: { ...query.reader, ...events },
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

type Reading = Pick<ResourceReader, 'scan' | 'fetch' | 'count'>

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
  let going: { readonly next: Next; readonly last: Posting } | undefined
  const scan = async ({
    after,
    limit,
  }: Pick<ScanRequest, 'after' | 'limit'>): Promise<readonly Posting[]> => {
    const isNext = after !== undefined && after.sort === going?.last.sort && after.tie === going.last.tie
    const next = (isNext ? going?.next : undefined) ?? (await open(after && placeOf(after)))
    const found: Posting[] = []
    while (found.length < limit) {
      const placed = await next()
      if (!placed) break
      const row = rowOf(placed)
      places.set(row.id, placed.place)
      found.push({ id: row.id, row, ...sortOf(placed.place) })
    }
    const last = found.at(-1)
    going = last && { next, last }
    return found
  }
  return {
    scan,
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
      const next = await open(undefined)
      let count = 0
      for (let placed = await next(); placed && count < cap; placed = await next())
        if (key === undefined || rowOf(placed).has(key)) count += 1
      return count
    },
  }
}

async function rowAt(source: EventSource, { group, index }: RowPlace): Promise<AuditRow | undefined> {
  for await (const [first] of source.walk({ before: { group, index: index + 1 } })) return first?.row
  return undefined
}

/** The next row of a walk; `undefined` at its end. */
type Next = () => Promise<PlacedRow | undefined>

/** @returns begins a walk behind a place. @throws Fault `too-costly` for a walk that is too long */
function createWalk(source: EventSource, walk: AuditWalk): (before: RowPlace | undefined) => Promise<Next> {
  return async (before) => {
    await source.ship()
    const groups = source.walk({ ...walk, ...(before ? { before } : {}) })
    let rows: readonly PlacedRow[] = []
    let at = 0
    let looked = { groups: 0, rows: 0 }
    return async () => {
      while (at >= rows.length) {
        const { value, done = false } = await groups.next()
        if (done || value === undefined) return undefined
        rows = value
        at = 0
        looked = { groups: looked.groups + 1, rows: looked.rows + rows.length }
        if (looked.groups > limits.audit.groupsLooked || looked.rows > limits.audit.rowsLooked)
          throw tooLong()
      }
      at += 1
      return rows[at - 1]
    }
  }
}

function tooLong(): Error {
  const text =
    'Too much of the audit trail would have to be looked at: bound it by date, such as date=ge2026-11-01&date=lt2026-11-08, or name a patient, an entity or an altid'
  return fault('too-costly', { code: 'too-costly', text })
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
