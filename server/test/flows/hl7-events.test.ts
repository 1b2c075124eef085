import { expect, it } from 'vitest'

import type { JsonObject } from '../../src/kernel/json.ts'
import { Sender, startEngine, type Engine } from './interface-engine.ts'

/** Fields of PV1 by their number. */
type Visit = Readonly<Record<number, string>>

interface Step {
  readonly event: string
  readonly visit?: Visit
  readonly evn?: string
  /** Segments behind PV1. */
  readonly more?: readonly string[]
  readonly name?: string
}

let clock = 0

/** An ADT message of one patient and visit, each later than the one before. */
function adt(mrn: string, { event, visit = {}, evn = '', more = [], name = 'Salih^Nadia' }: Step): string {
  const time = new Date(Date.UTC(2026, 2, 1, 8) + ++clock * 60_000)
    .toISOString()
    .replaceAll(/[-:T]/g, '')
    .slice(0, 12)
  const fields: Visit = { 1: '1', 2: 'I', 3: 'W1^05^A', 19: `V${mrn}^^^NORTH^VN`, ...visit }
  const pv1 = Array.from({ length: 53 }, (_, at) => fields[at + 1] ?? '').join('|')
  return [
    `MSH|^~\\&|WARD|NORTH|HUB|MOGRAN|${time}||ADT^${event}|E${clock}|P|2.5.1`,
    evn === '' ? `EVN||${time}` : evn,
    `PID|1||${mrn}^^^NORTH^MR||${name}||19870402|F`,
    `PV1|${pv1.replace(/\|+$/, '')}`,
    ...more,
    '',
  ].join('\r')
}

interface World {
  readonly engine: Engine
  readonly send: (message: string) => Promise<void>
}

async function start(settings = {}): Promise<World> {
  const engine = await startEngine({ ackAt: 'committed', ...settings })
  const sender = new Sender(engine.port)
  return {
    engine,
    send: async (message) => expect(await sender.send(message)).toContain('MSA|AA'),
  }
}

async function withNumber(engine: Engine, type: string, number: string): Promise<JsonObject | undefined> {
  const found = await engine.all(type)
  return found.find(({ identifier }) => JSON.stringify(identifier ?? '').includes(`"${number}"`))
}

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

it.each(VISITS)('%s', async (...[, steps, expected]) => {
  const { engine, send } = await start()
  for (const step of steps) await send(adt('4711', step))
  expect(await withNumber(engine, 'Encounter', 'V4711')).toMatchObject(expected)
})
