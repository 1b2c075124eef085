import { expect, it } from 'vitest'

import type { JsonObject } from '../../src/kernel/json.ts'
import { adt, itemsOf, start, stays, without, startTwoFeeds, withNumber, type Step } from './visit-steps.ts'

const A01: Step = { event: 'A01', visit: { 14: '7', 44: '202603010800' } }
const A02: Step = { event: 'A02', visit: { 3: 'W2^01^B' }, evn: 'EVN||||||202603010900' }
const A03: Step = { event: 'A03', visit: { 36: '01', 37: 'HOME', 45: '202603021200' } }
const elsewhere = { 3: 'W9^01^C' }

/** What the visit is like behind the steps, and what somebody has to look at. */
type Story = readonly [does: string, steps: readonly Step[], expected: object, ...told: string[]]

const STORIES: readonly Story[] = [
  ...['A05', 'A14', 'A27', 'A38'].map((event): Story => {
    const announced = ['A05', 'A14'].includes(event) ? 'planned' : 'cancelled'
    return [
      `${event} of a visit that runs leaves its bed and its class`,
      [A01, { event, visit: { 2: 'P', ...elsewhere, 42: 'W8^01^C', 44: '202603050800' } }],
      {
        status: 'in-progress',
        class: { code: 'IMP' },
        period: { start: '2026-03-01T08:00:00+00:00' },
        location: stays('active 08:00-'),
      },
      `status "in-progress" "${announced}"`,
    ]
  }),
  [
    'A27 of a visit that runs leaves the transfer that is expected',
    [A01, { event: 'A15', visit: { 42: 'W3^01^C' } }, { event: 'A27' }],
    { location: stays('active 08:00-', 'planned -') },
    'status "in-progress" "cancelled"',
  ],
  [
    'A05 plans another bed than A05 before',
    [{ event: 'A05' }, { event: 'A05', visit: elsewhere }],
    { status: 'planned', location: stays('planned -') },
  ],
  [
    'A03 without a place leaves nobody in a bed',
    [A01, A02, { ...A03, visit: { ...A03.visit, 3: '' } }],
    { status: 'finished', location: stays('completed 09:00-12:00', 'completed 08:00-09:00') },
  ],
  [
    'A03 with the bed of before ends the stay in the one that the patient is in',
    [A01, A02, A03],
    { status: 'finished', location: stays('completed 08:00-09:00', 'completed 09:00-12:00') },
  ],
  [
    'A03 again with another time ends the stay then, and no other',
    [
      A01,
      A02,
      { ...A03, visit: { 3: 'W2^01^B', 45: '202603021100' } },
      { ...A03, visit: { 3: '', 45: '202603021200' } },
    ],
    {
      period: { end: '2026-03-02T12:00:00+00:00' },
      location: stays('completed 09:00-12:00', 'completed 08:00-09:00'),
    },
  ],
  [
    'A01 in another bed than the one that was planned expects nobody there',
    [{ event: 'A05' }, { ...A01, visit: { ...A01.visit, ...elsewhere } }],
    { status: 'in-progress', location: stays('active 08:00-') },
  ],
  [
    'A03 ends the transfer that was expected',
    [A01, { event: 'A15', visit: { 42: 'W3^01^C' } }, A03],
    { location: stays('completed 08:00-12:00') },
  ],
  [
    'A11 without a place leaves nobody in a bed',
    [A01, A02, { event: 'A11', visit: { 3: '' } }],
    { status: 'cancelled', location: stays('completed 09:00-', 'completed 08:00-09:00') },
  ],
  [
    'A23 without a place leaves nobody in a bed, and nobody expected',
    [A01, { event: 'A15', visit: { 42: 'W3^01^C' } }, { event: 'A23', visit: { 3: '' } }],
    { status: 'entered-in-error', location: stays('completed 08:00-') },
  ],
  [
    'A38 without a place leaves nobody expected',
    [{ event: 'A05' }, { event: 'A38', visit: { 3: '' } }],
    { status: 'cancelled', location: stays('completed -') },
  ],
  [
    'A02 behind the discharge gives the stay that is over no other start',
    [A01, A02, { ...A03, visit: { ...A03.visit, 3: 'W2^01^B' } }, { ...A02, evn: 'EVN||||||202603021500' }],
    { status: 'finished', location: stays('completed 09:00-12:00', 'completed 08:00-09:00') },
    'status "finished" "in-progress"',
  ],
  [
    'A02 behind the discharge says when a stay of before began',
    [
      { event: 'A08', visit: { 3: 'W2^01^B' } },
      { ...A03, visit: { ...A03.visit, 3: 'W2^01^B' } },
      { ...A02, evn: 'EVN||||||202603021000' },
    ],
    { location: stays('completed 10:00-12:00') },
    'status "finished" "in-progress"',
  ],
  [
    'A02 behind the discharge begins no stay that had ended',
    [A01, A03, { ...A02, visit: { 3: 'W1^05^A' }, evn: 'EVN||||||202603021500' }],
    { location: stays('completed 08:00-12:00') },
    'status "finished" "in-progress"',
  ],
  [
    'A01 of before, sent again behind the discharge, admits nobody',
    [A01, A03, { ...A01, visit: { ...A01.visit, ...elsewhere, 2: 'O' } }],
    {
      status: 'finished',
      class: { code: 'IMP' },
      period: { start: '2026-03-01T08:00:00+00:00', end: '2026-03-02T12:00:00+00:00' },
      location: stays('completed 08:00-12:00'),
    },
    'status "finished" "in-progress"',
  ],
  [
    'A01 later than the discharge admits again, without end, disposition and destination of before',
    [A01, A03, { event: 'A01', visit: { 44: '202603040700' } }],
    without('x', {
      status: 'in-progress',
      period: without('end', { start: '2026-03-04T07:00:00+00:00' }),
      hospitalization: without('dischargeDisposition', without('destination')),
      location: stays('active 07:00-', 'completed 08:00-12:00'),
    }),
  ],
  [
    'A04 behind a discharge without a time admits again when it names a later admission, and not when it names that of before',
    [
      A01,
      { event: 'A03', visit: {} },
      { event: 'A04', visit: { 44: '202603010800' } },
      { event: 'A04', visit: { 44: '202603010930' } },
    ],
    { status: 'arrived', location: stays('active 09:30-', 'completed 08:00-') },
    'status "finished" "arrived"',
  ],
  [
    'A13 without a place puts the patient back into the bed of the discharge, not into those of before',
    [A01, A02, { ...A03, visit: { ...A03.visit, 3: '' } }, { event: 'A13', visit: { 3: '' } }],
    { status: 'in-progress', location: stays('active 09:00-', 'completed 08:00-09:00') },
  ],
  [
    'A13 without a place puts the patient into one bed alone',
    [
      A01,
      { ...A03, visit: { ...A03.visit, 3: '' } },
      { event: 'A12', visit: elsewhere },
      { event: 'A13', visit: { 3: '' } },
    ],
    { status: 'in-progress', location: stays('active -', 'completed 08:00-12:00') },
  ],
  [
    'A13 in another bed than that of the discharge puts the patient into that one alone',
    [A01, A02, { ...A03, visit: { ...A03.visit, 3: '' } }, { event: 'A13', visit: elsewhere }],
    { status: 'in-progress', location: stays('active -', 'completed 09:00-12:00', 'completed 08:00-09:00') },
  ],
  [
    'A02 told again begins no other stay, and an earlier time corrects its start',
    [
      A01,
      A02,
      { ...A02, evn: 'EVN||||||202603010930' },
      { ...A02, evn: 'EVN||||||202603010845' },
      { ...A02, evn: 'EVN||||||202603011000' },
    ],
    { location: stays('active 08:45-', 'completed 08:00-08:45') },
  ],
  [
    'A02 that comes behind the discharge ends the stay before where its own began',
    [A01, { ...A03, visit: { 45: '202603021200' } }, A02],
    { location: stays('completed 09:00-12:00', 'completed 08:00-09:00') },
    'status "finished" "in-progress"',
  ],
  [
    'A02 told later than the next one is a stay before it, and nobody is in its bed',
    [A01, { ...A02, visit: { 3: 'W2^01^A' }, evn: 'EVN||||||202603011000' }, A02],
    { location: stays('completed 09:00-10:00', 'active 10:00-', 'completed 08:00-09:00') },
  ],
  [
    'A01 again behind a transfer does not say that the patient has been in the bed of now since then',
    [A01, A02, { ...A01, visit: { ...A01.visit, 3: 'W2^01^B' } }],
    { location: stays('active 09:00-', 'completed 08:00-09:00') },
  ],
  [
    'A01 again with another time begins the first stay then',
    [A01, A02, { event: 'A08', visit: { 3: 'W2^01^B', 44: '202603010830' } }],
    { location: stays('active 09:00-', 'completed 08:30-09:00') },
  ],
  [
    'a facility without ward, room and bed is no place',
    [
      { event: 'A01', visit: { 3: '^^^NORTH', 44: '202603010800' } },
      { event: 'A02', visit: { 3: '^^^NORTH', 6: '^^^NORTH' }, evn: 'EVN||||||202603010900' },
      { ...A03, visit: { 3: '^^^NORTH', 45: '202603021200' } },
    ],
    without('location', { status: 'finished' }),
  ],
  [
    'A01 without a time of admission begins the stay when it happened',
    [{ event: 'A01', evn: 'EVN||202603010810||||202603010805' }],
    { location: stays('active 08:05-') },
  ],
  [
    'the null of HL7 takes nothing but its own place away',
    [
      A01,
      A02,
      { event: 'A15', visit: { 3: 'W2^01^B', 42: 'W3^01^C' } },
      { event: 'A08', visit: { 3: '', 6: '""', 11: '""', 42: '""', 43: '""' } },
    ],
    { location: stays('active 09:00-', 'completed 08:00-09:00') },
  ],
  [
    'the null of HL7 as the place of a patient leaves the stays of before',
    [A01, A02, { event: 'A08', visit: { 3: '""' } }],
    { location: stays('completed 08:00-09:00') },
  ],
  [
    'A10 ends a stay elsewhere, and not when the one in the bed began',
    [
      A01,
      A02,
      { event: 'A09', visit: { 3: 'W2^01^B', 11: 'XRAY' } },
      { event: 'A10', visit: { 3: 'W2^01^B' } },
    ],
    { location: stays('active 09:00-', 'completed -', 'completed 08:00-09:00') },
  ],
  [
    'A01 without a time of admission begins the visit when it happened, however often it comes',
    [
      { event: 'A05' },
      { event: 'A01', evn: 'EVN||202603020830||||202603020815' },
      { event: 'A01', evn: 'EVN||202603020930||||202603020915' },
    ],
    { period: { start: '2026-03-02T08:15:00+00:00' }, location: stays('active 08:15-') },
  ],
  [
    'A01 without any other time begins the visit when that was recorded, until somebody says when',
    [
      { event: 'A01', evn: 'EVN||202603020830' },
      { event: 'A08', visit: { 44: '202603020810' }, evn: 'EVN||202603021000' },
    ],
    { period: { start: '2026-03-02T08:10:00+00:00' }, location: stays('active 08:10-') },
  ],
  [
    'A01 behind a discharge begins again when that was recorded',
    [A01, A03, { event: 'A01', evn: 'EVN||202603040700' }],
    {
      status: 'in-progress',
      period: without('end', { start: '2026-03-04T07:00:00+00:00' }),
      location: stays('active 07:00-', 'completed 08:00-12:00'),
    },
  ],
  [
    'A02 that comes behind the discharge which happened after it is a stay before it',
    [A01, { ...A02, late: true }, { ...A03, visit: { ...A03.visit, 3: 'W2^01^B' } }],
    { status: 'finished', location: stays('completed 09:00-12:00', 'completed 08:00-09:00') },
  ],
  [
    'A02 that comes behind the next one is a stay between the two, however often it comes',
    [
      A01,
      { ...A02, late: true },
      { event: 'A02', visit: { 3: 'W3^01^C' }, evn: 'EVN||||||202603011000' },
      { event: 'A02', visit: { 3: 'W4^01^C' }, evn: 'EVN||||||202603011100' },
    ],
    {
      status: 'in-progress',
      location: stays(
        'active 11:00-',
        'completed 10:00-11:00',
        'completed 09:00-10:00',
        'completed 08:00-09:00',
      ),
    },
  ],
  [
    'A01 that comes behind a transfer is the stay before it',
    [{ ...A01, late: true }, A02],
    { status: 'in-progress', location: stays('active 09:00-', 'completed 08:00-09:00') },
  ],
  [
    'A02 that comes behind its cancel puts nobody anywhere',
    [A01, { ...A02, late: true }, { event: 'A12' }],
    { location: stays('active 08:00-') },
  ],
  [
    'A13 opens a visit that A01 could not',
    [A01, A03, A01, { event: 'A13' }],
    { status: 'in-progress', period: without('end'), location: stays('active 08:00-') },
    'status "finished" "in-progress"',
  ],
]

/** What is late was sent in its place, but comes behind the others, and once more. */
function inOrder(steps: readonly Step[]): readonly string[] {
  const messages = steps.map((step) => ({ late: step.late === true, text: adt('4711', step) }))
  const [late, others] = [true, false].map((isLate) => messages.filter((one) => one.late === isLate))
  const again = (late ?? []).map(({ text }) => text.replace(/\|E(\d+)\|P/, '|E$1again|P'))
  return [...(others ?? []), ...(late ?? [])].map(({ text }) => text).concat(again)
}

it.each(STORIES.map((story) => [story[0], story] as const))(
  '%s',
  async (_does, [, steps, expected, ...told]) => {
    const { engine, send } = await start()
    for (const message of inOrder(steps)) await send(message)
    expect(await withNumber(engine, 'Encounter', 'V4711')).toMatchObject(expected)
    expect(await itemsOf(engine)).toEqual(told)
  },
)

it('puts nobody back into a bed whose visit another feed has ended', async () => {
  const { engine, send, sendOther } = await startTwoFeeds()
  const byOther = (step: Step) => sendOther(adt('4711', { ...step, visit: { ...step.visit, 3: '' } }))
  await send(adt('4711', A01))
  await byOther(A01)
  await byOther(A03)
  const ended = { status: 'finished', location: stays('completed 08:00-12:00') }
  expect(await withNumber(engine, 'Encounter', 'V4711')).toMatchObject(ended)
  await send(adt('4711', { event: 'A08', visit: { 10: 'CAR' } }))
  expect(await withNumber(engine, 'Encounter', 'V4711')).toMatchObject({ ...ended, serviceType: {} })
  expect(await itemsOf(engine)).toEqual([])
})

it('takes a discharge back that another feed has told', async () => {
  const { engine, send, sendOther } = await startTwoFeeds('\nplaces: north\n')
  await send(adt('4711', A01))
  await sendOther(adt('4711', A01))
  await sendOther(adt('4711', A03))
  await send(adt('4711', { event: 'A13' }))
  const visit = await withNumber(engine, 'Encounter', 'V4711')
  expect(visit).toMatchObject({
    status: 'in-progress',
    period: without('end'),
    location: stays('active 08:00-'),
  })
  expect(visit).toMatchObject({ hospitalization: without('dischargeDisposition') })
  expect(await itemsOf(engine)).toEqual([])
})

it.each([
  ['the same time', '202603021200'],
  ['a later time', '202603021600'],
])('discharges with %s behind a discharge that another feed has taken back', async (_, time) => {
  const { engine, send, sendOther } = await startTwoFeeds('\nplaces: north\n')
  await send(adt('4711', A01))
  await send(adt('4711', A03))
  await sendOther(adt('4711', A01))
  await sendOther(adt('4711', { event: 'A13' }))
  expect(await withNumber(engine, 'Encounter', 'V4711')).toMatchObject({
    status: 'in-progress',
    location: stays('active 08:00-'),
  })
  await send(adt('4711', { ...A03, visit: { ...A03.visit, 45: time } }))
  expect(await withNumber(engine, 'Encounter', 'V4711')).toMatchObject({
    status: 'finished',
    period: { end: `2026-03-02T${time.slice(8, 10)}:00:00+00:00` },
    hospitalization: { dischargeDisposition: { coding: [{ code: '01' }] } },
    location: stays(`completed 08:00-${time.slice(8, 10)}:00`),
  })
  // The first word of the other feed was an admission of before.
  expect(await itemsOf(engine)).toEqual(['status "finished" "in-progress"'])
})

it.each([
  ['A22', 'the return from', 'in-progress'],
  ['A52', 'the cancel of', 'in-progress'],
])('%s: takes %s a leave that another feed has told', async (event, _, status) => {
  const { engine, send, sendOther } = await startTwoFeeds('\nplaces: north\n')
  await send(adt('4711', A01))
  await sendOther(adt('4711', A01))
  await sendOther(adt('4711', { event: 'A21' }))
  expect(await withNumber(engine, 'Encounter', 'V4711')).toMatchObject({ status: 'onleave' })
  await send(adt('4711', { event }))
  expect(await withNumber(engine, 'Encounter', 'V4711')).toMatchObject({ status })
  expect(await itemsOf(engine)).toEqual([])
})

it('deletes by the null of HL7 the kind of an admission, and leaves the kind of the patient', async () => {
  const { engine, send } = await start()
  await send(adt('4711', { event: 'A01', visit: { 4: 'E', 18: 'SELF' } }))
  await send(adt('4711', { event: 'A08', visit: { 4: '""' } }))
  const visit = await withNumber(engine, 'Encounter', 'V4711')
  expect(visit).toMatchObject({ type: [{ coding: [{ code: 'SELF' }] }] })
  await send(adt('4711', { event: 'A08', visit: { 4: 'R', 18: '""' } }))
  expect(await withNumber(engine, 'Encounter', 'V4711')).toMatchObject({
    type: [{ coding: [{ code: 'R' }] }],
  })
})

const PERSON = 'PID|1||4711^^^NORTH^MR||Salih^Nadia||19870402|F'

/** Of an event that does not say whose visit it is about. */
const untold = (event: string, ...segments: readonly string[]) =>
  [
    'MSH|^~\\&|WARD|NORTH|HUB|MOGRAN|202603020900||ADT^' + event + '|U1|P|2.5.1',
    'EVN||202603020900',
    ...segments,
    '',
  ].join('\r')

it.each([
  ['a discharge without PV1', untold('A03', PERSON), ['bad-value PV1-2']],
  ['a leave that is taken back without PV1', untold('A52', PERSON), ['bad-value PV1-2']],
  [
    'two beds that are swapped without visit numbers',
    untold('A17', PERSON, 'PV1|1|I|W2^01^B', PERSON.replaceAll('4711', '4712'), 'PV1|2|I|W1^05^A'),
    ['no-identity PV1', 'no-identity PV1'],
  ],
])('reports %s, which changes nothing', async (_, message, told) => {
  const { engine, send } = await start()
  await send(adt('4711', A01))
  await send(message)
  const reported = engine.flow.tally.unmappedOf('default').map(({ kind, at }) => `${kind} ${at}`)
  expect(reported).toEqual(told)
  expect(await withNumber(engine, 'Encounter', 'V4711')).toMatchObject({ location: stays('active 08:00-') })
})

const admitted = (bed: string) => `PV1|1|I|${bed}${'|'.repeat(41)}202603010800`

it('swaps the beds of visits that are known by their admission', async () => {
  const { engine, send } = await start()
  const other = PERSON.replaceAll('4711', '4712')
  await send(untold('A01', PERSON, admitted('W1^05^A')))
  await send(untold('A01', other, admitted('W2^01^B')).replace('|U1|', '|U2|'))
  const swap = untold('A17', PERSON, admitted('W2^01^B'), other, admitted('W1^05^A'))
  await send(swap.replace('|U1|', '|U3|').replaceAll('202603020900', '202603020905'))
  const visits = await engine.all('Encounter')
  const swapped = stays('active 09:05-', 'completed 08:00-09:05')
  expect(visits).toMatchObject([{ location: swapped }, { location: swapped }])
})

const EVENTS =
  'A01 A02 A03 A04 A05 A06 A08 A09 A10 A11 A12 A13 A14 A15 A16 A21 A22 A23 A25 A26 A27 A38'.split(' ')
const BEDS = ['W1^01^A', 'W1^01^B', 'W2^01^A', ''] as const
const RUNNING: ReadonlySet<unknown> = new Set(['arrived', 'in-progress', 'onleave'])

/** Eight messages about one visit, the first of which admits. */
function wayOf(visit: number): readonly Step[] {
  let seed = visit
  const upTo = (count: number) => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % count
  return Array.from({ length: 8 }, (_, at): Step => {
    const event = at === 0 ? 'A01' : (EVENTS[upTo(EVENTS.length)] ?? '')
    const [bed = '', other = ''] = [BEDS[upTo(4)], BEDS[upTo(4)]]
    const time = `202603010${at}00`
    const told = { A01: { 44: time }, A02: { 6: other }, A03: { 45: time }, A15: { 42: other } }[event]
    return { event, visit: { 3: bed, ...told } }
  })
}

function wrongIn({ status, period = {}, location = [] }: JsonObject): readonly string[] {
  const active = (location as readonly JsonObject[]).filter((one) => one['status'] === 'active')
  const isRunning = RUNNING.has(status)
  return [
    ...(active.length > (isRunning ? 1 : 0) ? [`${active.length} beds while ${JSON.stringify(status)}`] : []),
    ...(active.some((one) => Object.hasOwn((one['period'] ?? {}) as object, 'end'))
      ? ['a bed with an end']
      : []),
    ...(isRunning && Object.hasOwn(period as object, 'end') ? ['a running visit with an end'] : []),
  ]
}

it('has nobody in two beds, and nobody in a bed of a visit that does not run, whatever comes in whatever order', async () => {
  const { engine, send } = await start()
  for (let visit = 1; visit <= 20; visit++) {
    const way = wayOf(visit)
    for (const [at, step] of way.entries()) {
      await send(adt(`R${visit}`, step))
      const found = (await withNumber(engine, 'Encounter', `VR${visit}`)) ?? {}
      const sent = way.slice(0, at + 1).map((one) => `${one.event} ${one.visit?.[3] ?? ''}`)
      expect(wrongIn(found), sent.join(', ')).toEqual([])
    }
  }
})
