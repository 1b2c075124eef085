import { expect, it } from 'vitest'

import { systemCaller } from '../../src/auth/caller.ts'
import { Sender } from './interface-engine.ts'
import { after, items, textOf, type Message } from './order-day.ts'
import { ordersNamed } from './order-names.ts'

const ADA = 'PID|1||M1^^^NORTH^MR||Okoye^Ada||19870402|F'
const BEN = 'PID|1||M2^^^NORTH^MR||Haddad^Ben||19610915|M'

const report = (service: string, patient = ADA, filler = `F-${service}`): Message => [
  'ORU^R01',
  patient,
  `OBR|1|P1|${filler}|${service}^${service}^L${'|'.repeat(21)}F`,
  'OBX|1|NM|X^X^L||4.20|mmol/L|||||F',
]
const order = (...services: readonly string[]): Message => [
  'ORM^O01',
  ADA,
  ...services.flatMap((service, at) => ['ORC|NW|P1', `OBR|${at + 1}|P1||${service}^${service}^L`]),
]

it('lets a result that came before its order refer to it, with the digits that it has', async () => {
  const engine = await after(report('GLU'), order('GLU'))
  expect(await ordersNamed(engine, 'DiagnosticReport')).toEqual(['GLU'])
  expect(await ordersNamed(engine, 'Observation')).toEqual(['GLU'])
  expect(await engine.store.records.range({ collection: 'hl7-waiting', limit: 10 })).toEqual([])
  const [{ bytes } = { bytes: new Uint8Array() }] = await Promise.all(
    (await engine.all('Observation')).map(
      async ({ id }) =>
        (await engine.store.resources.read('Observation', id as string)) ?? { bytes: new Uint8Array() },
    ),
  )
  expect(Buffer.from(bytes).toString('utf8')).toContain('4.20')
})

it('says the same when that result comes again', async () => {
  const engine = await after(report('GLU'), order('GLU'), report('GLU'))
  expect(await ordersNamed(engine, 'Observation')).toEqual(['GLU'])
  expect(await items(engine)).toEqual([])
  const versions = await engine.store.resources.history({ type: 'Observation', limit: 10 })
  expect(versions.versions).toHaveLength(2)
})

it('gives each of several services of one number the results that it is asked for by', async () => {
  const engine = await after(report('GLU'), report('NA'), order('GLU', 'NA'))
  expect(await ordersNamed(engine, 'DiagnosticReport')).toEqual(['GLU', 'NA'])
  expect(await ordersNamed(engine, 'Observation')).toEqual(['GLU', 'NA'])
})

it('gives each of several services the results that came in one message', async () => {
  const [event, patient, ...glucose] = report('GLU')
  const engine = await after([event, patient ?? '', ...glucose, ...report('NA').slice(2)], order('GLU', 'NA'))
  const reported = (await engine.all('DiagnosticReport')).map(({ code }) => (code as { text?: string }).text)
  expect(new Set(reported)).toEqual(new Set(['GLU', 'NA']))
  expect(await ordersNamed(engine, 'DiagnosticReport')).toEqual(reported)
})

it('leaves a result that may be of several services at the number, and says so', async () => {
  const engine = await after(report('K'), order('GLU', 'NA'))
  expect(await ordersNamed(engine, 'DiagnosticReport')).toEqual(['P1'])
  expect(await items(engine)).toMatchObject([
    { kind: 'identity', incoming: expect.stringContaining('P1') as string, why: 'several' },
  ])
})

it('lets the result of none of several services refer to the one that comes at last', async () => {
  const engine = await after(order('GLU', 'NA'), report('K'), order('K'))
  expect(await ordersNamed(engine, 'DiagnosticReport')).toEqual(['K'])
})

it('leaves the results of another patient at the number', async () => {
  const engine = await after(report('GLU', BEN), order('GLU'))
  expect(await ordersNamed(engine, 'DiagnosticReport')).toEqual(['P1'])
})

it('leaves the results of an order with another number at the filler alone', async () => {
  const engine = await after(
    ['ORU^R01', ADA, `OBR|1|P1|F1|GLU^GLU^L${'|'.repeat(21)}F`],
    ['ORM^O01', ADA, 'ORC|NW|P2', 'OBR|1|P2||GLU^GLU^L'],
  )
  expect(await ordersNamed(engine, 'DiagnosticReport')).toEqual(['P1'])
})

it.each<[string, string, string, string]>([
  ['RDS^O13', 'MedicationDispense', 'authorizingPrescription', 'RXD|1|PCM^PCM^L|20260301090000|20|||RX9'],
  ['RAS^O17', 'MedicationAdministration', 'request', 'RXA|0|1|20260301090000||PCM^PCM^L|500|mg'],
  ['RGV^O15', 'MedicationRequest', 'basedOn', 'RXG|1|1||PCM^PCM^L|500||mg'],
])('lets what %s told before its order refer to it', async (...[event, type, element, line]) => {
  const engine = await after(
    [event, ADA, 'ORC|RE|P1', line],
    ['RDE^O11', ADA, 'ORC|NW|P1', 'RXE||PCM^PCM^L|500||mg'],
  )
  expect(await ordersNamed(engine, type, element)).toEqual(['PCM'])
})

const booked: Message = [
  'SIU^S12',
  `SCH|S1|SF1${'|'.repeat(9)}^^^20260302090000${'|'.repeat(15)}P1`,
  ADA,
  'RGS|1',
  'AIS|1||XR^XR^L|20260302090000',
]

it.each([
  ['before', [booked, order('XR')]],
  ['behind', [order('XR'), booked]],
])('lets an appointment that is made %s its order refer to it', async (_, messages) => {
  const engine = await after(...messages)
  expect(await ordersNamed(engine, 'Appointment')).toEqual(['XR'])
})

const made = (numbers: string, service: string, parent = ''): readonly string[] => [
  `ORC|NW|${numbers}`,
  `OBR|1|||${service}^${service}^L${'|'.repeat(25)}${parent}`,
]
const CBC: Message = ['OML^O21', ADA, ...made('P1|F1', 'CBC')]
const child = (parent: string, numbers = 'P2|F2'): Message => [
  'OML^O21',
  ADA,
  ...made(numbers, 'IRON', parent),
]
const SEVERAL: Message = ['OML^O21', ADA, ...made('P1|F1', 'CBC'), ...made('P1|F1', 'ESR')]

it.each<[string, readonly Message[], readonly unknown[]]>([
  ['its parent by the number of the placer', [CBC, child('P1^F1')], ['CBC']],
  ['its parent by the number of the filler alone', [CBC, child('^F1')], ['CBC']],
  ['its parent of ORC-8', [CBC, ['ORM^O01', ADA, 'ORC|NW|P2||||||P1', 'OBR|1|||IRON^IRON^L']], ['CBC']],
  ['its parent that comes later', [child('P1^F1'), CBC], ['CBC']],
  ['its parent that came between', [child('P1^F1'), CBC, child('P1^F1')], ['CBC']],
  ['its parent before it in the message', [[...CBC, ...made('P2|F2', 'IRON', 'P1^F1')]], ['CBC']],
  [
    'its parent behind it in the message',
    [['OML^O21', ADA, ...made('P2|F2', 'IRON', 'P1'), ...made('P1|F1', 'CBC')]],
    ['CBC'],
  ],
  ['the number of its parent that it shares', [CBC, child('P1', 'P1|F2')], ['P1']],
  ['its parent whose placer number it shares', [CBC, child('P1^F1', 'P1|F2')], ['CBC']],
  ['the number of an unknown parent', [child('P1^F1')], ['P1']],
  ['the filler number of an unknown parent', [child('^F1')], ['F1']],
  ['the number of a parent that somebody else has', [[CBC[0], BEN, ...CBC.slice(2)], child('P1')], ['P1']],
  ['the number of one of several', [SEVERAL, child('P1')], ['P1']],
])('lets an order that comes of another one refer to %s', async (_, messages, parents) => {
  const engine = await after(...messages)
  expect(await ordersNamed(engine, 'ServiceRequest')).toEqual(parents)
})

const drug = (name: string, orc: string, control = 'NW'): readonly string[] => [
  `ORC|${control}|${orc}`,
  `RXE||${name}^${name}^L|500||mg`,
]
const AMX: Message = ['RDE^O11', ADA, ...drug('AMX', 'P1|F1')]
const AMX_OF_ORM: Message = ['ORM^O01', ADA, 'ORC|NW|P1|F1', 'RXO|AMX^AMX^L|500||mg']

it.each<[string, readonly Message[], readonly string[]]>([
  ['its parent by the number of the placer', [AMX, ['RDE^O11', ADA, ...drug('IBU', 'P2||||||P1')]], ['AMX']],
  ['its parent by that of the filler', [AMX, ['RDE^O11', ADA, ...drug('IBU', 'P2||||||^F1')]], ['AMX']],
  [
    'its parent of ORM',
    [AMX_OF_ORM, ['ORM^O01', ADA, 'ORC|NW|P2||||||P1', 'RXO|IBU^IBU^L|500||mg']],
    ['AMX'],
  ],
  ['its parent in OMP', [AMX, ['OMP^O09', ADA, 'ORC|NW|P2||||||P1', 'RXO|IBU^IBU^L|500||mg']], ['AMX']],
  ['its parent that comes later', [['RDE^O11', ADA, ...drug('IBU', 'P2||||||P1^F1')], AMX], ['AMX']],
  ['nothing where it names itself', [['RDE^O11', ADA, ...drug('AMX', 'P1|F1|||||P1^F1')]], []],
  [
    'the number of one of several',
    [
      ['RDE^O11', ADA, ...drug('AMX', 'P1'), ...drug('PCM', 'P1')],
      ['RDE^O11', ADA, ...drug('IBU', 'P2||||||P1')],
    ],
    ['P1'],
  ],
])('lets a drug that comes of another order refer to %s', async (_, messages, parents) => {
  const engine = await after(...messages)
  expect(await ordersNamed(engine, 'MedicationRequest')).toEqual(parents)
})

const susceptibilities = (placer: string, filler: string): Message => [
  'ORU^R01',
  ADA,
  `OBR|1|${placer}|${filler}|SUSC^SUSC^L${'|'.repeat(21)}F|ORG&ORG&L^1^E. coli|||P1^F1`,
  'OBX|1|ST|AMP^AMP^L|1|R||||||F',
]

it.each<[string, readonly Message[], readonly string[]]>([
  ['that came before it', [CBC, susceptibilities('', 'F2')], ['CBC']],
  ['that comes later', [susceptibilities('', 'F2'), CBC], ['CBC']],
  ['in OUL', [CBC, ['OUL^R22', ADA, 'SPM|1|^S1||BLD', ...susceptibilities('', 'F2').slice(2)]], ['CBC']],
  ['that is not known', [susceptibilities('', 'F2')], ['P1']],
  [
    'beside its own',
    [CBC, ['OML^O21', ADA, ...made('P2|F2', 'SUSC', 'P1^F1')], susceptibilities('P2', 'F2')],
    ['SUSC'],
  ],
])('bases a report without a placer number on the order of its parent %s', async (_, messages, orders) => {
  const engine = await after(...messages)
  expect(await ordersNamed(engine, 'DiagnosticReport')).toEqual(orders)
  expect(await ordersNamed(engine, 'Observation')).toEqual(orders)
})

it('leaves a result at its number when the order is made over FHIR, until the next message about it', async () => {
  const engine = await after(report('GLU'))
  const [patient] = await engine.all('Patient')
  const type = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'PLAC' }] }
  const filed = {
    resourceType: 'ServiceRequest',
    status: 'active',
    intent: 'order',
    identifier: [{ type, system: 'urn:mogran:feed:default', value: 'P1' }],
    code: { text: 'GLU' },
    subject: { reference: `Patient/${patient?.['id'] as string}` },
  }
  await engine.resources.transact(systemCaller('tests', 'system'), {
    drafts: [{ type: 'ServiceRequest', method: 'POST', resource: filed }],
  })
  expect(await ordersNamed(engine, 'DiagnosticReport')).toEqual(['P1'])
  const sender = new Sender(engine.port)
  expect(await sender.send(textOf(report('GLU'), 9))).toContain('MSA|AA')
  expect(await ordersNamed(engine, 'DiagnosticReport')).toEqual(['GLU'])
})
