import { expect, it } from 'vitest'

import { systemCaller } from '../../src/auth/caller.ts'
import { readOnce } from '../../src/hl7/record/read-once.ts'
import { isOpen } from '../../src/hl7/record/shared-beds.ts'
import type { WorkItem } from '../../src/hl7/record/worklist.ts'
import type { JsonObject } from '../../src/kernel/json.ts'
import { limits } from '../../src/kernel/limits.ts'
import { items } from './order-day.ts'
import { adt, start, withNumber, type Step, type World } from './visit-steps.ts'

type Event = readonly [mrn: string, step: Step]

const BED = { 3: 'W1^05^B' }
const told = (mrn: string, event: string, visit: Step['visit'] = {}): Event => [mrn, { event, visit }]

async function after(...events: readonly Event[]): Promise<World> {
  const world = await start()
  for (const [mrn, step] of events) await world.send(adt(mrn, step))
  return world
}

function numberOf(all: readonly JsonObject[], reference: string): readonly unknown[] {
  const found = all.find(({ id }) => reference.endsWith(`/${id as string}`))
  return ((found?.['identifier'] ?? []) as readonly JsonObject[]).slice(0, 1).map(({ value }) => value)
}

/** Numbers of the visits for which somebody has to look at the bed, and of those who are in it, too. */
async function asked({ engine }: World): Promise<readonly unknown[]> {
  const [visits, people] = [await engine.all('Encounter'), await engine.all('Patient')]
  return (await items(engine)).map(({ kind, element, why, reference, incoming }) => {
    expect([kind, element, why]).toEqual(['place', 'location', 'bed'])
    const [, ...others] = JSON.parse(incoming as string) as { reference: string }[]
    return [
      numberOf(visits, reference as string),
      ...others.map((one) => numberOf(people, one.reference)),
    ].flat()
  })
}

it.each([
  ['an admission', [told('1', 'A01'), told('2', 'A01')], [['V2', '1']]],
  ['a transfer', [told('1', 'A01'), told('2', 'A01', BED), told('2', 'A02')], [['V2', '1']]],
  [
    'a discharge that is taken back',
    [told('1', 'A01'), told('1', 'A03'), told('2', 'A01'), told('1', 'A13')],
    [['V1', '2']],
  ],
  ['a third one', [told('1', 'A01'), told('2', 'A01'), told('3', 'A01')], [['V3', '1', '2']]],
  ['one who is told again', [told('1', 'A01'), told('1', 'A08'), told('1', 'A02')], []],
  ['another visit of the same patient', [told('1', 'A01'), told('1', 'A01', { 19: 'V9^^^NORTH^VN' })], []],
  ['another bed', [told('1', 'A01'), told('2', 'A01', BED)], []],
  ['a ward without beds', [told('1', 'A01', { 3: 'W1' }), told('2', 'A01', { 3: 'W1' })], []],
  ['one who is expected', [told('1', 'A01'), told('2', 'A05')], []],
] as const)('asks about a bed that has a patient, for %s', async (_, events, expected) => {
  expect(await asked(await after(...events))).toEqual(expected)
})

it.each([
  ['one is discharged', told('1', 'A03')],
  ['one goes to another bed', told('2', 'A02', BED)],
  ['an admission is cancelled', told('2', 'A11')],
])('asks no more once %s', async (_, last) => {
  const world = await after(told('1', 'A01'), told('2', 'A01'))
  expect(await asked(world)).toHaveLength(1)
  await world.send(adt(...last))
  expect(await asked(world)).toEqual([])
})

it('asks on while two of three are there', async () => {
  expect(
    await asked(await after(told('1', 'A01'), told('2', 'A01'), told('3', 'A01'), told('1', 'A03'))),
  ).toHaveLength(1)
})

it('asks nothing about two who change their beds (A17)', async () => {
  const world = await after(told('1', 'A01'), told('2', 'A01', BED))
  const [one, two] = [adt('1', { event: 'A17', visit: BED }), adt('2', { event: 'A17' })].map((text) =>
    text.split('\r'),
  )
  await world.send([...(one ?? []).slice(0, 4), ...(two ?? []).slice(2)].join('\r'))
  expect(await asked(world)).toEqual([])
  const visit = await withNumber(world.engine, 'Encounter', 'V2')
  expect(visit?.['location']).toHaveLength(2)
})

it('finds who is in a bed when several come at once, and calls what many are in no bed', async () => {
  const world = await start()
  await Promise.all(['1', '2'].map(async (mrn) => world.send(adt(mrn, { event: 'A01' }))))
  expect(await asked(world)).toHaveLength(1)
  for (let mrn = 3; mrn < limits.hl7.bedVisits + 5; mrn++)
    await world.send(adt(String(mrn), { event: 'A01' }))
  const [kept] = await world.engine.store.records.range({ collection: 'hl7-beds', limit: 2 })
  expect(kept?.value).toMatchObject({ visits: { length: limits.hl7.bedVisits + 1 } })
})

async function finish({ engine }: World, visit: string): Promise<void> {
  const { meta: _, ...resource } = (await withNumber(engine, 'Encounter', visit)) ?? {}
  const draft = { type: 'Encounter', id: resource['id'] as string, method: 'PUT' } as const
  await engine.resources.transact(systemCaller('tests', 'system'), {
    drafts: [{ ...draft, resource: { ...resource, status: 'finished' } }],
  })
}

it('does not count who has left by another way than a message', async () => {
  const world = await after(told('1', 'A01'))
  await finish(world, 'V1')
  await world.send(adt('2', { event: 'A01' }))
  expect(await asked(world)).toEqual([])
})

it('lists a bed no more that somebody has left by another way', async () => {
  const world = await after(told('1', 'A01'), told('2', 'A01'))
  const { store, resources } = world.engine
  const [item] = await items(world.engine)
  const isListed = async () =>
    isOpen({ records: store.records, resources: readOnce(resources) }, item as unknown as WorkItem)
  expect(await isListed()).toBe(true)
  await finish(world, 'V1')
  expect(await isListed()).toBe(false)
})
