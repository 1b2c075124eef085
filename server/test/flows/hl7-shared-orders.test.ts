import { expect, it } from 'vitest'

import type { JsonObject } from '../../src/kernel/json.ts'
import type { Store } from '../../src/store/port.ts'
import { freshStore } from '../fresh-store.ts'
import { engineOn, Sender, type Engine } from './interface-engine.ts'
import { after, items, textOf, type Message } from './order-day.ts'
import { ordersNamed } from './order-names.ts'

const ADA = 'PID|1||M1^^^NORTH^MR||Okoye^Ada||19870402|F'
const BEN = 'PID|1||M2^^^NORTH^MR||Haddad^Ben||19610915|M'
const GLU = ['ORC|NW|P1^C', 'OBR|1|||GLU^GLU^L']
const NA = ['ORC|NW|P1^C', 'OBR|2|||NA^NA^L']
const both: Message = ['ORM^O01', ADA, ...GLU, ...NA]
const result = (code: string, patient = ADA): Message => [
  'ORU^R01',
  patient,
  `OBR|1|P1^C|R1^L|${code}${'|'.repeat(21)}F`,
  'OBX|1|NM|X^X^L||4.2|mmol/L|||||F',
]

const nameOf = ({ code, medicationCodeableConcept }: JsonObject) =>
  ((code ?? medicationCodeableConcept ?? {}) as JsonObject)['text'] as string

it('refers a result of none of the services that share a number to the number alone, and says so', async () => {
  const engine = await after(both, result('K^K^L'))
  expect(await ordersNamed(engine, 'DiagnosticReport', 'basedOn')).toEqual(['P1'])
  expect(await items(engine)).toMatchObject([
    { kind: 'identity', incoming: expect.stringContaining('P1') as string },
  ])
})

it('looks once for what has the number of many services of a message', async () => {
  const store = await freshStore()
  let looks = 0
  const range: Store['records']['range'] = async (asked) => {
    if (asked.collection === 'aliases') looks++
    return store.records.range(asked)
  }
  const engine = await engineOn({ ...store, records: { ...store.records, range } }, { ackAt: 'committed' })
  const sender = new Sender(engine.port)
  const codes = Array.from({ length: 30 }, (_, at) => `T${at}^T^L`)
  const services = codes.flatMap((code, at) => ['ORC|NW|P1^C', `OBR|${at}|||${code}`])
  expect(await sender.send(textOf(['ORM^O01', ADA, ...services], 1))).toContain('MSA|AA')
  const reports = codes.map((code, at) => `OBR|${at}|P1^C|R1^L|${code}${'|'.repeat(21)}F`)
  looks = 0
  expect(await sender.send(textOf(['ORU^R01', ADA, ...reports], 2))).toContain('MSA|AA')
  expect(looks).toBeLessThan(10)
})

it.each([
  ['its service', 'NA^NA^L', 'NA'],
  ['a code that its sender writes beside its own', 'S99^Sodium^LAB^NA^NA^L', 'NA'],
])('refers a result to the one of several orders that has %s', async (_, code, name) => {
  const engine = await after(both, result(code))
  expect(await ordersNamed(engine, 'DiagnosticReport', 'basedOn')).toEqual([name])
  expect(await items(engine)).toEqual([])
})

it('refers a result of another name to the only order of its number that the patient has', async () => {
  const engine = await after(
    ['ORM^O01', BEN, ...GLU, ...NA],
    ['ORM^O01', ADA, 'ORC|NW|P1^C', 'OBR|1|||K^K^L'],
    result('K+^K^LAB'),
  )
  expect(await ordersNamed(engine, 'DiagnosticReport', 'basedOn')).toEqual(['K'])
})

it('changes the service of the only order of its number that the patient has', async () => {
  const engine = await after(
    ['ORM^O01', BEN, ...GLU, ...NA],
    ['ORM^O01', ADA, 'ORC|NW|P1^C', 'OBR|1|||K^K^L'],
    ['ORM^O01', ADA, 'ORC|XO|P1^C', 'OBR|1|||CL^CL^L'],
  )
  expect((await engine.all('ServiceRequest')).map(nameOf).toSorted()).toEqual(['CL', 'GLU', 'NA'])
})

it('refers a result of two orders of one service and number to neither', async () => {
  const urgent = ['ORC|NW|P1^C', 'OBR|2|||GLU^GLU^L|S']
  const engine = await after(['ORM^O01', ADA, ...GLU, ...urgent], result('GLU^GLU^L'))
  expect(await engine.all('ServiceRequest')).toHaveLength(2)
  expect(await ordersNamed(engine, 'DiagnosticReport', 'basedOn')).toEqual(['P1'])
  expect(await items(engine)).toHaveLength(1)
})

const drug = (code: string, filler = '') => [`ORC|NW|P1^C|${filler}`, `RXE||${code}^${code}^L|500||mg`]
const drugs: Message = ['RDE^O11', ADA, ...drug('AMX', 'X1^PH'), ...drug('IBU', 'X2^PH')]

const given: Readonly<Record<string, readonly [string, string, string]>> = {
  'RDS^O13': ['MedicationDispense', 'authorizingPrescription', 'RXD|1|PCM^PCM^L|20260301090000|20|||RX9'],
  'RAS^O17': ['MedicationAdministration', 'request', 'RXA|0|1|20260301090000||PCM^PCM^L|500|mg'],
  'RGV^O15': ['MedicationRequest', 'basedOn', 'RXG|1|1||PCM^PCM^L|500||mg'],
}

it.each(Object.entries(given))(
  'refers %s of none of the drugs that share a number to the number alone',
  async (event, [type, element, line]) => {
    const engine = await after(drugs, [event, ADA, 'ORC|RE|P1^C', line])
    const named = await ordersNamed(engine, type, element)
    expect(named).toEqual(['P1'])
    expect(await items(engine)).toHaveLength(1)
  },
)

it.each(Object.entries(given))(
  'finds by %s the order whose filler number it names, whatever the product',
  async (event, [type, element, line]) => {
    const engine = await after(
      drugs,
      [event, ADA, 'ORC|RE|P1^C|X2^PH', line],
      [event, ADA, 'ORC|RE||X1^PH', line.replace('|1|', '|2|').replace('0900', '1000')],
    )
    const named = await ordersNamed(engine, type, element)
    expect(named).toEqual(['IBU', 'AMX'])
    expect(await items(engine)).toEqual([])
  },
)

const told = (one: JsonObject) => `${nameOf(one)} ${one['status'] as string}`
const NEW_NA = ['ORC|NW|P1^C', 'OBR|2|||NA^NA^L']
const CANCEL = 'ORC|CA|P1^C'

it.each<[string, readonly string[], readonly string[]]>([
  ['a new service behind a cancel of the number', [CANCEL, ...NEW_NA], ['GLU revoked', 'NA active']],
  ['the same service behind a cancel of the number', [CANCEL, ...GLU], ['GLU active']],
  [
    'several behind it',
    [CANCEL, ...NEW_NA, 'ORC|NW|P1^C', 'OBR|3|||K^K^L'],
    ['GLU revoked', 'K active', 'NA active'],
  ],
  ['a replacement under the number', ['ORC|RP|P1^C', 'ORC|RO|P1^C', 'OBR|2|||NA^NA^L'], ['NA active']],
  [
    'a replacement of a named one',
    ['ORC|RP|P1^C', 'OBR|1|||GLU^GLU^L', 'ORC|RO|P1^C', 'OBR|2|||NA^NA^L'],
    ['GLU revoked', 'NA active'],
  ],
  [
    'changes of two',
    ['ORC|XO|P1^C', 'OBR|1|||K^K^L', 'ORC|XO|P1^C', 'OBR|2|||NA^NA^L'],
    ['K active', 'NA active'],
  ],
])('keeps %s', async (_, segments, are) => {
  const engine = await after(['ORM^O01', ADA, ...GLU], ['ORM^O01', ADA, ...segments])
  expect((await engine.all('ServiceRequest')).map(told).toSorted()).toEqual(are)
})

it('keeps children that have the number of their parent, and finds them by it', async () => {
  const children = ['ORC|CH|P1^C', 'OBR|1|||GLU^GLU^L', 'ORC|CH|P1^C', 'OBR|2|||NA^NA^L']
  const engine = await after(['ORM^O01', ADA, 'ORC|PA|P1^C', ...children], ['ORM^O01', ADA, CANCEL])
  expect((await engine.all('ServiceRequest')).map(told).toSorted()).toEqual(['GLU revoked', 'NA revoked'])
})

const before = (control: string) => [
  `ORC|${control}|P8^C`,
  'OBR|1|||CL^CL^L',
  'DG1|1||E11^Diabetes^I10',
  'OBX|1|NM|CL^CL^L||99|mmol/L|||||F',
  'OBR|2|||HB^HB^L',
  'OBX|1|NM|HB^HB^L||9|g/dL|||||F',
  'SPM|1|S1^C||BLD^Blood^HL70487',
  'OBX|1|ST|APP^APP^L||clear||||||F',
]

it.each([
  ['ORM^O01', ['OBR|3|||K^K^L||||||||||||BLD']],
  ['OML^O21', ['OBR|3|||K^K^L||||||||||||BLD']],
])('makes nothing of what comes along by %s as results of before, and counts it', async (event, more) => {
  const engine = await after([event, ADA, 'ORC|NW|P1^C', 'OBR|1|||NA^NA^L', ...before('PR'), ...more])
  expect((await engine.all('ServiceRequest')).map(told)).toEqual(['NA active'])
  for (const type of ['Observation', 'Specimen', 'Condition'])
    expect(await engine.all(type), type).toEqual([])
  const [line] = await engine.store.records.range({ collection: 'hl7-journal', limit: 10 })
  expect(JSON.stringify(line?.value)).toContain('told by a message of its own')
})

it('makes nothing of drugs of before', async () => {
  const engine = await after([
    'ORM^O01',
    ADA,
    'ORC|NW|P1^C',
    'OBR|1|||NA^NA^L',
    'ORC|PR|P8^C',
    'RXO|AMX^AMX^L|500||mg',
  ])
  expect(await engine.all('MedicationRequest')).toEqual([])
})

const values = async (engine: Engine) =>
  (await engine.all('ServiceRequest')).map((one) =>
    [nameOf(one), (one['identifier'] as readonly JsonObject[]).map(({ value }) => value)].flat(),
  )

it.each<[string, Message, readonly (readonly string[])[]]>([
  [
    'a replacement by the filler',
    ['ORM^O01', ADA, 'ORC|RU|P1^C|F1^L', 'OBR|1|||GLU^GLU^L', 'ORC|RO||F2^L', 'OBR|2|||NA^NA^L'],
    [
      ['GLU', 'P1', 'F1'],
      ['NA', 'F2'],
    ],
  ],
  [
    'a child of a filler',
    ['OMG^O19', ADA, 'ORC|PA|P1^C|F1^L', 'OBR|1|||GLU^GLU^L', 'ORC|CH||F2^L|||||P1&C', 'OBR|2|||NA^NA^L'],
    [
      ['GLU', 'P1', 'F1'],
      ['NA', 'F2'],
    ],
  ],
])('gives %s, which has an ORC of its own, no placer number of the one before', async (_, message, are) => {
  const engine = await after(message)
  expect(await values(engine)).toEqual(are)
  expect(await items(engine)).toEqual([])
})

const prior = [ADA, 'PV1|1|I', 'OBR|1|P8^C|F8^L|CL^CL^L', 'OBX|1|NM|CL^CL^L||99|mmol/L|||||F']

it.each<[string, readonly string[]]>([
  ['OML^O21', []],
  ['OMG^O19', []],
  ['OML^O33', ['SPM|1|S1||BLD^Blood^HL70487']],
])(
  'makes nothing of results of before behind a PID of their own in %s, without ORC',
  async (event, specimen) => {
    const engine = await after([event, ADA, ...specimen, 'ORC|NW|P1^C', 'OBR|1|||NA^NA^L', ...prior])
    expect((await engine.all('ServiceRequest')).map(told)).toEqual(['NA active'])
    expect(await engine.all('Observation')).toEqual([])
  },
)

it('takes a service behind a second patient of ORM, which has no results of before, for ordered', async () => {
  const engine = await after(['ORM^O01', ADA, 'ORC|NW|P1^C', 'OBR|1|||NA^NA^L', BEN, 'OBR|1|P2^C||K^K^L'])
  expect((await engine.all('ServiceRequest')).map(told)).toEqual(['NA active', 'K active'])
})

it('gives a service of one number that stands below two specimens both', async () => {
  const engine = await after([
    'OML^O33',
    ADA,
    'SPM|1|S1||BLD^Blood^HL70487',
    ...GLU,
    'SPM|2|S2||UR^Urine^HL70487',
    ...GLU,
  ])
  expect(await engine.all('ServiceRequest')).toMatchObject([{ specimen: [{}, {}] }])
})

const filled = (code: string, patient = ADA): Message => [
  'ORU^R01',
  patient,
  `OBR|1||F1^L|${code}${'|'.repeat(21)}F`,
]

it.each<[string, readonly Message[], Message, readonly string[], number]>([
  [
    'the order that has it',
    [['ORM^O01', ADA, 'ORC|NW|P1^C|F1^L', 'OBR|1|||GLU^GLU^L']],
    filled('GLU^GLU^L'),
    ['GLU'],
    0,
  ],
  ['no order, when none has it', [], filled('GLU^GLU^L'), [], 0],
  [
    'no order of somebody else',
    [['ORM^O01', BEN, 'ORC|NW|P1^C|F1^L', 'OBR|1|||GLU^GLU^L']],
    filled('GLU^GLU^L'),
    [],
    1,
  ],
  [
    'the order of its service',
    [['ORM^O01', ADA, 'ORC|NW|P1^C|F1^L', 'OBR|1|||GLU^GLU^L', 'ORC|NW|P2^C|F1^L', 'OBR|2|||NA^NA^L']],
    filled('NA^NA^L'),
    ['NA'],
    0,
  ],
  [
    'none of several, when it is of none',
    [['ORM^O01', ADA, 'ORC|NW|P1^C|F1^L', 'OBR|1|||GLU^GLU^L', 'ORC|NW|P2^C|F1^L', 'OBR|2|||NA^NA^L']],
    filled('K^K^L'),
    [],
    1,
  ],
])('refers a result that has a filler number alone to %s', async (...[, orders, message, named, count]) => {
  const engine = await after(...orders, message)
  expect(await ordersNamed(engine, 'DiagnosticReport', 'basedOn')).toEqual(named)
  const [report] = await engine.all('DiagnosticReport')
  expect(report?.['basedOn'] !== undefined).toBe(named.length > 0)
  expect(await items(engine)).toHaveLength(count)
})

const handedOut = 'RXD|1|AMX^AMX^L|20260301090000|20'
const toGive = 'RXG|1|1||AMX^AMX^L|500||mg'

it.each<[string, string, string, string]>([
  ['RDS^O13', 'MedicationDispense', 'authorizingPrescription', handedOut],
  ['RGV^O15', 'MedicationRequest', 'basedOn', toGive],
])(
  'keeps by %s what two drugs that share a number have, told one by one',
  async (...[event, type, element, line]) => {
    const two: Message = ['RDE^O11', ADA, ...drug('AMX'), ...drug('IBU')]
    const engine = await after(
      two,
      [event, ADA, 'ORC|RE|P1^C', line],
      [event, ADA, 'ORC|RE|P1^C', line.replaceAll('AMX', 'IBU')],
      [event, ADA, 'ORC|RE|P1^C', line],
    )
    expect(await ordersNamed(engine, type, element)).toEqual(['AMX', 'IBU'])
  },
)

const replaced: Message = ['RDE^O11', ADA, ...drug('AMX', 'X1^PH')]
const replacement: Message = [
  'RDE^O11',
  ADA,
  ...drug('AMX', 'X1^PH').map((line) => line.replace('NW', 'RP')),
  ...drug('AMX', 'X2^PH').map((line) => line.replace('NW', 'RO').replace('500', '250')),
]

it.each<[string, string, readonly string[]]>([
  ['the one whose filler number it names', 'P1^C|X1^PH', ['X1 stopped', 'X2 active']],
  ['the other one whose filler number it names', 'P1^C|X2^PH', ['X1 stopped', 'X2 stopped']],
  ['the one that has not ended', 'P1^C', ['X1 stopped', 'X2 stopped']],
])('ends of two orders of one drug and number %s', async (_, numbers, are) => {
  const engine = await after(replaced, replacement, [
    'RDE^O11',
    ADA,
    `ORC|DC|${numbers}`,
    'RXE||AMX^AMX^L|250||mg',
  ])
  const fillers = (await engine.all('MedicationRequest')).map(
    ({ identifier, status }) =>
      `${(identifier as readonly { value: string }[])[1]?.value ?? '-'} ${status as string}`,
  )
  expect(fillers.toSorted()).toEqual(are)
})

it('keeps a replacement of the replacement under the same number', async () => {
  const again = replacement.map((line) =>
    line.replace('X2^PH', 'X3^PH').replace('X1^PH', 'X2^PH').replace('250', '125'),
  )
  const [event = '', ...segments] = again
  const engine = await after(replaced, replacement, [event, ...segments])
  expect((await engine.all('MedicationRequest')).map(({ status }) => status)).toEqual([
    'stopped',
    'stopped',
    'active',
  ])
  expect(JSON.stringify((await engine.all('MedicationRequest'))[2])).toContain('"X3"')
})

it('changes none of two running orders of one service and number by a message that does not tell which, and says so', async () => {
  const engine = await after(
    ['ORM^O01', ADA, ...GLU, 'ORC|NW|P1^C', 'OBR|2|||GLU^GLU^L|S'],
    ['ORM^O01', ADA, 'ORC|CA|P1^C', 'OBR|1|||GLU^GLU^L'],
    ['ORM^O01', ADA, ...GLU, 'ORC|NW|P1^C', 'OBR|2|||GLU^GLU^L|S'],
  )
  expect((await engine.all('ServiceRequest')).map(told).toSorted()).toEqual([
    'GLU active',
    'GLU active',
    'GLU revoked',
  ])
  expect((await items(engine)).length).toBeGreaterThan(0)
})
