import { expect, it } from 'vitest'

import { after } from './order-day.ts'
import { adt, itemsOf, startTwoFeeds } from './visit-steps.ts'

type World = Awaited<ReturnType<typeof startTwoFeeds>>

const bedsOf = async ({ engine }: World) => {
  const places = await engine.all('Location')
  return places.flatMap(({ name, physicalType }) =>
    JSON.stringify(physicalType).includes('"bd"') ? [name] : [],
  )
}

/** Two feeds tell that somebody lies in a bed of their own name. */
async function told({ send, sendOther }: World, [one, other]: readonly [string, string]): Promise<void> {
  await send(adt('4711', { event: 'A01', visit: { 3: one } }))
  await sendOther(adt('4712', { event: 'A01', visit: { 3: other } }))
}

it.each([
  ['the same names of places', '\nplaces: north\n'],
  ['one facility', '\nfacility: Organization/north\n'],
])('knows a bed that two feeds tell as one, where they use %s', async (_, more) => {
  const world = await startTwoFeeds(more)
  await told(world, ['W1^05^A^NORTH', 'W1^05^A^NORTH'])
  expect(await bedsOf(world)).toEqual(['A'])
  expect(await itemsOf(world.engine)).toEqual([expect.stringContaining('location')])
})

it('takes the bed of another feed for another one, and asks once whether its ward is the same', async () => {
  const world = await startTwoFeeds()
  await told(world, ['W1^05^A^NORTH', 'W1^05^A^NORTH'])
  await told(world, ['W1^05^B^NORTH', 'W1^06^A^NORTH'])
  expect(await bedsOf(world)).toEqual(['A', 'A', 'B', 'A'])
  expect(await itemsOf(world.engine)).toEqual(['identifier  {"system":"urn:mogran:ward","value":"NORTH|W1"}'])
})

it('does not ask about wards of other facilities', async () => {
  const world = await startTwoFeeds()
  await told(world, ['W1^05^A^NORTH', 'W1^05^A^SOUTH'])
  expect(await itemsOf(world.engine)).toEqual([])
})

const stateOf = (bed: string, state: string) => ['ADT^A20', `NPU|W1^05^${bed}|${state}`] as const

it('does not take a state of a bed that no table knows for a known one, nor for that of before', async () => {
  const engine = await after(
    stateOf('A', 'U'),
    stateOf('A', 'XX'),
    stateOf('B', 'H'),
    stateOf('C', 'D^Dirty^L'),
  )
  const beds = await engine.all('Location')
  expect(beds.map(({ name, operationalStatus }) => [name, operationalStatus])).toEqual([
    ['A', { display: 'XX' }],
    ['B', { system: 'http://terminology.hl7.org/CodeSystem/v2-0116', code: 'H', display: 'Housekeeping' }],
    ['C', { code: 'D', display: 'Dirty' }],
  ])
  expect(engine.flow.tally.unmappedOf('default')).toMatchObject([
    { kind: 'unmapped-code', at: 'NPU-2' },
    { kind: 'unmapped-code', at: 'NPU-2.1' },
  ])
})
