import { expect, it, onTestFinished } from 'vitest'

import { freshFolder, freshStore } from '../../test/fresh-store.ts'
import { limits } from '../kernel/limits.ts'
import type { RecordStore, Store } from '../store/port.ts'
import type { AuditWalk } from './audit-rows.ts'
import { DAYS, GROUPS, packed, sealed, unpacked } from './chain.ts'
import { type AuditArchive, createAuditTrail } from './create-audit-trail.ts'
import type { AuditEntry } from './trail.ts'

const NOON = Date.UTC(2026, 10, 23, 12)
const DAY_MS = 86_400_000
const entry: AuditEntry = {
  time: NOON,
  subject: 'ada',
  action: 'R',
  interaction: 'read',
  entity: 'Patient/1',
  outcome: 'success',
}

it('keeps the rows of reads and of committed writes, and none of a refused write', async () => {
  const { store, trail } = await opened()
  trail.note(entry)
  await commit(store, trail, { ...entry, action: 'U', interaction: 'update', patients: ['1'] })
  const refused = await store.commit({
    uuid: 'u',
    time: NOON,
    writes: [],
    records: [{ op: 'replace', collection: 'x', id: 'none', revision: 1, value: {} }],
    guards: [],
    audit: [trail.row(entry)],
  })
  expect(refused.outcome).toBe('refused')
  const rows = await trail.rows({ limit: 10 })
  expect(rows.map(({ interaction }) => interaction).toSorted()).toEqual(['read', 'update'])
  expect(await trail.rows({ limit: 10, patient: '1' })).toMatchObject([
    { interaction: 'update', patients: ['1'] },
  ])
  expect(await trail.rows({ limit: 10, subject: 'bob' })).toEqual([])
  await expect(trail.verify()).resolves.toEqual([])
})

it('ships what an earlier process left behind, once', async () => {
  const folder = await freshFolder()
  const first = await opened({ folder })
  first.trail.note(entry)
  await first.trail.close()
  const leftover = await opened({ folder, store: first.store })
  leftover.trail.note({ ...entry, subject: 'bob' })
  await leftover.trail.ship()
  await leftover.trail.ship()
  const rows = await leftover.trail.rows({ limit: 10 })
  expect(rows.map(({ subject }) => subject)).toEqual(['bob', 'ada'])
})

it('ships more rows than a group holds, of commits that lie apart, and looks at none twice', async () => {
  const { store, trail } = await opened()
  const many = Array.from({ length: limits.audit.groupRows + 10 }, (_, i) =>
    trail.row({ ...entry, interaction: 'create', correlation: 'x'.repeat(400), entity: `Patient/${i}` }),
  )
  await store.commit({ uuid: 'a', time: NOON, writes: [], records: [], guards: [], audit: many })
  for (let i = 0; i < 3; i += 1)
    await store.commit({ uuid: `quiet${i}`, time: NOON, writes: [], records: [], guards: [] })
  await commit(store, trail, { ...entry, entity: 'Patient/last' })
  await trail.ship()
  const head = await store.log.head()
  await trail.ship()
  expect(await store.log.head()).toBe(head)
  const rows = await trail.rows({ limit: 10_000 })
  expect(new Set(rows.map(({ entity }) => entity)).size).toBe(limits.audit.groupRows + 11)
  expect(rows).toHaveLength(limits.audit.groupRows + 11)
  await expect(trail.verify()).resolves.toEqual([])
})

it('ends, whatever comes in while it ships, and leaves that for the next time', async () => {
  const { store, trail } = await opened()
  trail.note({ ...entry, entity: 'Patient/before' })
  const done = new AbortController()
  const shipped = trail.ship().then(() => done.abort())
  for (let turn = 0; !done.signal.aborted; turn += 1) {
    await trail.noteRead({ ...entry, entity: `Patient/${turn}` })
    await commit(store, trail, { ...entry, action: 'U', entity: `Patient/written-${turn}` })
  }
  await shipped
  const rows = await trail.rows({ limit: 100_000 })
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
  expect(rows.map(({ entity }) => entity)).toContain('Patient/before')
})

it('keeps two processes on one store out of each other: each row once', async () => {
  const store = await freshStore()
  const trails = [await opened({ store }), await opened({ store })].map(({ trail }) => trail)
  for (let i = 0; i < 50; i += 1) for (const trail of trails) trail.note({ ...entry, correlation: String(i) })
  await Promise.all(trails.map((trail) => trail.ship()))
  const rows = await trails[0]?.rows({ limit: 1000 })
  expect(new Set(rows?.map(({ id }) => id)).size).toBe(100)
  expect(rows).toHaveLength(100)
  await expect(trails[1]?.verify()).resolves.toEqual([])
})

it('gives the newest rows of a span of days first', async () => {
  const { trail } = await opened()
  for (const day of [0, 1, 2]) trail.note({ ...entry, time: NOON + day * DAY_MS, subject: `day ${day}` })
  const subjects = async (from: number, to: number): Promise<string[]> =>
    (await trail.rows({ from, to, limit: 10 })).map(({ subject }) => subject)
  await expect(subjects(NOON, NOON + 2 * DAY_MS)).resolves.toEqual(['day 1', 'day 0'])
  await expect(subjects(0, Date.UTC(2100, 0))).resolves.toEqual(['day 2', 'day 1', 'day 0'])
})

it('is walked from the last group on, from any place on, and by what stands in the rows', async () => {
  const { trail } = await opened()
  for (const day of [0, 1])
    for (const part of ['A', 'B', 'C']) {
      for (const name of [1, 2])
        trail.note({ ...entry, time: NOON + day * DAY_MS, entity: `Patient/${part}${name}` })
      await trail.ship()
    }
  const walked = async (walk: AuditWalk): Promise<string> => {
    const entities: (string | undefined)[] = []
    for await (const { rows } of trail.walk(walk))
      entities.push(...rows.map(({ row }) => row.entity?.slice(8)))
    return entities.join(' ')
  }
  expect(await walked({})).toBe('C2 C1 B2 B1 A2 A1 C2 C1 B2 B1 A2 A1')
  expect(await walked({ from: NOON + DAY_MS, before: { group: '2026-11-24/00000002', index: 1 } })).toBe(
    'B1 A2 A1',
  )
  expect(await walked({ to: NOON + 1, texts: [['/b1"', '/c2"'], ['patient']] })).toBe('C2 B1')
  expect(await walked({ to: NOON })).toBe('')
  trail.note({ ...entry, time: Date.now(), subject: 'eve' })
  const [row] = await trail.rows({ limit: 1, subject: 'eve' })
  await expect(trail.find(row?.id ?? '')).resolves.toEqual(row)
  await expect(trail.find('no-uuid')).resolves.toBeUndefined()
})

it('finds a changed row, a missing group, a missing end and a missing day', async () => {
  const { store, trail } = await opened()
  for (const day of [0, 1, 2])
    for (const part of [1, 2, 3]) {
      trail.note({ ...entry, time: NOON + day * DAY_MS, correlation: String(part) })
      await trail.ship()
    }
  await expect(trail.verify()).resolves.toEqual([])

  await tamper(store.records, '2026-11-23/00000002', (text) => text.replace('"ada"', '"eve"'))
  await store.records.apply([
    { op: 'delete', collection: GROUPS, id: '2026-11-24/00000002' },
    { op: 'delete', collection: GROUPS, id: '2026-11-25/00000003' },
  ])
  await expect(trail.verify()).resolves.toEqual([
    { day: '2026-11-23', group: 2, problem: 'changed' },
    { day: '2026-11-24', group: 2, problem: 'missing' },
    { day: '2026-11-25', group: 3, problem: 'missing' },
  ])
  await store.records.apply([{ op: 'delete', collection: DAYS, id: '2026-11-24' }])
  await expect(trail.verify()).resolves.toContainEqual({ day: '2026-11-24', group: 0, problem: 'missing' })
})

it('finds a row that was changed together with the hash of its group', async () => {
  const { store, trail } = await opened()
  for (const correlation of ['1', '2']) {
    trail.note({ ...entry, correlation })
    await trail.ship()
  }
  const first = await store.records.get(GROUPS, '2026-11-23/00000001')
  const { previous } = await unpacked(first?.value ?? {})
  const value = await packed(sealed(previous, '{"forged":true}'))
  await store.records.apply([{ op: 'put', collection: GROUPS, id: '2026-11-23/00000001', value }])
  await expect(trail.verify()).resolves.toEqual([{ day: '2026-11-23', group: 2, problem: 'changed' }])
})

async function opened({ folder, store }: { folder?: string; store?: Store } = {}): Promise<{
  store: Store
  trail: AuditArchive
}> {
  const used = store ?? (await freshStore())
  const trail = createAuditTrail({
    folder: folder ?? (await freshFolder()),
    store: used,
    clock: Date.now,
    onError: (error) => {
      throw error
    },
  })
  onTestFinished(() => trail.close())
  return { store: used, trail }
}

async function commit(store: Store, trail: AuditArchive, row: AuditEntry): Promise<void> {
  const result = await store.commit({
    uuid: crypto.randomUUID(),
    time: NOON,
    writes: [],
    records: [],
    guards: [],
    audit: [trail.row(row)],
  })
  expect(result.outcome).toBe('committed')
}

async function tamper(records: RecordStore, id: string, change: (text: string) => string): Promise<void> {
  const record = await records.get(GROUPS, id)
  const group = await unpacked(record?.value ?? {})
  const value = await packed({ ...group, text: change(group.text) })
  await records.apply([{ op: 'put', collection: GROUPS, id, value }])
}
