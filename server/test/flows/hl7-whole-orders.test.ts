import { expect, it } from 'vitest'

import type { JsonObject } from '../../src/kernel/json.ts'
import { Sender, type Engine } from './interface-engine.ts'
import { after, items, textOf, type Message } from './order-day.ts'

const ADA = 'PID|1||M1^^^NORTH^MR||Okoye^Ada||19870402|F'
const BEN = 'PID|1||M2^^^NORTH^MR||Haddad^Ben||19610915|M'
const GLU = 'OBR|1|||GLU^GLU^L'
const NA = 'OBR|2|||NA^NA^L'

const nameOf = ({ code, medicationCodeableConcept }: JsonObject) =>
  ((code ?? medicationCodeableConcept ?? {}) as JsonObject)['text'] ?? '?'
const told = (resource: JsonObject) => `${nameOf(resource) as string} ${resource['status'] as string}`

async function statuses(engine: Engine): Promise<readonly string[]> {
  const all = [...(await engine.all('ServiceRequest')), ...(await engine.all('MedicationRequest'))]
  return all.map(told).toSorted()
}

const onePlacer: Message = ['ORM^O01', ADA, 'ORC|NW|P1^C|F1^L|G1^C', GLU, 'ORC|NW|P1^C|F2^L|G1^C', NA]
const oneFiller: Message = ['ORM^O01', ADA, 'ORC|NW|P1^C|F1^L|G1^C', GLU, 'ORC|NW|P2^C|F1^L|G1^C', NA]

it.each([
  ['CA|P1^C', 'revoked'],
  ['DC|P1^C', 'revoked'],
  ['OD|P1^C', 'revoked'],
  ['OH|P1^C', 'on-hold'],
  ['HD|P1^C', 'on-hold'],
  ['CA|||G1^C', 'revoked'],
])('takes %s without OBR for every service of the number', async (orc, is) => {
  const engine = await after(onePlacer, ['ORM^O01', ADA, `ORC|${orc}`])
  expect(await statuses(engine)).toEqual([`GLU ${is}`, `NA ${is}`])
  expect(await items(engine)).toEqual([])
})

it.each([
  ['OC', '|F1^L', ['GLU revoked', 'NA revoked']],
  ['CA', '||G1^C', ['GLU revoked', 'NA revoked']],
  ['CA', 'P2^C', ['GLU active', 'NA revoked']],
])('%s of services that share a filler number: %s', async (control, numbers, are) => {
  const engine = await after(oneFiller, ['ORM^O01', ADA, `ORC|${control}|${numbers}`])
  expect(await statuses(engine)).toEqual(are)
})

it('changes each service again when the whole is released, and keeps its own numbers', async () => {
  const engine = await after(onePlacer, ['ORM^O01', ADA, 'ORC|OH|P1^C'], ['ORM^O01', ADA, 'ORC|OE|P1^C'])
  expect(await statuses(engine)).toEqual(['GLU active', 'NA active'])
  const numbers = (await engine.all('ServiceRequest')).map(({ identifier }) =>
    (identifier as readonly JsonObject[]).map(({ value }) => value as string).join(' '),
  )
  expect(numbers.toSorted()).toEqual(['P1 F1', 'P1 F2'])
})

it('changes the one whose filler number the message names beside the placer number', async () => {
  const engine = await after(onePlacer, ['ORM^O01', ADA, 'ORC|CA|P1^C|F2^L'])
  expect(await statuses(engine)).toEqual(['GLU active', 'NA revoked'])
})

it('changes those of the group that the message names beside the placer number', async () => {
  const engine = await after(
    ['ORM^O01', ADA, 'ORC|NW|P1^C||G1^C', GLU],
    ['ORM^O01', ADA, 'ORC|NW|P1^C||G2^C', NA],
    ['ORM^O01', ADA, 'ORC|CA|P1^C||G2^C'],
  )
  expect(await statuses(engine)).toEqual(['GLU active', 'NA revoked'])
  expect((await engine.all('ServiceRequest')).map(({ requisition }) => requisition)).toMatchObject([
    { value: 'G1' },
    { value: 'G2' },
  ])
})

it('adds to what is known by one of its numbers the others, by which it is found from then on', async () => {
  const engine = await after(['ORM^O01', ADA, 'ORC|NW|P1^C', GLU])
  // As a version that knew orders by their placer number alone has left it.
  const known = await engine.store.records.range({
    collection: 'aliases',
    from: 'ServiceRequest|urn%3Amogran%3A',
    to: 'ServiceRequest|urn%3Amogran%3A~',
    limit: 100,
  })
  const others = known.filter(({ id }) => /%3A(?:item|member)\|/.test(id))
  expect(others.length).toBeGreaterThan(0)
  await engine.store.records.apply(others.map(({ id }) => ({ op: 'delete', collection: 'aliases', id })))
  const sender = new Sender(engine.port)
  const send = async (at: number, orc: string) => {
    const header = `MSH|^~\\&|WARD|NORTH|HUB|MOGRAN|2026030109000${at}||ORM^O01|N${at}|P|2.5.1`
    expect(await sender.send([header, ADA, orc, ...(at === 1 ? [GLU] : []), ''].join('\r'))).toContain(
      'MSA|AA',
    )
  }
  await send(1, 'ORC|SC|P1^C|F1^L|G1^C||IP')
  await send(2, 'ORC|CA|||G1^C')
  expect(await statuses(engine)).toEqual(['GLU revoked'])
  await send(3, 'ORC|OE||F1^L')
  expect(await statuses(engine)).toEqual(['GLU active'])
})

it('finds by filler number and service what came with a placer number', async () => {
  const engine = await after(oneFiller, ['ORM^O01', ADA, 'ORC|OC||F1^L', NA])
  expect(await statuses(engine)).toEqual(['GLU active', 'NA revoked'])
})

it.each([
  ['whose numbers contradict those of every service', 'ORC|CA|P1^C|F9^L'],
  ['that tells of a new order', 'ORC|NW|P1^C'],
])('changes nothing by a message %s, and says so', async (_, orc) => {
  const engine = await after(onePlacer, ['ORM^O01', ADA, 'ORC|CA|P1^C|F2^L'], ['ORM^O01', ADA, orc])
  expect(await statuses(engine)).toEqual(['GLU active', 'NA revoked'])
  expect(await items(engine)).toMatchObject([{ kind: 'identity', element: 'identifier' }])
})

it('leaves the services of somebody else alone', async () => {
  const engine = await after(
    onePlacer,
    ['ORM^O01', BEN, 'ORC|NW|P1^C', 'OBR|1|||K^K^L', 'ORC|NW|P1^C', 'OBR|2|||CL^CL^L'],
    ['ORM^O01', BEN, 'ORC|CA|P1^C'],
  )
  expect(await statuses(engine)).toEqual(['CL revoked', 'GLU active', 'K revoked', 'NA active'])
})

const drug = (code: string) => ['ORC|NW|P1^C', `RXE||${code}^${code}^L|500||mg`, 'RXR|PO']

it('is about every drug of the number, too', async () => {
  const engine = await after(
    ['RDE^O11', ADA, ...drug('AMX'), ...drug('IBU')],
    ['RDE^O11', ADA, 'ORC|CA|P1^C'],
  )
  expect(await statuses(engine)).toEqual(['AMX cancelled', 'IBU cancelled'])
})

it('cancels by ORM the drug whose number it is, and makes no service of it', async () => {
  const engine = await after(
    ['ORM^O01', ADA, 'ORC|NW|P1^C', 'RXO|AMX^AMX^L|500||mg'],
    ['ORM^O01', ADA, 'ORC|CA|P1^C'],
  )
  expect(await statuses(engine)).toEqual(['AMX cancelled'])
})

it('keeps a cancel that comes before its order', async () => {
  const engine = await after(['ORM^O01', ADA, 'ORC|CA|P1^C'])
  expect(await statuses(engine)).toEqual(['? revoked'])
})

const shared = (control: string): Message => [
  'ORM^O01',
  ADA,
  `ORC|${control}|P1^C||G1^C||||||||77^Doc^Dora`,
  GLU,
  NA,
  'OBR|3|P3^C||K^K^L',
]

it('takes services without ORC for ordered, and cancelled, like the one before them', async () => {
  const engine = await after(shared('NW'))
  expect(await engine.all('ServiceRequest')).toMatchObject(
    ['P1', 'P1', 'P3'].map((value) => ({
      identifier: [{ value }],
      requisition: { value: 'G1' },
      requester: { display: 'Dora Doc' },
    })),
  )
  const sender = new Sender(engine.port)
  const header = 'MSH|^~\\&|WARD|NORTH|HUB|MOGRAN|20260301090000||ORM^O01|M9|P|2.5.1'
  await sender.send([header, ...shared('CA').slice(1), ''].join('\r'))
  expect(await statuses(engine)).toEqual(['GLU revoked', 'K revoked', 'NA revoked'])
})

it('makes no order of earlier results that share an ORC', async () => {
  const engine = await after(['ORM^O01', ADA, 'ORC|NW|P9^C', 'OBR|1|||CL^CL^L', ...shared('PR').slice(2)])
  expect(await statuses(engine)).toEqual(['CL active'])
})

it('takes a pharmacy order in words alone, and the parts of a compound, by ORM', async () => {
  const engine = await after([
    'ORM^O01',
    ADA,
    'ORC|NW|P1^C',
    'RXO||||||^Two tablets at night',
    'ORC|NW|P2^C',
    'RXO|D5W^Dextrose^L|500||mL',
    'RXC|A|KCL^Potassium chloride^L|20|meq',
  ])
  expect(await engine.all('ServiceRequest')).toEqual([])
  const orders = await engine.all('MedicationRequest')
  expect(orders.map(({ note, medicationReference }) => [note, medicationReference !== undefined])).toEqual([
    [[{ text: 'Two tablets at night' }], false],
    [undefined, true],
  ])
  expect(await engine.all('Medication')).toMatchObject([
    { ingredient: [{ itemCodeableConcept: { text: 'Potassium chloride' } }] },
  ])
})

it.each<[string, string, readonly string[]]>([
  ['RDS^O13', 'MedicationDispense', ['RXD|1|IBU^IBU^L|20260301090000|20|||RX9']],
  ['RAS^O17', 'MedicationAdministration', ['RXA|0|1|20260301090000||IBU^IBU^L|500|mg']],
  ['RGV^O15', 'MedicationRequest', ['RXG|1|1||IBU^IBU^L|500||mg', 'RXR|PO']],
])('finds by %s the order of the drug among those that share the number', async (event, type, lines) => {
  const engine = await after(
    ['RDE^O11', ADA, ...drug('AMX'), ...drug('IBU')],
    [event, ADA, 'ORC|RE|P1^C', ...lines],
  )
  const ibuprofen = (await engine.all('MedicationRequest')).find((one) => nameOf(one) === 'IBU')
  const [last] = (await engine.all(type)).slice(-1)
  expect(JSON.stringify(last)).toContain(`"MedicationRequest/${ibuprofen?.['id'] as string}"`)
})

it.each<[string, readonly string[], readonly string[]]>([
  ['the service that it has placed', ['ORC|NW|P1^C', NA, 'ORC|CA|P1^C', NA], ['NA revoked']],
  ['the number that it has placed', ['ORC|NW|P1^C', NA, 'ORC|CA|P1^C'], ['NA revoked']],
  [
    'the number of several that it has placed',
    ['ORC|NW|P1^C', NA, 'ORC|NW|P1^C', GLU, 'ORC|CA|P1^C'],
    ['GLU revoked', 'NA revoked'],
  ],
  [
    'the group that it has placed',
    ['ORC|NW|P1^C||G1^C', NA, 'ORC|NW|P2^C||G1^C', GLU, 'ORC|CA|||G1^C'],
    ['GLU revoked', 'NA revoked'],
  ],
  [
    'one of those by its other number',
    ['ORC|NW|P1^C|F1^L', NA, 'ORC|NW|P1^C|F2^L', GLU, 'ORC|CA|P1^C|F2^L'],
    ['GLU revoked', 'NA active'],
  ],
  ['a drug that it has placed', ['ORC|NW|P1^C', 'RXO|AMX^AMX^L|500||mg', 'ORC|CA|P1^C'], ['AMX cancelled']],
  ['nothing but says that it is known', ['ORC|NW|P1^C', NA, 'ORC|SC|P1^C'], ['NA active']],
])('takes back in one message %s', async (_, segments, are) => {
  const engine = await after(['ORM^O01', ADA, ...segments])
  expect(await statuses(engine)).toEqual(are)
})

const PCM = 'RXE||PCM^PCM^L|500||mg'

it.each<[string, readonly string[], readonly string[]]>([
  ['ends', ['ORC|NW|P1^C|F1^L', PCM, 'ORC|DC|P1^C|F1^L', PCM], ['PCM stopped']],
  ['ends by the placer number alone', ['ORC|NW|P1^C|F1^L', PCM, 'ORC|DC|P1^C', PCM], ['PCM stopped']],
  ['changes and ends', ['ORC|XO|P1^C', PCM, 'ORC|DC|P1^C', PCM], ['PCM stopped']],
  ['holds', ['ORC|NW||F1^L', PCM, 'ORC|OH||F1^L', PCM], ['PCM on-hold']],
])('has one order of a drug that a message places and %s', async (_, segments, are) => {
  const engine = await after(['RDE^O11', ADA, ...segments])
  expect(await statuses(engine)).toEqual(are)
  const [first] = await engine.all('MedicationRequest')
  expect(first?.['dosageInstruction']).toMatchObject([{ doseAndRate: [{ doseQuantity: { value: 500 } }] }])
})

it.each([
  ['RP', 'RO'],
  ['RQ', 'RO'],
  ['RU', 'RO'],
])('has the order that %s says was replaced revoked, and the one of %s in its place', async (old, other) => {
  const replaced = [`ORC|${old}|P1^C|F1^L`, GLU, `ORC|${other}|P2^C|F2^L`, GLU]
  const engine = await after(['ORM^O01', ADA, 'ORC|NW|P1^C|F1^L', GLU], ['ORM^O01', ADA, ...replaced])
  expect(await statuses(engine)).toEqual(['GLU active', 'GLU revoked'])
})

it.each<[string, string, string, string]>([
  ['service', 'OML^O21', NA, 'revoked'],
  ['drug', 'RDE^O11', PCM, 'cancelled'],
])('ends the one of two orders of a %s whose other number the message names', async (...cases) => {
  const [, event, line, status] = cases
  const orders = ['ORC|NW|P1^C|F1^L', line, 'ORC|NW|P1^C|F2^L', line, 'ORC|CA|P1^C|F2^L', line]
  const engine = await after([event, ADA, ...orders])
  const all = [...(await engine.all('ServiceRequest')), ...(await engine.all('MedicationRequest'))]
  const stated = all.map((one) => JSON.stringify([one['identifier'], one['status']]))
  expect(stated.toSorted()).toEqual([
    expect.stringMatching('"F1".*"active"'),
    expect.stringMatching(`"F2".*"${status}"`),
  ])
})

it('takes back what was known, too, by a number under which it places another service', async () => {
  const engine = await after(
    ['ORM^O01', ADA, 'ORC|NW|P1^C', GLU],
    ['ORM^O01', ADA, 'ORC|NW|P1^C', NA, 'ORC|CA|P1^C'],
  )
  expect(await statuses(engine)).toEqual(['GLU revoked', 'NA revoked'])
})

/** The last one of the messages comes first. */
async function backwards(...messages: readonly Message[]): Promise<Engine> {
  const engine = await after()
  const sender = new Sender(engine.port)
  for (const [at, message] of [...messages.entries()].toReversed())
    expect(await sender.send(textOf(message, at))).toContain('MSA|AA')
  return engine
}

it('fills what was cancelled before it was ordered, and leaves it cancelled', async () => {
  const engine = await backwards(
    ['ORM^O01', ADA, 'ORC|NW|P1^C|||||||20260301075900|||7^Hassan^Omer', `${NA}|S`],
    ['ORM^O01', ADA, 'ORC|CA|P1^C'],
  )
  expect(await engine.all('ServiceRequest')).toMatchObject([
    {
      status: 'revoked',
      code: { text: 'NA' },
      priority: 'stat',
      authoredOn: '2026-03-01T07:59:00+00:00',
      requester: { display: 'Omer Hassan' },
    },
  ])
  expect(await items(engine)).toEqual([])
})

it('fills neither what was told later nor what was deleted', async () => {
  const engine = await backwards(
    ['ORM^O01', ADA, 'ORC|NW|P1^C', `${NA}|S||20260301070000|||||||Bleeding`],
    ['ORM^O01', ADA, 'ORC|XO|P1^C', 'OBR|2|||NA^NA^L|""||20260301060000'],
  )
  const [order] = await engine.all('ServiceRequest')
  expect(order).not.toHaveProperty('priority')
  expect(order).toMatchObject({ status: 'active' })
})

it('fills the drug of an order that was stopped before it was told', async () => {
  const engine = await backwards(
    ['RDE^O11', ADA, 'ORC|NW|P1^C', 'RXE||AMX^AMX^L|500||mg'],
    ['RDE^O11', ADA, 'ORC|DC|P1^C'],
  )
  expect(await statuses(engine)).toEqual(['AMX stopped'])
})

const DOSE = {
  text: 'With food',
  timing: { code: { coding: [{ code: 'BID' }] } },
  route: { coding: [{ code: 'PO' }] },
  doseAndRate: [{ doseQuantity: { value: 500, unit: 'mg' } }],
}
const dosed: Message = [
  'RDE^O11',
  ADA,
  'ORC|NW|P1^C',
  'RXE||AMX^AMX^L|500||mg||^With food|||20|TAB|3',
  'TQ1|1||BID',
  'RXR|PO',
]

it.each<[string, readonly string[], string]>([
  ['DC', ['RXE||AMX^AMX^L|500||mg'], 'stopped'],
  ['OD', ['RXE||AMX^AMX^L', 'TQ1|1||||||20260301|20260305'], 'stopped'],
  ['CA', ['RXE||AMX^AMX^L|||||||||20'], 'cancelled'],
  ['HD', ['RXE||AMX^AMX^L', 'RXR|PO'], 'on-hold'],
])('keeps the dosage and the supply of a drug when %s tells a part of them', async (control, lines, is) => {
  const engine = await after(dosed, ['RDE^O11', ADA, `ORC|${control}|P1^C`, ...lines])
  const [order, ...others] = await engine.all('MedicationRequest')
  expect(others).toEqual([])
  expect(order).toMatchObject({ status: is, dosageInstruction: [DOSE] })
  expect(order).toMatchObject({ dispenseRequest: { quantity: { value: 20 }, numberOfRepeatsAllowed: 3 } })
})

it('keeps the dosage of an order by ORM when its cancel tells a part of it', async () => {
  const lines = ['RXO|AMX^AMX^L|500||mg', 'RXR|PO']
  const engine = await after(
    ['ORM^O01', ADA, 'ORC|NW|P1^C', ...lines],
    ['ORM^O01', ADA, 'ORC|CA|P1^C', 'RXO|AMX^AMX^L'],
    ['ORM^O01', ADA, 'ORC|DC|P1^C', 'RXO|AMX^AMX^L|500||mg'],
  )
  const { route, doseAndRate } = DOSE
  expect(await engine.all('MedicationRequest')).toMatchObject([
    { dosageInstruction: [{ route, doseAndRate }] },
  ])
})

it('takes the new dosage of a change', async () => {
  const engine = await after(dosed, ['RDE^O11', ADA, 'ORC|XO|P1^C', 'RXE||AMX^AMX^L|250||mg'])
  const [order] = await engine.all('MedicationRequest')
  expect(order).toMatchObject({
    status: 'active',
    dosageInstruction: [{ doseAndRate: [{ doseQuantity: { value: 250 } }] }],
  })
  expect(JSON.stringify(order)).not.toContain('With food')
})
