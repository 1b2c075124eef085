import { expect, it } from 'vitest'

import type { JsonObject } from '../../src/kernel/json.ts'
import { adt, itemsOf, start, startTwoFeeds, withNumber, type Step, type World } from './visit-steps.ts'

/** At a time of the first of March, as the sender has recorded it. */
const at = (event: string, time: string, visit: Step['visit'] = {}): Step => ({
  event,
  evn: `EVN||20260301${time}`,
  visit,
})

const A05 = at('A05', '0600', { 2: 'P' })
const A04 = at('A04', '0730', { 2: 'E', 44: '202603010730' })
const A06 = at('A06', '0800', { 2: 'I' })
const A21 = at('A21', '1000')
const A22 = at('A22', '1100')
const A03 = at('A03', '1201', { 45: '202603011200' })

async function historiesOf({ engine }: Pick<World, 'engine'>) {
  const visit = await withNumber(engine, 'Encounter', 'V4711')
  const told = (list: string, code: (item: JsonObject) => unknown) =>
    ((visit?.[list] ?? []) as readonly JsonObject[]).map((item) => {
      const { start: from = '', end: until = '' } = item['period'] as { start?: string; end?: string }
      return `${String(code(item))} ${from.slice(11, 16)}-${until.slice(11, 16)}`
    })
  return {
    status: told('statusHistory', (item) => item['status']),
    class: told('classHistory', (item) => (item['class'] as JsonObject)['code']),
  }
}

async function after(steps: readonly Step[]) {
  const world = await start()
  for (const step of steps) await world.send(adt('4711', step))
  return world
}

const WHOLE = {
  status: [
    'planned 06:00-07:30',
    'arrived 07:30-08:00',
    'in-progress 08:00-10:00',
    'onleave 10:00-11:00',
    'in-progress 11:00-12:00',
    'finished 12:00-',
  ],
  class: ['PRENC 06:00-07:30', 'EMER 07:30-08:00', 'IMP 08:00-'],
}

it('tells which status and class a visit had from when to when', async () => {
  expect(await historiesOf(await after([A05, A04, A06, A21, A22, A03]))).toEqual(WHOLE)
})

it.each([
  ['the other way round', [A03, A22, A21, A06, A04, A05]],
  ['with what is told late', [A05, A03, A04, A21, A22, A06]],
])('tells the same of its classes, and of the statuses that events are about, %s', async (_, steps) => {
  const found = await historiesOf(await after(steps))
  // A06 says by the way that the visit runs: where it comes late it begins nothing.
  const status = ['planned 06:00-07:30', 'arrived 07:30-10:00', ...WHOLE.status.slice(3)]
  expect(found).toEqual({ ...WHOLE, status })
})

it('says nothing twice, whatever is told again', async () => {
  const steps = [A05, A04, A06, A21, A22, A03]
  const { engine, send } = await after(steps)
  const versionOf = async () => (await withNumber(engine, 'Encounter', 'V4711'))?.['meta']
  const before = await versionOf()
  for (const step of [...steps, ...steps.toReversed()]) await send(adt('4711', step))
  expect(await versionOf()).toEqual(before)
})

it('keeps what was taken back, and follows what is corrected', async () => {
  const again = at('A03', '1501', { 45: '202603011500' })
  const corrected = at('A08', '1600', { 45: '202603011430' })
  const world = await after([A04, A06, A03, at('A13', '1300'), again, corrected])
  const status = [
    'arrived 07:30-08:00',
    'in-progress 08:00-12:00',
    'finished 12:00-13:00',
    'in-progress 13:00-14:30',
    'finished 14:30-',
  ]
  expect(await historiesOf(world)).toMatchObject({ status })
  for (const step of [A03, A04, again]) await world.send(adt('4711', step))
  expect(await historiesOf(world)).toMatchObject({ status })
})

it('does not say since when a visit runs that was known by a move alone', async () => {
  const A02 = at('A02', '0900', { 3: 'W2^01^B' })
  expect(await historiesOf(await after([A02, A03]))).toEqual({
    status: ['in-progress -12:00', 'finished 12:00-'],
    class: [],
  })
})

it('has one history of what two feeds tell', async () => {
  const world = await startTwoFeeds('\nplaces: north\n')
  const A01 = at('A01', '0800', { 44: '202603010800' })
  await world.send(adt('4711', A01))
  await world.sendOther(adt('4711', A01))
  await world.sendOther(adt('4711', A03))
  await world.send(adt('4711', at('A13', '1300')))
  expect(await historiesOf(world)).toEqual({
    status: ['in-progress 08:00-12:00', 'finished 12:00-13:00', 'in-progress 13:00-'],
    class: ['IMP 08:00-'],
  })
  expect(await itemsOf(world.engine)).toEqual([])
})

it('never lets a status end before it began', async () => {
  const late = at('A05', '0805', { 2: 'P' })
  const A01 = at('A01', '0810', { 44: '202603010800' })
  expect(await historiesOf(await after([late, A01, A01]))).toMatchObject({
    status: ['planned 08:05-08:05', 'in-progress 08:05-'],
  })
})

const DOCTORS = { 7: '7^Att^Ann', 8: '8^Ref^Rob', 17: '9^Adm^Amy', 14: '7' }
const LATE = at('A01', '0800', { ...DOCTORS, 44: '202603010755' })
const MOVED = at('A02', '0900', { 3: 'W2^01^B', 7: '77^Other^Ona' })

/** Doctors by their kind, the source of the admission, and when it was. */
async function admissionOf({ engine }: Pick<World, 'engine'>) {
  const visit = await withNumber(engine, 'Encounter', 'V4711')
  const {
    participant = [],
    hospitalization = {},
    period,
  } = visit as {
    participant?: { type: { coding: { code: string }[] }[]; individual: { display: string } }[]
    hospitalization?: { admitSource?: { coding: { code: string }[] } }
    period?: JsonObject
  }
  const doctors = participant.map(
    ({ type, individual }) => `${type[0]?.coding[0]?.code} ${individual.display}`,
  )
  const { admitSource } = hospitalization
  return [...doctors.toSorted(), admitSource?.coding[0]?.code, period?.['start'], period?.['end']]
}

const ADMITTED = ['ADM Amy Adm', 'ATND Ona Other', 'REF Rob Ref', '7', '2026-03-01T07:55:00+00:00']
const LEFT = '2026-03-01T12:00:00+00:00'

it.each([
  ['a move', [MOVED, LATE], [...ADMITTED, undefined]],
  ['a discharge', [MOVED, A03, LATE], [...ADMITTED, LEFT]],
  ['both, the other way round', [A03, MOVED, LATE], [...ADMITTED, LEFT]],
  ['a move without saying when it was', [MOVED, at('A01', '0755', DOCTORS)], [...ADMITTED, undefined]],
  [
    'a move that deletes the referrer and the source',
    [at('A02', '0900', { 3: 'W2^01^B', 8: '""', 14: '""' }), LATE],
    ['ADM Amy Adm', 'ATND Ann Att', undefined, '2026-03-01T07:55:00+00:00', undefined],
  ],
])('knows what an admission alone has said, though it comes behind %s', async (_, steps, expected) => {
  const world = await after(steps)
  expect(await admissionOf(world)).toEqual(expected)
  expect(await itemsOf(world.engine)).toEqual([])
})

it.each([
  ['a discharge', A03, 'finished'],
  ['a leave', A21, 'onleave'],
  ['a cancel', at('A11', '1000'), 'cancelled'],
])('asks whether %s counts that comes behind a later message', async (_, step, status) => {
  const { engine } = await after([LATE, at('A08', '1400'), step])
  expect(await engine.all('Encounter')).toMatchObject([{ status: 'in-progress' }])
  expect(await itemsOf(engine)).toEqual([`status "in-progress" "${status}"`])
})

it.each([
  [
    'another class behind an update',
    [at('A01', '0800'), at('A08', '0910'), at('A07', '0900', { 2: 'O' })],
    1,
  ],
  [
    'the class that the update said',
    [at('A01', '0800'), at('A08', '0910', { 2: 'O' }), at('A07', '0900', { 2: 'O' })],
    0,
  ],
  [
    'a class of before the one of now',
    [at('A04', '0800', { 2: 'E' }), at('A06', '0910'), at('A07', '0900', { 2: 'O' })],
    0,
  ],
] as const)('asks once where a change of class comes late with %s', async (_, steps, count) => {
  const { engine, send } = await start()
  const [first, later, late] = steps.map((step, minute) => [step, adt('4711', step), minute] as const)
  for (const [step, text] of [first, later, late].filter((one) => one !== undefined)) {
    const time = String(step.evn).slice(5)
    await send(text.replace(/(MOGRAN\|)\d+/, `$1${time}`))
  }
  const classes = (await itemsOf(engine)).filter((one) => one.startsWith('class'))
  expect(classes).toHaveLength(count)
})
