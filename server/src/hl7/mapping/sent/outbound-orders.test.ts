import { expect, it } from 'vitest'

import { createMapper } from '../mapper.ts'
import { builtOf } from '../outbound-cases.ts'

const MAPPINGS = new URL('../../../../../mappings', import.meta.url).pathname
const { outbound } = await createMapper(MAPPINGS)

const prescription = {
  resourceType: 'MedicationRequest',
  id: 'm1',
  status: 'active',
  intent: 'order',
  medicationCodeableConcept: { text: 'Paracetamol' },
  subject: { reference: 'Patient/p1' },
}
const others = {
  'Patient/p1': { resourceType: 'Patient', id: 'p1', identifier: [{ value: '1' }] },
  'Medication/x': {
    resourceType: 'Medication',
    id: 'x',
    code: { text: 'Mixture' },
    ingredient: [{ itemReference: { reference: 'Substance/s', display: 'Base' } }],
  },
}

const sent = async (
  change: object,
  { version = '2.5.1', definition = 'MedicationRequest.RDE_O11', previous = {} } = {},
) => {
  const before = Object.keys(previous).length === 0 ? {} : { previous: { ...prescription, ...previous } }
  const request = { definition, resource: { ...prescription, ...change }, ...before, others }
  return builtOf(request, outbound, { controlId: 'C1', version })
}
const segments = (message: string | undefined, name: string) =>
  (message ?? '').split('\r').filter((segment) => segment.startsWith(name))

const fourTimes = {
  timing: { repeat: { frequency: 4, period: 1, periodUnit: 'd', boundsDuration: { value: 7, code: 'd' } } },
  doseAndRate: [{ doseQuantity: { value: '1.50', unit: 'tablet' } }],
}
const atNight = {
  text: 'then two',
  timing: { repeat: { timeOfDay: ['22:00:00'] } },
  doseAndRate: [{ doseQuantity: { value: 2, unit: 'tablet' } }],
}

it('says how often a drug is given, whatever the version', async () => {
  const dosageInstruction = [fourTimes]
  expect(segments(await sent({ dosageInstruction }), 'TQ1')).toEqual(['TQ1|1||QID|||7^d'])
  const old = await sent({ dosageInstruction }, { version: '2.3.1' })
  expect(segments(old, 'RXE')[0]).toMatch(/^RXE\|\^QID\^D7\|\^Paracetamol\|1\.50\|\|tablet/)
  const general = await sent(
    { dosageInstruction },
    { version: '2.3.1', definition: 'MedicationRequest.ORM_O01' },
  )
  expect(segments(general, 'ORC')).toEqual(['ORC|NW|m1|||IP||^QID^D7'])
})

it('says which dosage follows the one before, and which goes with it, in their order', async () => {
  const dosageInstruction = [
    { ...atNight, sequence: 2 },
    { ...fourTimes, sequence: 1 },
    { ...fourTimes, sequence: 2 },
  ]
  const steps = segments(await sent({ dosageInstruction }), 'TQ1').map((step) => step.split('|')[12] ?? '')
  expect(steps).toEqual(['S', 'A', ''])
  const old = await sent({ dosageInstruction }, { version: '2.4' })
  const times = (segments(old, 'ORC')[0]?.split('|')[7] ?? '').split('~')
  expect(times.map((time) => time.split('^')[8] ?? '')).toEqual(['S', 'A', ''])
})

it('says nothing of one dosage as if it were of all', async () => {
  const dosageInstruction = [{ ...fourTimes, text: 'first four' }, atNight]
  const now = await sent({ dosageInstruction })
  expect(segments(now, 'RXE')[0]).toBe('RXE||^Paracetamol|||tablet^tablet')
  expect(segments(now, 'TQ1').map((step) => step.split('|')[11])).toEqual(['first four', 'then two'])
  const old = segments(await sent({ dosageInstruction }, { version: '2.4' }), 'RXE')[0]
  expect(old?.split('|')[1]).toBe('^^^^^^^several, as in ORC-7')
})

const doseOf = async (change: object, previous: object, definition: string) =>
  segments(await sent(change, { previous, definition }), 'RX')[0]?.split('^Paracetamol')[1]

it('deletes an amount that is gone, and only that: an unknown one is left as the receiver has it', async () => {
  const two = { dosageInstruction: [fourTimes, atNight] }
  const none = { dosageInstruction: [{ text: 'as needed' }] }
  for (const definition of ['MedicationRequest.RDE_O11', 'MedicationRequest.ORM_O01']) {
    const rest = definition.endsWith('RDE_O11') ? '^tablet' : ''
    expect(await doseOf(two, { dosageInstruction: [fourTimes] }, definition)).toBe(`|""||tablet${rest}`)
    expect(await doseOf(two, {}, definition)).toBe(`|||tablet${rest}`)
    expect(await doseOf(none, {}, definition)).not.toContain('""')
  }
})

it('says no range and no rate of one dosage as if it were of all', async () => {
  const doses = [
    { doseRange: { low: { value: 1, unit: 'mg' }, high: { value: 2, unit: 'mg' } } },
    {
      doseRange: { low: { value: 3, unit: 'mg' }, high: { value: 4, unit: 'mg' } },
      rateQuantity: { value: 5 },
    },
  ]
  const dosageInstruction = doses.map((dose) => ({ doseAndRate: [dose] }))
  for (const definition of ['MedicationRequest.RDE_O11', 'MedicationRequest.ORM_O01']) {
    const drug = segments(await sent({ dosageInstruction }, { definition }), 'RX')[0] ?? ''
    expect(drug).toMatch(/\^Paracetamol\|\|\|mg$/)
  }
})

it('says amounts that no field has room for in words, beside what is told of the dosage', async () => {
  const rated = {
    text: 'slowly',
    doseAndRate: [
      {
        doseRange: { low: { value: '1.50', unit: 'mg' }, high: { value: 2, unit: 'mg' } },
        rateRatio: { numerator: { value: 100, unit: 'mL' }, denominator: { value: 1, unit: 'h' } },
      },
    ],
  }
  const plain = {
    patientInstruction: 'with water',
    doseAndRate: [{ doseQuantity: { value: 3, unit: 'mg' } }],
  }
  const upTo = {
    doseAndRate: [
      { doseRange: { high: { value: 4, unit: 'mg' } }, rateRange: { low: { value: 5, unit: 'mL/h' } } },
    ],
    timing: { repeat: { frequency: 5, period: 2, periodUnit: 'd' } },
  }
  const dosageInstruction = [rated, plain, upTo]
  const words = [
    'slowly; 1.50 to 2 mg, 100 mL : 1 h',
    'with water',
    '5 times every 2 days; up to 4 mg, from 5 mL/h',
  ]
  const now = await sent({ dosageInstruction })
  expect(segments(now, 'TQ1').map((step) => step.split('|')[11])).toEqual(words)
  for (const definition of ['MedicationRequest.RDE_O11', 'MedicationRequest.ORM_O01']) {
    const old = await sent({ dosageInstruction }, { version: '2.4', definition })
    const times = (segments(old, 'ORC')[0]?.split('|')[7] ?? '').split('~')
    expect(times.map((time) => time.split('^')[7] ?? '')).toEqual(words)
    const single = segments(await sent({ dosageInstruction: [rated] }, { definition }), 'RX')[0]?.split('|')
    expect(single?.slice(definition.includes('RDE') ? 3 : 2)).toEqual(
      expect.arrayContaining(['1.50', '2', '^slowly; 100 mL : 1 h']),
    )
  }
})

it('says at which rate a drug is given that is ordered as a rate', async () => {
  const dosageInstruction = [{ doseAndRate: [{ rateQuantity: { value: '2.50', unit: 'mL/h' } }] }]
  const order = segments(
    await sent({ dosageInstruction }, { definition: 'MedicationRequest.ORM_O01' }),
    'RXO',
  )[0]
  expect(order?.split('|').slice(21, 23)).toEqual(['2.50', 'mL/h'])
})

it('says how long an order may be filled, and for how long that lasts', async () => {
  const dispenseRequest = {
    validityPeriod: { start: '2026-03-01', end: '2026-09-01' },
    expectedSupplyDuration: { value: 30, unit: 'days' },
  }
  const told = ['NTE|1||may be filled from 2026-03-01 until 2026-09-01', 'NTE|2||one supply lasts 30 days']
  for (const version of ['2.4', '2.5.1'])
    for (const definition of ['MedicationRequest.RDE_O11', 'MedicationRequest.ORM_O01'])
      expect(segments(await sent({ dispenseRequest }, { version, definition }), 'NTE')).toEqual(told)
  const open = { dispenseRequest: { validityPeriod: { end: '2026-09-01' } } }
  expect(segments(await sent(open), 'NTE')).toEqual(['NTE|1||may be filled until 2026-09-01'])
})

it('says a way that several dosages go once, and each of several ways', async () => {
  const route = { coding: [{ code: 'PO' }] }
  const way = (change: object) => ({ text: 'x', route, ...change })
  const dosageInstruction = [way({}), way({}), way({ site: { coding: [{ code: 'LA' }] } })]
  for (const definition of ['MedicationRequest.RDE_O11', 'MedicationRequest.ORM_O01']) {
    const message = await sent({ dosageInstruction }, { definition })
    expect(segments(message, 'RXR')).toEqual(['RXR|PO', 'RXR|PO|LA'])
  }
  const siteOnly = await sent({ dosageInstruction: [{ site: { coding: [{ code: 'LA' }] } }] })
  expect(segments(siteOnly, 'RXR')).toEqual(['RXR|""|LA'])
})

it('deletes notes and times that are gone', async () => {
  const previous = { note: [{ text: 'take care' }, { text: 'slowly' }], dosageInstruction: [fourTimes] }
  const message = await sent({}, { previous })
  expect(segments(message, 'NTE')).toEqual(['NTE|1||""'])
  expect(segments(message, 'TQ1')).toEqual(['TQ1|1||""|||""'])
  expect(segments(await sent({ note: [{ text: 'slowly' }] }, { previous }), 'NTE')).toEqual(['NTE|1||slowly'])
})

it('says a frequency without a code in words', async () => {
  const repeat = { frequency: 1, frequencyMax: 2, period: 4, periodMax: 6, periodUnit: 'h' }
  const message = await sent({ dosageInstruction: [{ timing: { repeat } }] })
  expect(segments(message, 'TQ1')).toEqual(['TQ1|1||||||||||1 to 2 times every 4 to 6 hours'])
})

it('says each dosage of an order before 2.5, too', async () => {
  const dosageInstruction = [fourTimes, atNight]
  for (const definition of ['MedicationRequest.RDE_O11', 'MedicationRequest.ORM_O01']) {
    const message = await sent({ dosageInstruction }, { version: '2.4', definition })
    expect(segments(message, 'ORC')).toEqual([
      'ORC|NW|m1|||IP||1.50&tablet^QID^D7~2&tablet^&2200^^^^^^then two',
    ])
    expect(segments(message, 'RX')[0]).toContain('^Paracetamol|||tablet')
  }
})

it('names ingredients that are referred to', async () => {
  const { medicationCodeableConcept: _none, ...rest } = prescription
  const resource = { ...rest, medicationReference: { reference: 'Medication/x' } }
  const request = { definition: 'MedicationRequest.RDE_O11', resource, others }
  const message = await builtOf(request, outbound, { controlId: 'C1', version: '2.5.1' })
  expect(segments(message, 'RXC')).toEqual(['RXC|A|^Base'])
})

it('puts notes where versions before 2.5 have them', async () => {
  const message = await sent({ note: [{ text: 'take care' }] }, { version: '2.4' })
  const names = (message ?? '').split('\r').map((segment) => segment.slice(0, 3))
  expect(names).toEqual(['MSH', 'PID', 'ORC', 'RXO', 'NTE', 'RXR', 'RXE', 'RXR', ''])
})

it.each([
  ['completed', {}, undefined],
  ['entered-in-error', {}, undefined],
  ['stopped', { status: 'draft' }, undefined],
  ['stopped', { status: 'active' }, 'CA'],
  ['stopped', { status: 'stopped' }, undefined],
  ['completed', { status: 'active' }, 'SC'],
  ['active', { status: 'stopped' }, 'NW'],
])('never orders what is over: %s after %j', async (status, previous, control) => {
  const message = await sent({ status }, { previous })
  expect(segments(message, 'ORC')[0]?.split('|')[1]).toBe(control)
})

it('says first how urgent an order is, then that it is given when needed', async () => {
  const change = { priority: 'stat', dosageInstruction: [{ ...fourTimes, asNeededBoolean: true }] }
  expect(segments(await sent(change), 'TQ1')).toEqual(['TQ1|1||QID|||7^d|||S~PRN'])
  const old = { version: '2.4', definition: 'MedicationRequest.ORM_O01' }
  expect(segments(await sent(change, old), 'ORC')[0]).toMatch(/\|\^QID\^D7\^\^\^S\^PRN$/)
  expect(segments(await sent({ ...change, priority: 'routine' }, old), 'ORC')[0]).toMatch(/\^\^PRN$/)
  const service = { definition: 'ServiceRequest.OML_O21' }
  const lab = { resourceType: 'ServiceRequest', code: { text: 'x' }, priority: 'stat', asNeededBoolean: true }
  expect(segments(await sent(lab, service), 'TQ1')).toEqual(['TQ1|1||||||||S~PRN'])
})

it('says how many are wanted, the details of an order, and what the patient is told', async () => {
  const lab = {
    resourceType: 'ServiceRequest',
    code: { text: 'x' },
    quantityQuantity: { value: 2, unit: 'tube' },
    orderDetail: [{ text: 'fasting' }],
    note: [{ text: 'soon' }],
    patientInstruction: 'drink water',
  }
  const message = await sent(lab, { definition: 'ServiceRequest.OML_O21' })
  expect(segments(message, 'TQ1')).toEqual(['TQ1|1|2^tube'])
  const told = ['NTE|1||soon', 'NTE|2||fasting', 'NTE|3||drink water|PI^Patient Instructions^HL70364']
  expect(segments(message, 'NTE')).toEqual(told)
  const drug = await sent({ reasonCode: [{ text: 'fever' }] }, { definition: 'MedicationRequest.ORM_O01' })
  expect(segments(drug, 'RXO')[0]?.split('|')[20]).toBe('^fever')
})

it('says a drug that stands inside of its order', async () => {
  const contained = [
    { resourceType: 'Medication', id: 'm', code: { coding: [{ code: 'IBU', display: 'Ibuprofen' }] } },
  ]
  const { medicationCodeableConcept: _none, ...rest } = prescription
  const resource = { ...rest, contained, medicationReference: { reference: '#m' } }
  for (const [definition, field] of [
    ['MedicationRequest.RDE_O11', 2],
    ['MedicationRequest.ORM_O01', 1],
  ] as const) {
    const message = await builtOf({ definition, resource, others }, outbound, {
      controlId: 'C1',
      version: '2.5.1',
    })
    expect(segments(message, 'RX')[0]?.split('|')[field]).toBe('IBU^Ibuprofen')
  }
})
