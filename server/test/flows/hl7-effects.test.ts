import { expect, it } from 'vitest'

import type { JsonObject } from '../../src/kernel/json.ts'
import { Sender, startEngine, type Engine } from './interface-engine.ts'

/** Messages about one patient: message code and event, then the segments behind PID. */
type Message = readonly [event: string, ...segments: readonly string[]]

const PID = 'PID|1||4711^^^NORTH^MR||Salih^Nadia||19870402|F||||||||||ACC1^^^NORTH^AN'
const VISIT = `PV1|1|I|W1^05^A${'|'.repeat(16)}V1^^^NORTH^VN`
const ORC = 'ORC|NW|P1^CLINIC|F1^LAB'
const OBR = 'OBR|1|P1^CLINIC|F1^LAB|24323-8^Metabolic panel^LN|||202603010800'
const FINAL = `${OBR}${'|'.repeat(18)}F`
const OBX = 'OBX|1|NM|2823-3^Potassium^LN||4.2|mmol/L^^UCUM|||||F'
const SPM = 'SPM|1|S1^CLINIC&S2^LAB||BLD^Blood^HL70487'
const TIMES = '^^30^202603050900^202603050930'

const OWN_PID: ReadonlySet<string> = new Set(['ADT^A17', 'ADT^A20'])
const WITHOUT_EVN = /^(?:SIU|OR|OM|OU|RD|RA|RG|VX)/

function textOf([event, ...segments]: Message, at: number): string {
  const time = `2026030109${String(at).padStart(2, '0')}`
  const msh = `MSH|^~\\&|WARD|NORTH|HUB|MOGRAN|${time}||${event}|M${at}|P|2.5.1`
  const evn = WITHOUT_EVN.test(event) ? [] : [`EVN||${time}`]
  const hasOwn = OWN_PID.has(event) || event.startsWith('SIU') || segments[0]?.startsWith('PID') === true
  const pid = hasOwn ? [] : [PID]
  return [msh, ...evn, ...pid, ...segments, ''].join('\r')
}

async function after(messages: readonly Message[]): Promise<Engine> {
  const engine = await startEngine({ ackAt: 'committed' })
  const sender = new Sender(engine.port)
  for (const [at, message] of messages.entries())
    expect(await sender.send(textOf(message, at)), message[0]).toContain('MSA|AA')
  return engine
}

const one = (number: string, name: string, visit = '') => [
  `PID|1||${number}^^^NORTH^MR||${name}`,
  ...(visit === '' ? [] : [visit]),
]
const visitOf = (number: string, bed: string) => `PV1|1|I|W1^05^${bed}${'|'.repeat(16)}${number}^^^NORTH^VN`
const appointment = (status = '') =>
  `SCH|A1^CLINIC|A2^HUB||||CHK^Check^L|ROUTINE||||${TIMES}|||||||||||||${status}`
const PATIENT_OF_APPOINTMENT = [PID, 'RGS|1']
const siu = (event: string): Message => [`SIU^${event}`, appointment(), ...PATIENT_OF_APPOINTMENT]
const document = (number: string, before = '', status = '') =>
  `TXA|1|DS^Discharge summary|TX|202603010800||202603010830||||||${number}^HUB|${before}||||${status}`
const TEXT = 'OBX|1|TX|1^Text^L||Went home well.||||||F'
const RXE = 'RXE||723^Amoxicillin^L|500||mg'
const RXA = 'RXA|0|1|202603010800|202603010800|723^Amoxicillin^L|500|mg'
const ACCOUNT = { identifier: [{ value: 'ACC1' }] }

const EFFECTS: readonly [string, readonly Message[], string, readonly object[]][] = [
  ['A28 adds a person', [['ADT^A28']], 'Patient', [{ name: [{ family: 'Salih' }] }]],
  ['A28 makes no visit', [['ADT^A28', VISIT]], 'Encounter', []],
  ['A29 takes a person out of use', [['ADT^A28'], ['ADT^A29']], 'Patient', [{ active: false }]],
  ...['ADT^A28', 'ADT^A04'].map((event): [string, readonly Message[], string, readonly object[]] => [
    `${event} takes a person into use again`,
    [['ADT^A28'], ['ADT^A29'], [event, VISIT]],
    'Patient',
    [expect.toSatisfy((person) => !Object.hasOwn(person as object, 'active')) as object],
  ]),
  ['A31 changes a person', [['ADT^A28'], ['ADT^A31', 'PD1||||DOC^Dent']], 'Patient', [{ gender: 'female' }]],
  [
    'A24 links',
    [['ADT^A24', ...one('1', 'A'), ...one('2', 'B')]],
    'Patient',
    [{ link: [{ type: 'seealso' }] }, { link: [{ type: 'seealso' }] }],
  ],
  [
    'A40 merges',
    [['ADT^A28'], ['ADT^A40', 'MRG|99^^^NORTH^MR']],
    'Patient',
    [{ identifier: [{ value: '4711' }, { value: '99', use: 'old' }] }],
  ],
  [
    'A34 merges',
    [['ADT^A28'], ['ADT^A34', 'MRG|99^^^NORTH^MR']],
    'Patient',
    [{ identifier: [{ value: '4711' }, { value: '99', use: 'old' }] }],
  ],
  [
    'A43 moves a number',
    [['ADT^A28'], ['ADT^A43', 'MRG|99^^^NORTH^MR']],
    'Patient',
    [{ identifier: [{ value: '4711' }, { value: '99', use: 'old' }] }],
  ],
  [
    'A47 changes a number',
    [['ADT^A47', 'MRG|99^^^NORTH^MR']],
    'Patient',
    [{ identifier: expect.arrayContaining([expect.objectContaining({ value: '4711' })]) as object }],
  ],
  [
    'A17 swaps beds',
    [
      ['ADT^A01', VISIT],
      ['ADT^A17', PID, visitOf('V1', 'B'), ...one('2', 'B', visitOf('V2', 'A'))],
    ],
    'Encounter',
    [
      { status: 'in-progress', identifier: [{ value: 'V1' }] },
      { status: 'in-progress', identifier: [{ value: 'V2' }] },
    ],
  ],
  [
    'A20 tells the state of a bed',
    [['ADT^A20', 'NPU|W1^05^A|K']],
    'Location',
    [{ operationalStatus: { code: 'K' } }],
  ],
  [
    'A60 tells allergies',
    [
      ['ADT^A60', 'IAM|1|DA|PEN^Penicillin^L|SV|Rash|A|A1^HUB'],
      ['ADT^A60', 'IAM|1|DA|PEN^Penicillin^L|SV|Rash|D|A1^HUB'],
    ],
    'AllergyIntolerance',
    [{ verificationStatus: { coding: [{ code: 'entered-in-error' }] } }],
  ],
  ...['S12', 'S13', 'S14', 'S18', 'S19', 'S20', 'S21', 'S22', 'S23'].map(
    (event): [string, readonly Message[], string, readonly object[]] => [
      `${event} books`,
      [siu(event)],
      'Appointment',
      [{ status: 'booked', start: '2026-03-05T09:00:00+00:00', end: '2026-03-05T09:30:00+00:00' }],
    ],
  ),
  ...(
    [
      ['S15', 'cancelled'],
      ['S16', 'cancelled'],
      ['S17', 'entered-in-error'],
      ['S24', 'cancelled'],
      ['S26', 'noshow'],
    ] as const
  ).map(([event, status]): [string, readonly Message[], string, readonly object[]] => [
    `${event} after S12`,
    [siu('S12'), siu(event)],
    'Appointment',
    [{ status }],
  ]),
  ...['T01', 'T02', 'T03', 'T04', 'T07', 'T08'].map(
    (event): [string, readonly Message[], string, readonly object[]] => [
      `${event} tells of a document`,
      [[`MDM^${event}`, VISIT, document('D1', '', 'AU'), TEXT]],
      'DocumentReference',
      [{ status: 'current', docStatus: 'final', content: [{ attachment: { contentType: 'text/plain' } }] }],
    ],
  ),
  ...(
    [
      ['T05', 'appends'],
      ['T06', 'appends'],
      ['T09', 'replaces'],
      ['T10', 'replaces'],
    ] as const
  ).map(([event, code]): [string, readonly Message[], string, readonly object[]] => [
    `${event} ${code} a document`,
    [
      ['MDM^T02', VISIT, document('D1'), TEXT],
      [`MDM^${event}`, VISIT, document('D2', 'D1^HUB'), TEXT],
    ],
    'DocumentReference',
    [
      { status: code === 'replaces' ? 'superseded' : 'current', masterIdentifier: { value: 'D1' } },
      { status: 'current', relatesTo: [{ code }] },
    ],
  ]),
  [
    'T11 cancels a document',
    [
      ['MDM^T02', VISIT, document('D1'), TEXT],
      ['MDM^T11', VISIT, document('D1')],
    ],
    'DocumentReference',
    [{ status: 'entered-in-error' }],
  ],
  [
    'P03 charges',
    [['DFT^P03', VISIT, 'FT1|1|||20260301||CG|1001^Visit^L||||120&SDG']],
    'ChargeItem',
    [{ status: 'billable', code: { coding: [{ code: '1001' }] } }],
  ],
  [
    'P11 charges',
    [['DFT^P11', VISIT, 'FT1|1|||20260301||CG|1001^Visit^L']],
    'ChargeItem',
    [{ code: { coding: [{ code: '1001' }] } }],
  ],
  ['P01 opens an account', [['BAR^P01', VISIT]], 'Account', [{ ...ACCOUNT, status: 'active' }]],
  [
    'P05 changes an account',
    [
      ['BAR^P01', VISIT],
      ['BAR^P05', VISIT, 'DG1|1||I10^Hypertension^I10|||A'],
    ],
    'Condition',
    [{ code: { coding: [{ code: 'I10' }] } }],
  ],
  [
    'P06 ends an account',
    [
      ['BAR^P01', VISIT],
      ['BAR^P06', VISIT],
    ],
    'Account',
    [{ ...ACCOUNT, status: 'inactive' }],
  ],
  [
    'P02 purges an account',
    [
      ['BAR^P01', VISIT],
      ['BAR^P02', VISIT],
    ],
    'Account',
    [{ ...ACCOUNT, status: 'entered-in-error' }],
  ],
  [
    'P10 tells procedures',
    [['BAR^P10', VISIT, 'PR1|1||0DT^Resection^I10P||202603010800']],
    'Procedure',
    [{ status: 'completed', code: { coding: [{ code: '0DT' }] } }],
  ],
  [
    'P12 tells diagnoses',
    [['BAR^P12', VISIT, 'DG1|1||I10^Hypertension^I10|||F']],
    'Condition',
    [{ code: { coding: [{ code: 'I10' }] } }],
  ],
  [
    'V04 vaccinates',
    [['VXU^V04', ORC, 'RXA|0|1|20260301||08^HepB^CVX|0.5|mL']],
    'Immunization',
    [{ status: 'completed', vaccineCode: { coding: [{ code: '08' }] } }],
  ],
  [
    'VXU^V04 vaccinates who had refused before',
    [
      ['VXU^V04', ORC, `RXA|0|1|20260301||08^HepB^CVX|999${'|'.repeat(12)}PARENTAL||RE`],
      ['VXU^V04', ORC, 'RXA|0|1|20260301||08^HepB^CVX|0.5|mL'],
    ],
    'Immunization',
    [expect.toSatisfy((given) => !Object.hasOwn(given as object, 'statusReason')) as object],
  ],
  ...['ORM^O01', 'OMG^O19', 'OML^O21', 'OML^O33', 'OML^O35', 'OMI^O23'].map(
    (event): [string, readonly Message[], string, readonly object[]] => [
      `${event} orders and cancels`,
      [
        [
          event,
          ...(/O3[35]/.test(event) ? [SPM] : []),
          ...(event.endsWith('O35') ? ['SAC|||C1'] : []),
          ORC,
          OBR,
        ],
        [event, ...(/O3[35]/.test(event) ? [SPM] : []), ORC.replace('NW', 'CA'), OBR],
      ],
      'ServiceRequest',
      [{ status: 'revoked', identifier: [{ value: 'P1' }, { value: 'F1' }] }],
    ],
  ),
  ...['ORU^R01', 'OUL^R24', 'ORU^R42'].map(
    (event): [string, readonly Message[], string, readonly object[]] => [
      `${event} reports`,
      [[event, FINAL, OBX]],
      'DiagnosticReport',
      [{ status: 'final', result: [{}] }],
    ],
  ),
  ...['OUL^R22', 'OUL^R23'].map((event): [string, readonly Message[], string, readonly object[]] => [
    `${event} reports by specimen`,
    [[event, SPM, FINAL, OBX]],
    'DiagnosticReport',
    [{ status: 'final', specimen: [{}] }],
  ]),
  ...['ORU^R30', 'ORU^R32'].map((event): [string, readonly Message[], string, readonly object[]] => [
    `${event} makes the order with the result`,
    [[event, ORC, FINAL, OBX]],
    'ServiceRequest',
    [{ intent: 'order' }],
  ]),
  [
    'RDE^O11 prescribes',
    [['RDE^O11', ORC, RXE, 'RXR|PO']],
    'MedicationRequest',
    [{ status: 'active', medicationCodeableConcept: { coding: [{ code: '723' }] } }],
  ],
  [
    'RDE^O25 asks for a refill',
    [['RDE^O25', ORC.replace('NW', 'RF'), RXE, 'RXR|PO']],
    'MedicationRequest',
    [{ medicationCodeableConcept: { coding: [{ code: '723' }] } }],
  ],
  [
    'OMP^O09 prescribes',
    [['OMP^O09', ORC, 'RXO|723^Amoxicillin^L|500||mg', 'RXR|PO']],
    'MedicationRequest',
    [{ status: 'active' }],
  ],
  [
    'RDS^O13 dispenses',
    [['RDS^O13', ORC.replace('NW', 'RE'), 'RXD|1|723^Amoxicillin^L|202603010800|20|||RX1']],
    'MedicationDispense',
    [{ status: 'completed', quantity: { value: 20 } }],
  ],
  [
    'RAS^O17 gives',
    [['RAS^O17', ORC.replace('NW', 'RE'), RXA, 'RXR|PO']],
    'MedicationAdministration',
    [{ status: 'completed', dosage: { dose: { value: 500 } } }],
  ],
  [
    'RGV^O15 wants a dose given',
    [['RGV^O15', ORC.replace('NW', 'RE'), 'RXG|1|1||723^Amoxicillin^L|500||mg', 'RXR|IV']],
    'MedicationRequest',
    [{ intent: 'instance-order', status: 'active' }],
  ],
]

it.each(EFFECTS)('%s', async (...[, messages, type, expected]) => {
  const engine = await after(messages)
  expect(sorted(await engine.all(type))).toMatchObject(expected)
})

/** As they were made: by their id, which begins with the time. */
function sorted(found: readonly JsonObject[]): readonly JsonObject[] {
  return found.toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1))
}

it('A37 unlinks what A24 has linked', async () => {
  const both = [...one('1', 'A'), ...one('2', 'B')]
  const engine = await after([
    ['ADT^A24', ...both],
    ['ADT^A37', ...both],
  ])
  const patients = await engine.all('Patient')
  expect(patients.map((patient) => Object.hasOwn(patient, 'link'))).toEqual([false, false])
})

function idOf({ id }: JsonObject): string {
  return typeof id === 'string' ? id : ''
}

it('makes no order and no result of prior results that come with an order', async () => {
  const prior = [
    'PID|1||4711^^^NORTH^MR||Salih^Nadia',
    'ORC|PR|P9^CLINIC|F9^LAB',
    FINAL.replace('P1', 'P9'),
    OBX,
  ]
  const next = ['ORC|NW|P2^CLINIC', OBR.replace('P1', 'P2')]
  const engine = await after([['OML^O21', ORC, OBR, ...prior, ...next]])
  const orders = await engine.all('ServiceRequest')
  const numbers = orders.map(({ identifier }) => /"value":"(P\d)"/.exec(JSON.stringify(identifier))?.[1])
  expect(new Set(numbers)).toEqual(new Set(['P1', 'P2']))
  expect(new Set(orders.map(({ subject }) => JSON.stringify(subject))).size).toBe(1)
  expect(await engine.all('Observation')).toEqual([])
})

it('gives an order to the patient that stands in front of it, also where there are two', async () => {
  const other = [
    'PID|2||4712^^^NORTH^MR||Two',
    'ORC|NW|P2^CLINIC',
    OBR.replace('P1', 'P2').replace('F1', 'F2'),
  ]
  const engine = await after([['ORM^O01', ORC, OBR, ...other]])
  const orders = await engine.all('ServiceRequest')
  expect(new Set(orders.map(({ subject }) => JSON.stringify(subject))).size).toBe(2)
})

it('knows what is observed of a patient in front of the visit, since version 2.6', async () => {
  const engine = await after([['ORU^R01', 'OBX|1|NM|8302-2^Height^LN||170|cm|||||F', VISIT, FINAL, OBX]])
  expect(await engine.all('Encounter')).toHaveLength(1)
  const [report] = await engine.all('DiagnosticReport')
  expect(report?.['result']).toHaveLength(1)
  expect(await engine.all('Observation')).toHaveLength(2)
})

it('ends the accounts of several patients, each its own', async () => {
  const other = PID.replace('4711', '4712').replace('ACC1', 'ACC2')
  const engine = await after([
    ['BAR^P01', VISIT],
    ['BAR^P06', VISIT, other],
  ])
  const accounts = await engine.all('Account')
  expect(accounts).toMatchObject([{ status: 'inactive' }, { status: 'inactive' }])
  expect(new Set(accounts.map(({ subject }) => JSON.stringify(subject))).size).toBe(2)
})

it.each([
  ['ADT^A01', 'PID', 'EVN||20260301', VISIT],
  ['ADT^A40', 'PID', 'EVN||20260301', 'MRG|99^^^NORTH^MR'],
  ['BAR^P01', 'PID', VISIT],
  ['ADT^A40', 'MRG', 'EVN||20260301', PID],
  ['SIU^S12', 'SCH', PID],
  ['MDM^T02', 'TXA', PID, VISIT],
])('refuses %s without %s, with its place', async (event, segment, ...segments) => {
  const engine = await startEngine({ ackAt: 'committed' })
  const text = [`MSH|^~\\&|WARD|NORTH|HUB|MOGRAN|2026||${event}|M1|P|2.5.1`, ...segments, ''].join('\r')
  const ack = await new Sender(engine.port).send(text)
  expect(ack).toContain('MSA|AE|M1')
  expect(ack).toContain(`ERR||${segment}^1|100`)
  expect(await engine.all('Encounter')).toEqual([])
})

it.each([
  ['one who is not there', 'ADT^A24', 'PID^1', [PID]],
  ['an account that is not named', 'ADT^A41', 'MRG^1^3^1', [PID, 'MRG|4712^^^NORTH^MR']],
  ['a nameless visit', 'ADT^A45', 'PV1^1^19^1', [PID, 'MRG|4712^^^NORTH^MR||||V9^^^NORTH^VN', 'PV1|1|I']],
])('refuses a merge of %s', async (...[, event, place, segments]) => {
  const engine = await startEngine({ ackAt: 'committed' })
  const ack = await new Sender(engine.port).send(
    textOf([event, ...segments], 1).replace(`${PID}\r${PID}`, PID),
  )
  expect(ack).toContain('MSA|AE|M1')
  expect(ack).toContain(`ERR||${place}|101`)
})

it('refuses an admission of two patients: nobody knows whose the visit is', async () => {
  const engine = await startEngine({ ackAt: 'committed' })
  const sender = new Sender(engine.port)
  const ack = await sender.send(
    textOf(['ADT^A01', VISIT, ...one('4712', 'Two'), VISIT.replace('V1', 'V2')], 1),
  )
  expect(ack).toContain('MSA|AE|M1')
  expect(ack).toContain('ERR||PID^2|100')
  expect(await sender.send(textOf(['ADT^A01', VISIT, PID], 2))).toContain('MSA|AA|M2')
  expect(await engine.all('Encounter')).toHaveLength(1)
})

it('leaves a number with the patient who is known by it, and gives it to a person to look at', async () => {
  const engine = await after([
    ['ADT^A24', ...one('1', 'A'), ...one('2', 'B')],
    ['ADT^A37', ...one('1', 'A'), ...one('2', 'B')],
    ['ADT^A24', ...one('1^^^NORTH^MR~2', 'A'), ...one('3', 'C')],
    ['ADT^A37', ...one('1', 'A'), ...one('2', 'Bee')],
  ])
  const names = (await engine.all('Patient')).map(
    ({ name }) => /"family":"(\w+)"/.exec(JSON.stringify(name))?.[1],
  )
  expect(new Set(names)).toEqual(new Set(['A', 'Bee', 'C']))
  expect(await engine.store.records.range({ collection: 'hl7-worklist', limit: 10 })).toHaveLength(1)
})

const named = (numbers: string): Message => ['ADT^A31', `PID|1||${numbers}||Salih^Nadia`]

it('knows a patient by a number of another type that a later message leaves out, a merge included', async () => {
  const engine = await after([
    named('1^^^NORTH^MR~9^^^NORTH^PI'),
    named('1^^^NORTH^MR'),
    named('9^^^NORTH^PI'),
    ['ADT^A40', 'PID|1||2^^^NORTH^MR||Salih^Nadia', 'MRG|1^^^NORTH^MR'],
    ['ORU^R01', 'PID|1||9^^^NORTH^PI||Salih^Nadia', FINAL, OBX],
  ])
  const patients = await engine.all('Patient')
  expect(patients).toHaveLength(2)
  const survivor = patients.find(({ active }) => active !== false)
  expect(await engine.all('Observation')).toMatchObject([
    { subject: { reference: `Patient/${survivor?.['id'] as string}` } },
  ])
  expect(await engine.store.records.range({ collection: 'hl7-worklist', limit: 10 })).toEqual([])
})

it('leaves each visit with its patient when beds are swapped', async () => {
  const beds = [PID, visitOf('V1', 'B'), ...one('2', 'Other', visitOf('V2', 'A'))]
  const engine = await after([
    ['ADT^A01', VISIT],
    ['ADT^A01', ...one('2', 'Other', visitOf('V2', 'B'))],
    ['ADT^A17', ...beds],
  ])
  const names = new Map(
    (await engine.all('Patient')).map(({ id, name }) => [`Patient/${id as string}`, name]),
  )
  const visits = (await engine.all('Encounter')).map(({ identifier, subject }) => ({
    identifier,
    name: names.get((subject as JsonObject)['reference'] as string),
  }))
  expect(visits.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))).toMatchObject([
    { identifier: [{ value: 'V1' }], name: [{ family: 'Salih' }] },
    { identifier: [{ value: 'V2' }], name: [{ family: 'Other' }] },
  ])
})

it('gives up a number in whose place another of its type came, and says so', async () => {
  const engine = await after([
    named('1^^^NORTH^MR~9^^^NORTH^PI'),
    named('1^^^NORTH^MR~8^^^NORTH^PI'),
    named('9^^^NORTH^PI'),
  ])
  expect(await engine.all('Patient')).toHaveLength(2)
  const items = await engine.store.records.range({ collection: 'hl7-worklist', limit: 10 })
  const current = JSON.stringify({ system: 'urn:mogran:assigner:NORTH', value: '9' })
  expect(items.map(({ value }) => value)).toMatchObject([{ kind: 'identity', current, why: 'nobody' }])
})
