import { expect, it } from 'vitest'

import { after, items, type Message } from './order-day.ts'
import { ordersNamed } from './order-names.ts'

const ADA = 'PID|1||M1^^^NORTH^MR||Okoye^Ada||19870402|F'
const BEN = 'PID|1||M2^^^NORTH^MR||Haddad^Ben||19610915|M'

const filled = (patient = ADA, service = 'GLU', parent = ''): Message => [
  'ORU^R01',
  patient,
  `OBR|1||F1|${service}^${service}^L${'|'.repeat(21)}F||||${parent}`,
  'OBX|1|NM|X^X^L||4.20|mmol/L|||||F',
]
const order = (control: string, numbers: string, service = 'GLU'): Message => [
  'ORM^O01',
  ADA,
  `ORC|${control}|${numbers}`,
  `OBR|1|||${service}^${service}^L`,
]
const NUMBERED: Message = ['ORM^O01', ADA, 'ORC|NA|P1|F1']
const PARENT: Message = ['OML^O21', ADA, 'ORC|NW|P0|F0', 'OBR|1|||CBC^CBC^L']

it.each<[string, readonly Message[], readonly string[]]>([
  ['the laboratory tells with it', [filled(), order('SN', '|F1')], ['GLU']],
  ['gets it from the laboratory', [filled(), order('NW', 'P1'), order('NA', 'P1|F1')], ['GLU']],
  ['got it before', [order('SN', '|F1'), filled()], ['GLU']],
  ['gets it without its service', [filled(), order('NW', 'P1'), NUMBERED], ['GLU']],
  ['has it for another patient', [filled(BEN), order('SN', '|F1')], []],
  ['has it for the only service', [filled(ADA, 'K'), order('SN', '|F1')], ['GLU']],
  ['has it beside its parent', [PARENT, filled(ADA, 'K', 'P0^F0'), order('SN', '|F1', 'K')], ['CBC', 'K']],
  [
    'has it beside a parent told later',
    [filled(ADA, 'K', 'P0^F0'), order('SN', '|F1', 'K'), PARENT],
    ['CBC', 'K'],
  ],
  [
    'gets it with the others of its number',
    [filled(), ['OML^O21', ADA, 'ORC|NW|P1', 'OBR|1|||GLU^GLU^L', 'ORC|NW|P1', 'OBR|2|||NA^NA^L'], NUMBERED],
    ['GLU'],
  ],
  [
    'comes with its parent',
    [filled(ADA, 'K', 'P0^F0'), [...PARENT, 'ORC|SN||F1', 'OBR|2|||K^K^L']],
    ['CBC', 'K'],
  ],
])('lets a result without a placer number refer to the order that %s', async (_, messages, orders) => {
  const engine = await after(...messages)
  expect(await ordersNamed(engine, 'DiagnosticReport')).toEqual(orders)
  expect(await ordersNamed(engine, 'Observation')).toEqual(orders)
  expect(await items(engine)).toEqual([])
})
