import { expect, it } from 'vitest'

import { after, items, type Message } from './order-day.ts'

const PID = 'PID|1||M1^^^NORTH^MR||Okoye^Ada||19870402|F'

type Numbers = readonly [placer: string, filler: string, prescription?: string]

const KINDS = {
  MedicationAdministration: (event: Numbers): Message => [
    'RAS^O17',
    PID,
    orc(event),
    'RXA|0|1|202603011000|202603011000|ASP^Aspirin^L|100|mg|||||||||||||CP|A',
  ],
  MedicationDispense: (event: Numbers): Message => [
    'RDS^O13',
    PID,
    orc(event),
    `RXD|1|ASP^Aspirin^L|202603011000|10|TAB||${event[2] ?? ''}`,
  ],
  MedicationRequest: (event: Numbers): Message => [
    'RGV^O15',
    PID,
    orc(event),
    'RXG|1|1|^^^202603011000|ASP^Aspirin^L|100||mg',
  ],
}

function orc([placer, filler]: Numbers): string {
  return `ORC|RE|${placer && `${placer}^HIS`}|${filler && `${filler}^PH`}`
}

it.each<[keyof typeof KINDS, string, readonly [Numbers, Numbers]]>([
  [
    'MedicationAdministration',
    'the number of its filler',
    [
      ['P1', ''],
      ['P1', 'F1'],
    ],
  ],
  [
    'MedicationDispense',
    'the number of its prescription',
    [
      ['P1', 'F1'],
      ['P1', 'F1', 'RX1'],
    ],
  ],
  [
    'MedicationDispense',
    'the number of its filler',
    [
      ['P1', ''],
      ['P1', 'F1'],
    ],
  ],
  [
    'MedicationRequest',
    'the number of its placer',
    [
      ['', 'F1'],
      ['P1', 'F1'],
    ],
  ],
])('asks whether a %s that gets %s later is the one of before', async (type, _, [before, later]) => {
  const tell = KINDS[type]
  const twice = [tell(before), tell(later), tell(later)]
  const engine = await after(...twice)
  expect(await engine.all(type)).toHaveLength(2)
  expect(await items(engine)).toMatchObject([
    { reference: expect.stringContaining(type) as string, why: 'alike' },
  ])
})

it.each(['MedicationAdministration', 'MedicationDispense', 'MedicationRequest'] as const)(
  'knows a %s again by the same numbers, and asks nothing',
  async (type) => {
    const same: Message = KINDS[type](['P1', 'F1', 'RX1'])
    const engine = await after(same, same)
    expect(await engine.all(type)).toHaveLength(1)
    expect(await items(engine)).toEqual([])
  },
)

it('deletes a dose with what is told with it, and makes nothing of one that nobody knows', async () => {
  const [event, pid, order, given = ''] = KINDS.MedicationAdministration(['P1', 'F1'])
  const result = 'OBX|1|NM|8310-5^Temperature^LN||37|Cel^^UCUM|||||F|||202603011000'
  const told = (action: string): Message => [
    event,
    pid ?? '',
    order ?? '',
    given.replace(/A$/, action),
    result,
  ]
  const unknown = await after(told('D'))
  expect(await unknown.all('MedicationAdministration')).toEqual([])
  expect(await unknown.all('Observation')).toEqual([])
  expect(await items(unknown)).toMatchObject([{ why: 'unknown' }])
  const known = await after(told('A'), told('D'))
  expect(await known.all('MedicationAdministration')).toMatchObject([{ status: 'entered-in-error' }])
  expect(await known.all('Observation')).toMatchObject([{ status: 'entered-in-error' }])
  expect(await items(known)).toEqual([])
})
