import { expect, it } from 'vitest'

import type { JsonObject } from '../../src/kernel/json.ts'
import type { Engine } from './interface-engine.ts'
import { after, items } from './order-day.ts'
import type { Message } from './order-day.ts'

const ADA = 'PID|1||M1^^^NORTH^MR~N1^^^GOV^NI||Okoye^Ada||19870402|F'
const BEN = 'PID|1||M2^^^NORTH^MR||Haddad^Ben||19610915|M'
const visit = (number: string, bed = number) => `PV1|1|I|W1^05^${bed}${'|'.repeat(16)}${number}^^^NORTH^VN`
const service = (code: string, status = 'F') => `OBR|1|P1^CLINIC|F1^LAB|${code}^^L${'|'.repeat(21)}${status}`
const value = (text: string, status = 'F') => `OBX|1|NM|GLU^Glucose^L||${text}|mmol/L|||||${status}`
const order = ['ORC|NW|P1^CLINIC', 'OBR|1|P1^CLINIC||GLU^Glucose^L']

const letter = ['TXA|1|DS^Summary^L|TX|20260301||||||||D1^HUB', 'OBX|1|TX|1^Text^L||Went home.||||||F']

/** What each person has of a type: the text that tells it, by the family name. */
async function whose(engine: Engine, type: string, tell: (resource: JsonObject) => unknown) {
  const names = new Map(
    (await engine.all('Patient')).map(({ id, name }) => [
      `Patient/${id as string}`,
      (name as readonly JsonObject[])[0]?.['family'],
    ]),
  )
  const all = (await engine.all(type)).map((resource) => {
    const { reference } = (resource['subject'] ?? resource['patient']) as JsonObject
    return [names.get(reference as string), tell(resource)]
  })
  return all.toSorted(([one], [two]) => String(one).localeCompare(String(two)))
}

it('keeps two specimens of a message apart that share the second half of their number', async () => {
  const engine = await after([
    'ORU^R01',
    ADA,
    service('GLU'),
    value('4.2'),
    'SPM|1|S1^HIS||BLD^Blood^HL70487',
    'SPM|2|S2^HIS||UR^Urine^HL70487',
  ])
  const specimens = await engine.all('Specimen')
  expect(specimens).toMatchObject([{ type: { text: 'Blood' } }, { type: { text: 'Urine' } }])
  const [report] = await engine.all('DiagnosticReport')
  expect(report?.['specimen']).toHaveLength(2)
  expect(await items(engine)).toMatchObject([
    { kind: 'identity', incoming: expect.stringContaining('HIS') as string },
  ])
})

const sample = (number: string, kind: string): Message => [
  'OML^O21',
  ADA,
  `ORC|NW|P${number}^CLINIC`,
  `OBR|1|P${number}^CLINIC||GLU^Glucose^L`,
  `SPM|1|${number}^HIS||${kind}^${kind}^HL70487`,
]

it('keeps specimens of two messages apart in the same way, and finds each again', async () => {
  const engine = await after(
    sample('S1', 'BLD'),
    sample('S2', 'UR'),
    sample('S3', 'CSF'),
    sample('S1', 'BLD'),
    sample('S2', 'UR'),
  )
  expect(
    (await engine.all('Specimen')).map(({ meta, type }) => [
      (meta as JsonObject)['versionId'],
      (type as JsonObject)['text'],
    ]),
  ).toEqual([
    ['1', 'BLD'],
    ['1', 'UR'],
    ['1', 'CSF'],
  ])
  expect(await items(engine)).toHaveLength(1)
})

it('makes a newborn a patient of its own that is registered under the national number of its mother', async () => {
  const baby = ADA.replace('M1^', 'M3^').replace('Ada||19870402|F', 'Baby||20260301|M')
  const engine = await after(
    ['ADT^A01', ADA, visit('V1')],
    ['ADT^A01', baby, visit('V3')],
    ['ADT^A08', baby, visit('V3')],
  )
  expect(await engine.all('Patient')).toMatchObject([
    { birthDate: '1987-04-02' },
    { birthDate: '2026-03-01' },
  ])
  expect(await items(engine)).toMatchObject([
    { kind: 'identity', incoming: expect.stringContaining('N1') as string, why: 'other' },
  ])
})

it('merges by the numbers that the message names, not by the one that both share', async () => {
  const survivor = ADA.replace('M1^', 'M9^')
  const engine = await after(
    ['ADT^A01', ADA, visit('V1')],
    ['ADT^A40', survivor, 'MRG|M1^^^NORTH^MR'],
    ['ADT^A08', survivor, visit('V1')],
  )
  const living = (await engine.all('Patient')).filter(({ active }) => active !== false)
  expect(living).toMatchObject([
    { identifier: [{ value: 'M9' }, { value: 'N1' }, { value: 'M1', use: 'old' }] },
  ])
  // The visit is on its way to the survivor, and no other thing.
  expect(await engine.all('Encounter')).toHaveLength(1)
  expect(await items(engine)).toEqual([])
})

it('keeps a number that was changed as an old one, by which nobody changes the patient back', async () => {
  const changed = ADA.replace('M1^', 'M9^')
  const engine = await after(
    ['ADT^A28', ADA],
    ['ADT^A47', changed, 'MRG|M1^^^NORTH^MR'],
    ['ADT^A31', ADA.replace('Ada', 'Adah')],
  )
  expect(await engine.all('Patient')).toMatchObject([
    {
      name: [{ given: ['Ada'] }],
      identifier: [{ value: 'M9' }, { value: 'N1' }, { value: 'M1', use: 'old' }],
    },
  ])
  expect(await items(engine)).toMatchObject([{ kind: 'identity', why: 'former' }])
})

const valueOf = ({ valueQuantity }: JsonObject) => (valueQuantity as JsonObject)['value']

it('leaves a report with its patient when its number comes again for somebody else, and finds both again', async () => {
  const engine = await after(
    ['ORU^R01', ADA, service('GLU'), value('4.2')],
    ['ORU^R01', BEN, service('GLU'), value('9.2')],
    ['ORU^R01', BEN, service('GLU', 'C'), value('9.4', 'C')],
    ['ORU^R01', ADA, service('GLU', 'C'), value('4.4', 'C')],
  )
  expect(await whose(engine, 'Observation', valueOf)).toEqual([
    ['Haddad', 9.4],
    ['Okoye', 4.4],
  ])
  expect(await engine.all('DiagnosticReport')).toHaveLength(2)
  expect(await items(engine)).toMatchObject([
    { kind: 'identity', reference: expect.stringMatching(/^DiagnosticReport\//) as string },
  ])
})

it('does the same with two patients of one message', async () => {
  const both: Message = [
    'ORU^R01',
    ADA,
    service('GLU'),
    value('4.2'),
    'SPM|1|S1^HIS||BLD^Blood^HL70487',
    BEN,
    service('GLU'),
    value('9.2'),
    'SPM|1|S1^HIS||UR^Urine^HL70487',
  ]
  const engine = await after(both, ['ORU^R01', BEN, service('GLU', 'C'), value('9.4', 'C')])
  expect(await whose(engine, 'Observation', valueOf)).toEqual([
    ['Haddad', 9.4],
    ['Okoye', 4.2],
  ])
  expect(await whose(engine, 'Specimen', ({ type }) => (type as JsonObject)['text'])).toEqual([
    ['Haddad', 'Urine'],
    ['Okoye', 'Blood'],
  ])
})

it.each<[string, Message, Message]>([
  ['Encounter', ['ADT^A01', ADA, visit('V1')], ['ADT^A01', BEN, visit('V1', 'B')]],
  ['ServiceRequest', ['ORM^O01', ADA, ...order], ['ORM^O01', BEN, ...order]],
  ['DocumentReference', ['MDM^T02', ADA, visit('V1'), ...letter], ['MDM^T02', BEN, visit('V2'), ...letter]],
])(
  'leaves %s with its patient when its number comes again for somebody else',
  async (type, first, second) => {
    const engine = await after(first, second, first, second)
    expect(await whose(engine, type, ({ meta }) => (meta as JsonObject)['versionId'])).toEqual([
      ['Haddad', '1'],
      ['Okoye', '1'],
    ])
    expect(await items(engine)).toHaveLength(1)
  },
)

it('links no result to the order of somebody else, and no visit', async () => {
  const engine = await after(
    ['ORM^O01', ADA, visit('V1'), ...order],
    ['ORU^R01', BEN, service('GLU'), value('9.2')],
  )
  expect(await engine.all('DiagnosticReport')).toMatchObject([{ basedOn: [{ identifier: { value: 'P1' } }] }])
  expect(JSON.stringify(await engine.all('DiagnosticReport'))).not.toContain('ServiceRequest/')
  expect(await items(engine)).toMatchObject([
    { reference: expect.stringMatching(/^ServiceRequest\//) as string },
  ])
})

it('takes a result of the record that is linked to that of the order for one of the same person', async () => {
  const engine = await after(
    ['ORM^O01', ADA, ...order],
    ['ADT^A24', ADA, BEN],
    ['ORU^R01', BEN, service('GLU'), value('9.2')],
  )
  expect(JSON.stringify(await engine.all('DiagnosticReport'))).toContain('ServiceRequest/')
  expect(await items(engine)).toEqual([])
})

const bornTo = (number: string) =>
  `PID|1||B1^^^NORTH^MR||Okoye^Baby||20260301|F${'|'.repeat(13)}${number}^^^NORTH^MR`

it('knows one mother of a child, whatever number of hers is told', async () => {
  const engine = await after(['ADT^A28', bornTo('M2')], ['ADT^A31', bornTo('M2')], ['ADT^A31', bornTo('M1')])
  const mothers = await engine.all('RelatedPerson')
  expect(mothers).toMatchObject([{ identifier: [{ value: 'M1' }] }])
  expect(mothers).toHaveLength(1)
})

it('makes the mother of two children two relatives', async () => {
  const mother = `NK1|1|Okoye^Ada|MTH${'|'.repeat(30)}K1^^^NORTH`
  const engine = await after(['ADT^A28', ADA, mother], ['ADT^A28', BEN, mother])
  expect(await whose(engine, 'RelatedPerson', () => '')).toEqual([
    ['Haddad', ''],
    ['Okoye', ''],
  ])
  expect(await items(engine)).toEqual([])
})

const orders = (control: string, ...codes: readonly string[]): Message => [
  'ORM^O01',
  ADA,
  ...codes.flatMap((code) => [`ORC|${control}|P1^CLINIC`, `OBR|1|P1^CLINIC||${code}^${code}^L`]),
]
const told = ({ code, status }: JsonObject) => `${(code as JsonObject)['text'] as string} ${status as string}`

it.each<[string, readonly Message[], number]>([
  ['in one message', [orders('NW', 'GLU', 'NA')], 0],
  ['in two messages', [orders('NW', 'GLU'), orders('NW', 'NA')], 1],
])('cancels of two services with one number, told %s, the one that is named', async (_, first, count) => {
  const engine = await after(...first, orders('CA', 'NA'))
  expect((await engine.all('ServiceRequest')).map(told).toSorted()).toEqual(['GLU active', 'NA revoked'])
  expect(await items(engine)).toHaveLength(count)
})

it('changes no order of two with one number when a message names a third, and says so', async () => {
  const engine = await after(orders('NW', 'GLU', 'NA'), orders('CA', 'K'))
  expect((await engine.all('ServiceRequest')).map(told).toSorted()).toEqual([
    'GLU active',
    'K revoked',
    'NA active',
  ])
  expect(await items(engine)).toHaveLength(1)
})

it('changes the service of an order that has its number alone', async () => {
  const engine = await after(orders('NW', 'GLU'), orders('XO', 'NA'))
  expect((await engine.all('ServiceRequest')).map(told)).toEqual(['NA active'])
  expect(await items(engine)).toEqual([])
})

it('links each result to the order of its service', async () => {
  const engine = await after(orders('NW', 'GLU', 'NA'), ['ORU^R01', ADA, service('NA'), value('140')])
  const sodium = (await engine.all('ServiceRequest')).find((one) => told(one).startsWith('NA'))
  const reference = `ServiceRequest/${sodium?.['id'] as string}`
  expect(await engine.all('DiagnosticReport')).toMatchObject([{ basedOn: [{ reference }] }])
})

const drug = (code: string) => ['ORC|NW|P1^CLINIC', `RXE||${code}^${code}^L|500||mg`, 'RXR|PO']
const medicine = ({ medicationCodeableConcept }: JsonObject) =>
  (medicationCodeableConcept as JsonObject)['text']

it('keeps both drugs of a message that share a number', async () => {
  const both: Message = ['RDE^O11', ADA, ...drug('AMX'), ...drug('IBU')]
  const engine = await after(both, both)
  expect((await engine.all('MedicationRequest')).map(medicine)).toEqual(['AMX', 'IBU'])
  expect(await items(engine)).toEqual([])
})

it('knows by its number an order for which the pharmacy gives another product', async () => {
  const asked: Message = ['OMP^O09', ADA, 'ORC|NW|P1^CLINIC', 'RXO|BRAND^BRAND^L|500||mg', 'RXR|PO']
  const engine = await after(asked, ['RDE^O11', ADA, ...drug('AMX')])
  expect((await engine.all('MedicationRequest')).map(medicine)).toEqual(['AMX'])
})

const shot = (code: string, date: string, action = '') => [
  'ORC|RE||9999^REG',
  `RXA|0|1|${date}||${code}^${code}^CVX|999${'|'.repeat(15)}${action}`,
]
const shots = async (engine: Engine) =>
  (await engine.all('Immunization')).map(({ vaccineCode }) => (vaccineCode as JsonObject)['text'])

it('keeps historical vaccinations to which a registry gives one number', async () => {
  const engine = await after(
    ['VXU^V04', ADA, ...shot('21', '20250301'), ...shot('03', '20240301')],
    ['VXU^V04', ADA, ...shot('08', '20230301')],
    ['VXU^V04', ADA, ...shot('03', '20240301')],
  )
  expect(await shots(engine)).toEqual(['21', '03', '08'])
})

it('takes a vaccination that is updated for the one of its number', async () => {
  const engine = await after(
    ['VXU^V04', ADA, ...shot('08', '20250301', 'A')],
    ['VXU^V04', ADA, ...shot('45', '20250301', 'U')],
  )
  expect(await shots(engine)).toEqual(['45'])
})

it('asks somebody about the document that a cancelled one had replaced', async () => {
  const second = (event: string, parent: string): Message => [
    event,
    ADA,
    visit('V1'),
    ...letter.map((line) => line.replace('D1^HUB', `D2^HUB|${parent}`)),
  ]
  const before = [['MDM^T02', ADA, visit('V1'), ...letter], second('MDM^T10', 'D1^HUB')] as const
  const engine = await after(...before, second('MDM^T11', ''))
  const [first, replacing] = await engine.all('DocumentReference')
  expect([first?.['status'], replacing?.['status']]).toEqual(['superseded', 'entered-in-error'])
  expect(await items(engine)).toMatchObject([
    {
      reference: `DocumentReference/${first?.['id'] as string}`,
      current: '"superseded"',
      incoming: '"current"',
    },
  ])
})
