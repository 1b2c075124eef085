import { expect, it } from 'vitest'

import type { JsonObject } from '../../src/kernel/json.ts'
import { adt, itemsOf, start, stays, without, withNumber, type Step } from './visit-steps.ts'

const A01: Step = { event: 'A01', visit: { 14: '7', 44: '202603010800' } }

/** The start alone: the visit goes on. */
const OPEN = expect.toSatisfy(
  (period) => JSON.stringify(period) === '{"start":"2026-03-01T08:00:00+00:00"}',
) as object

const VISITS: readonly [string, readonly Step[], object][] = [
  [
    'A01 admits',
    [A01],
    {
      status: 'in-progress',
      class: { code: 'IMP' },
      hospitalization: { admitSource: { coding: [{ code: '7' }] } },
    },
  ],
  [
    'A02 moves',
    [A01, { event: 'A02', visit: { 3: 'W2^01^B', 6: 'W1^05^A' } }],
    { status: 'in-progress', location: [{ status: 'active' }, { status: 'completed' }] },
  ],
  [
    'A02 that names only the new place leaves the one before, and a message that names one doctor leaves the others',
    [
      { ...A01, visit: { 7: '1^One', 8: '3^Three', 9: '4^Four' } },
      { event: 'A02', visit: { 3: 'W2^01^B' } },
      { event: 'A08', visit: { 3: 'W2^01^B', 7: '2^Two', 9: '""' } },
    ],
    {
      location: [
        { status: 'active', period: { start: expect.any(String) as string } },
        { status: 'completed' },
      ],
      participant: [{ individual: { display: 'Two' } }, { individual: { display: 'Three' } }],
    },
  ],
  [
    'A03 ends, and keeps what it does not repeat',
    [A01, { event: 'A03', visit: { 36: '01', 45: '202603021200' } }],
    {
      status: 'finished',
      period: { start: '2026-03-01T08:00:00+00:00', end: '2026-03-02T12:00:00+00:00' },
      hospitalization: {
        admitSource: { coding: [{ code: '7' }] },
        dischargeDisposition: { coding: [{ code: '01' }] },
      },
      location: [{ status: 'completed' }],
    },
  ],
  ['A04 registers', [{ event: 'A04', visit: { 2: 'O' } }], { status: 'arrived', class: { code: 'AMB' } }],
  ['A05 plans', [{ event: 'A05', visit: { 2: 'P' } }], { status: 'planned' }],
  [
    'A06 makes an inpatient',
    [{ event: 'A04', visit: { 2: 'O' } }, { event: 'A06' }],
    { status: 'in-progress', class: { code: 'IMP' } },
  ],
  [
    'A07 makes an outpatient',
    [A01, { event: 'A07', visit: { 2: 'O' } }],
    { status: 'in-progress', class: { code: 'AMB' } },
  ],
  [
    'A08 leaves the status',
    [
      A01,
      { event: 'A03', visit: { 44: '202603010800', 45: '202603021200' } },
      { event: 'A08', visit: { 10: 'CAR' } },
    ],
    { status: 'finished', period: { end: '2026-03-02T12:00:00+00:00' } },
  ],
  ['A11 cancels', [A01, { event: 'A11' }], { status: 'cancelled' }],
  [
    'A12 takes a transfer back',
    [A01, { event: 'A02', visit: { 3: 'W2^01^B' } }, { event: 'A12', visit: { 3: 'W1^05^A' } }],
    { status: 'in-progress', location: [{ status: 'active' }] },
  ],
  [
    'A13 opens again',
    [
      A01,
      { event: 'A03', visit: { 44: '202603010800', 45: '202603021200' } },
      { event: 'A13', visit: { 44: '202603010800' } },
    ],
    { status: 'in-progress', period: OPEN },
  ],
  [
    'A13 opens again without telling the start',
    [A01, { event: 'A03', visit: { 44: '202603010800', 45: '202603021200' } }, { event: 'A13' }],
    { status: 'in-progress', period: OPEN },
  ],
  [
    'A13 takes back where the patient went',
    [
      A01,
      { event: 'A03', visit: { 36: '01', 37: 'HOME', 45: '202603021200' } },
      { event: 'A13', visit: { 36: '01' } },
    ],
    {
      hospitalization: expect.toSatisfy(
        (stay) => Object.keys(stay as object).join() === 'admitSource',
      ) as object,
    },
  ],
  ['A14 announces', [{ event: 'A14' }], { status: 'planned' }],
  ['A14 of a visit that runs leaves it', [A01, { event: 'A14' }], { status: 'in-progress' }],
  ['A05 of a visit that runs leaves it', [A01, { event: 'A05' }], { status: 'in-progress' }],
  [
    'A05 of a visit that is over leaves it',
    [A01, { event: 'A03' }, { event: 'A05' }],
    { status: 'finished' },
  ],
  ['A38 of a visit that runs leaves it', [A01, { event: 'A38' }], { status: 'in-progress' }],
  ['A38 takes the planned admission back', [{ event: 'A05' }, { event: 'A38' }], { status: 'cancelled' }],
  [
    'A05 plans again behind A38',
    [{ event: 'A05' }, { event: 'A38' }, { event: 'A05' }],
    { status: 'planned' },
  ],
  [
    'A15 announces a transfer',
    [A01, { event: 'A15', visit: { 42: 'W3^01^C' } }],
    { status: 'in-progress', location: [{ status: 'active' }, { status: 'planned' }] },
  ],
  [
    'A16 announces the end',
    [A01, { event: 'A16', more: ['PV2|||||||||20260305'] }],
    { status: 'in-progress' },
  ],
  ['A21 sends on leave', [A01, { event: 'A21' }], { status: 'onleave' }],
  ['A22 takes back from leave', [A01, { event: 'A21' }, { event: 'A22' }], { status: 'in-progress' }],
  ['A23 deletes the visit', [A01, { event: 'A23' }], { status: 'entered-in-error' }],
  ['A25 takes the announced end back', [A01, { event: 'A16' }, { event: 'A25' }], { status: 'in-progress' }],
  [
    'A26 takes the announced transfer back',
    [A01, { event: 'A15', visit: { 42: 'W3^01^C' } }, { event: 'A26' }],
    { status: 'in-progress', location: [{ status: 'active' }] },
  ],
  ['A27 takes the announced admission back', [{ event: 'A14' }, { event: 'A27' }], { status: 'cancelled' }],
  [
    'A38 takes the plan back',
    [{ event: 'A05', visit: { 2: 'P' } }, { event: 'A38' }],
    { status: 'cancelled', location: [{ status: 'completed' }] },
  ],
  [
    'A54 changes the attending doctor',
    [
      { ...A01, visit: { 7: '1^One' } },
      { event: 'A54', visit: { 7: '2^Two' } },
    ],
    { status: 'in-progress', participant: [{ individual: { display: 'Two' } }] },
  ],
  [
    'A55 takes that back',
    [
      { ...A01, visit: { 7: '1^One' } },
      { event: 'A54', visit: { 7: '2^Two' } },
      { event: 'A55', visit: { 7: '1^One' } },
    ],
    { participant: [{ individual: { display: 'One' } }] },
  ],
]

const at = (time: string) => `EVN||||||20260301${time}`
const TO_W2: Step = { event: 'A02', visit: { 3: 'W2^01^B', 6: 'W1^05^A' }, evn: at('0900') }
const LEFT: Step = { event: 'A03', visit: { 36: '01', 45: '202603021200' } }

/** The second event takes back exactly what the first one set. */
const CANCELLED: readonly [string, readonly Step[], object][] = [
  [
    'A01 behind A11 puts the patient into the bed once',
    [
      A01,
      TO_W2,
      { event: 'A11', visit: { 3: 'W2^01^B' } },
      { ...A01, visit: { 3: 'W2^01^B', 44: '202603010930' } },
    ],
    { status: 'in-progress', location: stays('active 09:30-', 'completed 08:00-09:00') },
  ],
  [
    'A01 behind A38 puts the patient into the bed once',
    [{ event: 'A05' }, { event: 'A38' }, A01],
    { status: 'in-progress', location: stays('active 08:00-') },
  ],
  [
    'A12 leaves the stays of before, and the start of the one that goes on',
    [
      A01,
      TO_W2,
      { event: 'A02', visit: { 3: 'W3^01^C', 6: 'W2^01^B' }, evn: at('1000') },
      { event: 'A12', visit: { 3: 'W2^01^B', 6: 'W3^01^C' } },
    ],
    { status: 'in-progress', location: stays('active 09:00-', 'completed 08:00-09:00') },
  ],
  [
    'A12 takes back a return to the bed of before, not the stay there',
    [
      A01,
      TO_W2,
      { event: 'A02', visit: { 3: 'W1^05^A', 6: 'W2^01^B' }, evn: at('1000') },
      { event: 'A12', visit: { 3: 'W2^01^B' } },
    ],
    { location: stays('active 09:00-', 'completed 08:00-09:00') },
  ],
  [
    'A12 without a place leaves them',
    [A01, TO_W2, { event: 'A12', visit: { 3: '' } }],
    { location: stays('active 09:00-', 'completed 08:00-09:00') },
  ],
  [
    'A13 opens the last stay again, and leaves those before it',
    [A01, TO_W2, LEFT, { event: 'A13', visit: { 3: 'W2^01^B' } }],
    { status: 'in-progress', location: stays('active 09:00-', 'completed 08:00-09:00') },
  ],
  [
    'A16 ends no visit, and A25 takes the time back',
    [A01, { event: 'A16', visit: { 45: '202603051000' } }],
    {
      status: 'in-progress',
      period: OPEN,
      location: stays('active 08:00-'),
      extension: [
        {
          url: expect.stringContaining('plannedEndDate') as string,
          valueDateTime: '2026-03-05T10:00:00+00:00',
        },
      ],
    },
  ],
  [
    'A25 takes back time, disposition and destination, though it repeats them',
    [
      A01,
      { event: 'A16', visit: { 36: '01', 37: 'HOME', 45: '202603051000' } },
      { event: 'A25', visit: { 36: '01', 37: 'HOME', 45: '202603051000' } },
    ],
    without('extension', {
      status: 'in-progress',
      period: OPEN,
      location: stays('active 08:00-'),
      hospitalization: without('dischargeDisposition'),
    }),
  ],
  [
    'A25 leaves the end that others expected',
    [{ ...A01, more: ['PV2|||||||||20260305'] }, { event: 'A16' }, { event: 'A25' }],
    { extension: [{ valueDateTime: '2026-03-05' }] },
  ],
  [
    'A25 behind the discharge leaves it',
    [A01, { event: 'A16', visit: { 45: '202603051000' } }, LEFT, { event: 'A25' }],
    {
      status: 'finished',
      period: { end: '2026-03-02T12:00:00+00:00' },
      hospitalization: { dischargeDisposition: {} },
    },
  ],
  [
    'A26 takes back the place that was expected, not the stays, though it repeats it',
    [
      A01,
      TO_W2,
      { event: 'A15', visit: { 3: 'W2^01^B', 42: 'W3^01^C' } },
      { event: 'A26', visit: { 3: 'W2^01^B', 42: 'W3^01^C' }, more: ['PV2|W3^01^C'] },
    ],
    { location: stays('active 09:00-', 'completed 08:00-09:00') },
  ],
  [
    'A26 without a place leaves the bed',
    [A01, { event: 'A15', visit: { 42: 'W3^01^C' } }, { event: 'A26', visit: { 3: '' } }],
    { location: stays('active 08:00-') },
  ],
  [
    'A15 again says where else',
    [A01, { event: 'A15', visit: { 42: 'W3^01^C' } }, { event: 'A15', visit: { 42: 'W4^01^C' } }],
    { location: stays('active 08:00-', 'planned -') },
  ],
  [
    'A14 puts nobody into a bed',
    [{ event: 'A14', visit: { 44: '202603051000' } }],
    without('period', { status: 'planned', location: stays('planned -') }),
  ],
  [
    'A14 plans again behind A27',
    [{ event: 'A14' }, { event: 'A27' }, { event: 'A14' }],
    { status: 'planned' },
  ],
  [
    'A27 of a visit that runs leaves it',
    [
      A01,
      { event: 'A14', visit: { 42: 'W3^01^C', 44: '202603051000' } },
      { event: 'A27', visit: { 44: '202603051000' } },
    ],
    without('extension', { status: 'in-progress', period: OPEN, location: stays('active 08:00-') }),
  ],
  [
    'A52 takes the leave back',
    [A01, { event: 'A21' }, { event: 'A52' }],
    { status: 'in-progress', location: stays('active 08:00-') },
  ],
  [
    'A52 does not open a visit that is over',
    [A01, { event: 'A21' }, LEFT, { event: 'A52' }],
    { status: 'finished', location: stays('completed 08:00-12:00') },
  ],
  [
    'A53 takes the return back',
    [A01, { event: 'A21' }, { event: 'A22' }, { event: 'A53' }],
    { status: 'onleave' },
  ],
  [
    'A53 does not open a visit that is over',
    [A01, { event: 'A21' }, { event: 'A22' }, LEFT, { event: 'A53' }],
    { status: 'finished' },
  ],
  [
    'A33 takes the departure back',
    [A01, { event: 'A09', visit: { 11: 'XRAY' } }, { event: 'A33' }],
    { status: 'in-progress', location: stays('active 08:00-') },
  ],
  [
    'A32 takes the arrival back',
    [A01, { event: 'A10', visit: { 3: 'W2^01^B' } }, { event: 'A32', visit: { 3: 'W1^05^A' } }],
    { location: stays('active 08:00-') },
  ],
  [
    'A10 at a place for a while leaves the bed that it does not name',
    [A01, { event: 'A10', visit: { 3: '', 11: 'XRAY' } }],
    { location: stays('active -', 'active 08:00-') },
  ],
]

it.each([...VISITS, ...CANCELLED])('%s', async (...[, steps, expected]) => {
  const { engine, send } = await start()
  for (const step of steps) await send(adt('4711', step))
  expect(await withNumber(engine, 'Encounter', 'V4711')).toMatchObject(expected)
})

const OVER: object = {
  status: 'finished',
  period: { end: '2026-03-02T12:00:00+00:00' },
  hospitalization: { dischargeDisposition: { coding: [{ code: '01' }] } },
}
const MOVES = ['A02', 'A06', 'A07', 'A09', 'A10', 'A21', 'A22']

/** What the visit cannot become any more: it stays, and somebody has to look. */
type Contradiction = readonly [string, readonly Step[], object, readonly string[]]
const CONTRADICTED: readonly Contradiction[] = [
  ...MOVES.map((event) => {
    const incoming = event === 'A21' ? 'onleave' : 'in-progress'
    const step = { event, visit: { 3: 'W2^01^B' } }
    const expected = { ...OVER, location: expect.toSatisfy(isEmptied) as object }
    return [
      `${event} behind a discharge`,
      [A01, LEFT, step],
      expected,
      [`status "finished" "${incoming}"`],
    ] as const
  }),
  [
    'A02 behind a cancellation',
    [A01, { event: 'A11' }, TO_W2],
    { status: 'cancelled' },
    ['status "cancelled" "in-progress"'],
  ],
]

function isEmptied(places: readonly JsonObject[]): boolean {
  return places.every(({ status }) => status === 'completed')
}

it.each(CONTRADICTED)('%s', async (...[, steps, expected, told]) => {
  const { engine, send } = await start()
  for (const step of steps) await send(adt('4711', step))
  expect(await withNumber(engine, 'Encounter', 'V4711')).toMatchObject(expected)
  expect(await itemsOf(engine)).toEqual(told)
})
