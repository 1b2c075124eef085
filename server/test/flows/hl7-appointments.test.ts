import { expect, it } from 'vitest'

import { Sender, startEngine } from './interface-engine.ts'

const PID = 'PID|1||4711^^^NORTH^MR||Salih^Nadia'
const TIMES = '^^30^202604010900^202604010930'
const sch = (reason: string, times = TIMES, duration = '|') =>
  `SCH|A1^CLINIC|A2^HUB||||${reason}^Why^L|||${duration}|${times}`
const ROOM = ['RGS|1', 'AIL|1|A|ROOM1', 'NTE|1||Ground floor', 'AIP|1|A|17^Dent^Ada']

type Told = readonly [event: string, ...segments: readonly string[]]

/** @returns the hub after messages of an event and its segments, each an hour behind the one before. */
async function told(messages: readonly Told[]) {
  const engine = await startEngine({ ackAt: 'committed' })
  const sender = new Sender(engine.port)
  for (const [at, [event, ...segments]] of messages.entries()) {
    const msh = `MSH|^~\\&|BOOK|NORTH|HUB|MOGRAN|20260301${String(at + 10)}0000||SIU^${event}|S${at}|P|2.5.1`
    expect(await sender.send([msh, ...segments, ''].join('\r'))).toContain('MSA|AA')
  }
  return engine
}

async function after(...messages: readonly Told[]) {
  const [appointment] = await (await told(messages)).all('Appointment')
  return appointment
}

it('is cancelled with the reason and those who were asked, and takes place after all', async () => {
  const booked = ['S12', sch('CHK'), 'NTE|1||Come early', 'NTE|2||Bring papers', PID, ...ROOM] as const
  const cancelled = ['S15', sch('RAIN'), PID] as const
  const gone = await after(booked, cancelled)
  expect(gone).toMatchObject({
    status: 'cancelled',
    reasonCode: [{ coding: [{ code: 'CHK' }] }],
    cancelationReason: { coding: [{ code: 'RAIN' }] },
    comment: 'Come early\nBring papers\nGround floor',
  })
  expect(gone?.['participant']).toHaveLength(3)
  const again = await after(booked, cancelled, [
    'S14',
    sch('CHK'),
    PID,
    'RGS|1',
    'AIL|1|D|ROOM1',
    'AIL|2|A|ROOM2',
  ])
  expect(again).toMatchObject({
    status: 'booked',
    participant: [
      { actor: { display: 'ROOM2' } },
      { actor: { reference: expect.stringContaining('Patient') as string } },
      { actor: { display: 'Ada Dent' } },
    ],
  })
  expect(again).not.toHaveProperty('cancelationReason')
  expect(await after(booked, cancelled, ['S17', sch('CHK'), PID])).toMatchObject({
    status: 'entered-in-error',
  })
})

it('has no end that nobody told: a duration of hours is no number of minutes', async () => {
  const start = '^^^202604010900'
  expect(await after(['S12', sch('CHK', start, '2|h'), PID])).toMatchObject({
    status: 'proposed',
    requestedPeriod: [{ start: '2026-04-01T09:00:00+00:00' }],
  })
  expect(await after(['S12', sch('CHK', start, '20|min'), PID])).toMatchObject({
    status: 'booked',
    end: '2026-04-01T09:20:00.000Z',
  })
})

const missed = (event: string, mrn: string) =>
  [
    `MSH|^~\\&|BOOK|NORTH|HUB|MOGRAN|20260301200000||SIU^${event}|${mrn}|P|2.5.1`,
    sch('GONE', ''),
    PID.replace('4711', mrn),
    '',
  ].join('\r')

it.each([
  ['S17', 'entered-in-error'],
  ['S26', 'noshow'],
])(
  'takes %s without times of an appointment that it knows, and refuses it of another',
  async (event, status) => {
    expect(await after(['S12', sch('CHK'), PID], [event, sch('GONE', ''), PID])).toMatchObject({
      status,
      start: '2026-04-01T09:00:00+00:00',
    })
    const engine = await startEngine({ ackAt: 'committed' })
    expect(await new Sender(engine.port).send(missed(event, '99'))).toMatch(/MSA\|AE\|99[^]*\|102\^/)
    expect(await engine.all('Appointment')).toEqual([])
  },
)

const RESOURCES = [
  'RGS|1',
  'AIS|1||CONS^Consultation',
  'AIG|1||LASER',
  'AIL|1||WARD7^R2^B3',
  'AIL|2||ROOM1',
  'AIP|1||17^Dent^Ada',
]

/** Who and what takes part, by the names of the messages, and which services. */
async function partsAfter(...messages: readonly Told[]) {
  const { participant = [], serviceType = [] } = (await after(...messages)) as {
    participant?: { actor: { reference: string; display?: string } }[]
    serviceType?: { coding: { code: string }[] }[]
  }
  return [
    ...participant.map(({ actor }) => actor.display ?? actor.reference.split('/')[0] ?? '').toSorted(),
    ...serviceType.map(({ coding }) => coding[0]?.code),
  ]
}

it('keeps who is not named where a message says what changes, and lets go who is deleted', async () => {
  const booked = ['S12', sch('CHK'), PID, ...RESOURCES] as const
  const all = ['Ada Dent', 'LASER', 'Location', 'Patient', 'ROOM1', 'CONS']
  const without = (...gone: string[]) => all.filter((one) => !gone.includes(one))
  expect(await partsAfter(booked)).toEqual(all)
  const gone = ['S22', sch('CHK'), PID, 'RGS|1', 'AIP|1|D|17^Dent^Ada', 'AIL|1|D|WARD7^R2^B3'] as const
  expect(await partsAfter(booked, gone)).toEqual(without('Ada Dent', 'Location'))
  expect(await partsAfter(booked, gone, ['S18', sch('CHK'), PID, 'RGS|1', 'AIP|1|A|17^Dent^Ada'])).toEqual(
    without('Location'),
  )
  const changed = ['S14', sch('CHK'), PID, 'RGS|1|U', 'AIL|1|U|ROOM1', 'AIG|1|D|LASER'] as const
  expect(await partsAfter(booked, changed)).toEqual(without('LASER'))
  const service = ['S20', sch('CHK'), 'RGS|1', 'AIS|1|D|CONS^Consultation', 'AIS|2|A|SURG'] as const
  expect(await partsAfter(booked, service)).toEqual([...without('CONS'), 'SURG'])
  const off = ['S15', sch('RAIN'), PID, 'RGS|1', 'AIL|1|D|ROOM1', 'AIP|1|D|17^Dent^Ada'] as const
  expect(await partsAfter(booked, off)).toEqual(all)
  expect(await partsAfter(off)).toEqual(['Ada Dent', 'Patient', 'ROOM1'])
  // Without action codes a rebooking names all, and a deletion does not say what it deletes.
  const whole = ['S13', sch('CHK'), PID, 'RGS|1', 'AIL|1||ROOM1'] as const
  expect(await partsAfter(booked, whole)).toEqual(['Patient', 'ROOM1', 'CONS'])
  expect(await partsAfter(booked, ['S22', sch('CHK'), PID, 'RGS|1', 'AIL|1||ROOM1'])).toEqual(all)
})

it('reports what a deletion without an action code names', async () => {
  const engine = await startEngine({ ackAt: 'committed' })
  const sender = new Sender(engine.port)
  const text = [missed('S20', '4711').trimEnd(), ...RESOURCES, ''].join('\r')
  expect(await sender.send(text.replace(sch('GONE', ''), sch('CHK')))).toContain('MSA|AA')
  const [line] = await engine.store.records.range({ collection: 'hl7-journal', limit: 1 })
  const left = ['AIP-3', 'AIL[1]-3', 'AIL[2]-3', 'AIG-3', 'AIS-3'].map((at): unknown => ({
    kind: 'bad-value',
    at,
    text: expect.stringContaining('no action code') as unknown,
  }))
  expect(line?.value).toMatchObject({ warnings: expect.arrayContaining(left) as unknown })
})

it('leaves the status where an update says none, or one that no table knows', async () => {
  const withStatus = (code: string) => `${sch('CHK')}${'|'.repeat(14)}${code}`
  const booked = ['S12', withStatus('Booked'), PID, ...ROOM] as const
  const arrived = ['S14', withStatus('Arrived'), PID, ...ROOM] as const
  const moved = ['RGS|1', 'AIL|1|U|ROOM2'] as const
  expect(await after(booked, arrived)).toMatchObject({ status: 'arrived' })
  expect(await after(booked, arrived, ['S14', sch('CHK'), PID, ...moved])).toMatchObject({
    status: 'arrived',
  })
  expect(await after(booked, arrived, ['S19', sch('CHK'), PID, ...moved])).toMatchObject({
    status: 'arrived',
  })
  const off = ['S15', sch('RAIN'), PID] as const
  const engine = await told([booked, off, ['S14', withStatus('CNL^Called off^L'), PID, ...ROOM]])
  const reason = { cancelationReason: { coding: [{ code: 'RAIN' }] } }
  expect(await engine.all('Appointment')).toMatchObject([{ status: 'cancelled', ...reason }])
  expect(await engine.store.records.range({ collection: 'hl7-worklist', limit: 2 })).toMatchObject([
    { value: { element: 'status', current: '"cancelled"', incoming: '"booked"' } },
  ])
  expect(await after(booked, off, ['S14', withStatus('Cancelled'), PID, ...ROOM])).toMatchObject({
    status: 'cancelled',
    ...reason,
  })
  const again = ['S14', withStatus('Booked'), PID, ...ROOM] as const
  expect(await after(booked, off, again)).not.toHaveProperty('cancelationReason')
  expect(await after(booked, off, again, off)).toMatchObject({ status: 'cancelled', ...reason })
  // Who books it anew, or books it at all, says that it takes place.
  expect(await after(booked, arrived, ['S13', sch('CHK'), PID, ...ROOM])).toMatchObject({ status: 'booked' })
  const rebooked = ['S13', withStatus('ODD'), PID, ...ROOM] as const
  expect(await after(booked, off, rebooked)).toMatchObject({ status: 'booked' })
  expect(await after(['S14', withStatus('ODD'), PID, ...ROOM])).toMatchObject({ status: 'booked' })
})

const asNumbered = (placer: string, filler: string) =>
  sch('CHK').replace('A1^CLINIC|A2^HUB', `${placer}|${filler}`)

it('is one appointment that gets the number of its filler later, or is told by one of its numbers', async () => {
  const numbers = [
    ['A1^CLINIC', ''],
    ['A1^CLINIC', 'A2^HUB'],
    ['', 'A2^HUB'],
    ['A1^CLINIC', ''],
  ] as const
  const engine = await told(numbers.map(([placer, filler]) => ['S14', asNumbered(placer, filler), PID]))
  expect(await engine.all('Appointment')).toMatchObject([{ identifier: [{ value: 'A1' }, { value: 'A2' }] }])
  expect(await engine.store.records.range({ collection: 'hl7-worklist', limit: 2 })).toEqual([])
})

it('takes two numbers of the filler for two appointments, and asks about the one of the placer', async () => {
  const engine = await told([
    ['S12', asNumbered('A1^CLINIC', 'A2^HUB'), PID],
    ['S12', asNumbered('A1^CLINIC', 'A3^HUB'), PID],
  ])
  expect(await engine.all('Appointment')).toHaveLength(2)
  expect(await engine.store.records.range({ collection: 'hl7-worklist', limit: 2 })).toMatchObject([
    { value: { incoming: expect.stringContaining('A1') as string } },
  ])
})

const UNTIMED = sch('CHK', '^^^202604011000')

it('is not where it was when it is moved to a time without an end', async () => {
  const booked = ['S12', sch('CHK'), PID, ...ROOM] as const
  const moved = await after(booked, ['S14', UNTIMED, PID, ...ROOM])
  expect(moved).toMatchObject({
    status: 'proposed',
    requestedPeriod: [{ start: '2026-04-01T10:00:00+00:00' }],
  })
  expect(moved).not.toHaveProperty('start')
  const again = await after(booked, ['S14', UNTIMED, PID, ...ROOM], booked)
  expect(again).toMatchObject({ status: 'booked', start: '2026-04-01T09:00:00+00:00' })
  expect(again).not.toHaveProperty('requestedPeriod')
  expect(await after(booked, ['S15', UNTIMED, PID])).toMatchObject({
    status: 'cancelled',
    start: '2026-04-01T09:00:00+00:00',
  })
})

it('asks where somebody who has come is moved to a time without an end', async () => {
  const arrived = ['S12', `${sch('CHK')}${'|'.repeat(14)}Arrived`, PID, ...ROOM] as const
  const engine = await told([arrived, ['S14', UNTIMED, PID, ...ROOM]])
  expect(await engine.all('Appointment')).toMatchObject([
    { status: 'arrived', start: '2026-04-01T09:00:00+00:00' },
  ])
  expect(await engine.store.records.range({ collection: 'hl7-worklist', limit: 2 })).toMatchObject([
    { value: { element: 'status', current: '"arrived"', incoming: '"proposed"' } },
  ])
})

it.each(['Arrived', 'Complete'])('asks where what has begun is cancelled: %s', async (code) => {
  const begun = ['S14', `${sch('CHK')}${'|'.repeat(14)}${code}`, PID, ...ROOM] as const
  const engine = await told([begun, ['S15', sch('RAIN'), PID]])
  const [appointment] = await engine.all('Appointment')
  const status = code === 'Arrived' ? 'arrived' : 'fulfilled'
  expect(appointment).toMatchObject({ status })
  expect(appointment).not.toHaveProperty('cancelationReason')
  expect(await engine.store.records.range({ collection: 'hl7-worklist', limit: 2 })).toMatchObject([
    { value: { element: 'status', current: `"${status}"`, incoming: '"cancelled"' } },
  ])
  // A discontinuation is of what has begun.
  expect(await after(begun, ['S16', sch('RAIN'), PID])).toMatchObject({ status: 'cancelled' })
})

/** The first comes behind the second, though it is about a time before. */
async function late(first: Told, second: Told) {
  const engine = await told([second])
  const [event, ...segments] = first
  const msh = `MSH|^~\\&|BOOK|NORTH|HUB|MOGRAN|20260301090000||SIU^${event}|L1|P|2.5.1`
  expect(await new Sender(engine.port).send([msh, ...segments, ''].join('\r'))).toContain('MSA|AA')
  const [appointment] = await engine.all('Appointment')
  return appointment
}

it('learns from a booking behind its cancel what only that has said, and no time of before', async () => {
  const booked = ['S12', sch('CHK'), 'NTE|1||Come early', PID, ...RESOURCES] as const
  expect(await late(booked, ['S15', sch('RAIN', ''), PID])).toMatchObject({
    status: 'cancelled',
    cancelationReason: { coding: [{ code: 'RAIN' }] },
    reasonCode: [{ coding: [{ code: 'CHK' }] }],
    comment: 'Come early',
    start: '2026-04-01T09:00:00+00:00',
    end: '2026-04-01T09:30:00+00:00',
  })
  const moved = await late(booked, ['S14', UNTIMED, PID, ...ROOM])
  expect(moved).toMatchObject({ comment: expect.stringContaining('Ground floor') as string })
  expect(moved).not.toHaveProperty('start')
})

it('is cancelled by a status that says it is discontinued, and reports a service that it cannot find', async () => {
  const off = `${sch('CHK')}${'|'.repeat(14)}Dc`
  expect(await after(['S12', sch('CHK'), PID], ['S14', off, PID])).toMatchObject({ status: 'cancelled' })
  const unnamed = ['RGS|1', 'AIS|1|D|^Consultation']
  const engine = await told([
    ['S12', sch('CHK'), PID, 'RGS|1', 'AIS|1|A|^Consultation'],
    ['S22', sch('CHK'), PID, ...unnamed],
  ])
  expect(await engine.all('Appointment')).toMatchObject([{ serviceType: [{ text: 'Consultation' }] }])
  expect(engine.flow.tally.unmappedOf('default')).toMatchObject([{ at: 'AIS-3.2' }])
})
