import { expect } from 'vitest'

import { fields, type Pen, type Trigger } from './trigger-messages.ts'

const status = (code: string) => ({ status: code })
const visit = (pen: Pen) => [pen.pid(), pen.pv1()]
const visitWith = (more: Readonly<Record<number, string>>) => (pen: Pen) => [pen.pid(), pen.pv1(more)]
const account = (pen: Pen, suffix = '') => `9${pen.tag}${suffix}`
const numbered = (pen: Pen, text: string, type: string) =>
  pen.since('2.3') ? `${text}^^^NORTH^${type}` : text

/** PID-3, PID-18, PV1-19 of before. */
const mrg = (pen: Pen, more: Readonly<Record<number, string>> = {}) =>
  fields('MRG', { 1: numbered(pen, `${pen.tag}2`, 'MR'), ...more })

/** Without an end. */
const OPEN = expect.toSatisfy((period: object) => !Object.hasOwn(period, 'end')) as object
/** Linked to nobody. */
const UNLINKED = expect.toSatisfy((patient: object) => !Object.hasOwn(patient, 'link')) as object
const START = { 44: '202603010800' }
const ADMITTED = ['ADT^A01', visitWith(START)] as const
const MOVED = ['ADT^A02', visitWith({ 3: 'W2^01^B', 6: 'W1^05^A' })] as const
const DISCHARGED = ['ADT^A03', visitWith({ ...START, 36: '01', 45: '202603021200' })] as const
const PLANNED = ['ADT^A05', visitWith({ 2: 'P' })] as const
const OTHER = [
  'ADT^A04',
  (pen: Pen) => [pen.pid('2', account(pen, '2')), pen.pv1({ 19: numbered(pen, `8${pen.tag}2`, 'VN') })],
] as const

/** Of a patient with most of what an admission tells. */
const admission = (pen: Pen) => [
  pen.pid(),
  ...(pen.since('2.3') ? [`PD1|||NORTH CLINIC${pen.since('2.7') ? '' : '|17^Dent^Ada'}`] : []),
  `NK1|1|Salih^Omar|SPO${pen.since('2.3') ? '^Spouse^HL70063' : ''}`,
  pen.pv1({ ...START, 14: '7' }),
  ...(pen.since('2.2') ? ['PV2|||I10^Hypertension^I10', 'AL1|1|DA|PEN^Penicillin^L|SV|Rash'] : []),
  `DG1|1|${pen.since('2.6') ? '' : 'I10'}|I10^Hypertension^I10||202603010800|A`,
  ...(pen.since('2.2') ? ['GT1|1||Salih^Omar', 'IN1|1|PLAN1|INS1|National Insurance'] : []),
]

const merged = {
  identifier: expect.arrayContaining([
    expect.objectContaining({ use: 'old', value: expect.stringMatching('^9?\\d{15}2$') as string }),
  ]) as object,
}

export const ADT_TRIGGERS: readonly Trigger[] = [
  ['ADT^A01', '2.1+', 'Encounter', status('in-progress'), admission],
  [
    'ADT^A02',
    '2.1+',
    'Encounter',
    { location: [{ status: 'active' }, { status: 'completed' }] },
    MOVED[1],
    ADMITTED,
  ],
  [
    'ADT^A03',
    '2.1+',
    'Encounter',
    { status: 'finished', period: { end: '2026-03-02T12:00:00+00:00' } },
    DISCHARGED[1],
    ADMITTED,
  ],
  ['ADT^A04', '2.1+', 'Encounter', { status: 'arrived', class: { code: 'AMB' } }, visitWith({ 2: 'O' })],
  ['ADT^A05', '2.1+', 'Encounter', status('planned'), PLANNED[1]],
  [
    'ADT^A06',
    '2.1+',
    'Encounter',
    { status: 'in-progress', class: { code: 'IMP' } },
    visit,
    ['ADT^A04', visitWith({ 2: 'O' })],
  ],
  [
    'ADT^A07',
    '2.1+',
    'Encounter',
    { status: 'in-progress', class: { code: 'AMB' } },
    visitWith({ 2: 'O' }),
    ADMITTED,
  ],
  [
    'ADT^A08',
    '2.1+',
    'Patient',
    { name: [{ given: ['Nadja'] }] },
    (pen) => [pen.pid().replace('Nadia', 'Nadja'), pen.pv1()],
    ADMITTED,
  ],
  ['ADT^A09', '2.1+', 'Encounter', status('in-progress'), visitWith({ 11: 'XRAY' }), ADMITTED],
  ['ADT^A10', '2.1+', 'Encounter', status('in-progress'), visitWith({ 11: 'XRAY' }), ADMITTED],
  ['ADT^A11', '2.1+', 'Encounter', status('cancelled'), visit, ADMITTED],
  ['ADT^A12', '2.1+', 'Encounter', { location: [{ status: 'active' }] }, visit, ADMITTED, MOVED],
  [
    'ADT^A13',
    '2.1+',
    'Encounter',
    {
      status: 'in-progress',
      period: OPEN,
    },
    visit,
    ADMITTED,
    DISCHARGED,
  ],
  ['ADT^A14', '2.1+', 'Encounter', status('planned'), visit],
  [
    'ADT^A15',
    '2.1+',
    'Encounter',
    { status: 'in-progress', location: [{ status: 'active' }, { status: 'planned' }] },
    visitWith({ 42: 'W3^01^C' }),
    ADMITTED,
  ],
  ['ADT^A16', '2.1+', 'Encounter', status('in-progress'), visit, ADMITTED],
  [
    'ADT^A17',
    '2.1+',
    'Encounter',
    { location: [{ status: 'active' }, { status: 'completed' }] },
    (pen) => [
      pen.pid(),
      pen.pv1({ 3: 'W1^06^A' }),
      pen.pid('2'),
      pen.pv1({ 19: numbered(pen, `8${pen.tag}2`, 'VN') }),
    ],
    ADMITTED,
  ],
  ['ADT^A21', '2.1+', 'Encounter', status('onleave'), visit, ADMITTED],
  ['ADT^A22', '2.1+', 'Encounter', status('in-progress'), visit, ADMITTED, ['ADT^A21', visit]],
  ['ADT^A23', '2.1+', 'Encounter', status('entered-in-error'), visit, ADMITTED],
  ['ADT^A24', '2.1+', 'Patient', { link: [{ type: 'seealso' }] }, (pen) => [pen.pid(), pen.pid('2')]],
  ['ADT^A25', '2.2+', 'Encounter', status('in-progress'), visit, ADMITTED, ['ADT^A16', visit]],
  [
    'ADT^A26',
    '2.2+',
    'Encounter',
    { location: [{ status: 'active' }] },
    visit,
    ADMITTED,
    ['ADT^A15', visitWith({ 42: 'W3^01^C' })],
  ],
  ['ADT^A27', '2.2+', 'Encounter', status('cancelled'), visit, ['ADT^A14', visit]],
  ['ADT^A28', '2.2+', 'Patient', { birthDate: '1987-04-02' }, visit],
  ['ADT^A29', '2.2+', 'Patient', { active: false }, visit, ['ADT^A28', visit]],
  ['ADT^A30', '2.2-2.6', 'Patient', merged, (pen) => [pen.pid(), mrg(pen)], ADMITTED, OTHER],
  [
    'ADT^A31',
    '2.2+',
    'Patient',
    { gender: 'female' },
    visit,
    ['ADT^A28', (pen) => [pen.pid().replace('|F|', '||'), pen.pv1()]],
  ],
  ['ADT^A34', '2.2-2.6', 'Patient', merged, (pen) => [pen.pid(), mrg(pen)], ADMITTED, OTHER],
  [
    'ADT^A37',
    '2.2+',
    'Patient',
    UNLINKED,
    (pen) => [pen.pid(), pen.pid('2')],
    ['ADT^A24', (pen) => [pen.pid(), pen.pid('2')]],
  ],
  ['ADT^A38', '2.3+', 'Encounter', status('cancelled'), visitWith({ 2: 'P' }), PLANNED],
  ['ADT^A40', '2.3+', 'Patient', merged, (pen) => [pen.pid(), mrg(pen)], ADMITTED, OTHER],
  [
    'ADT^A41',
    '2.3+',
    'Account',
    merged,
    (pen) => [
      pen.pid(),
      mrg(pen, { 1: numbered(pen, pen.tag, 'MR'), 3: numbered(pen, account(pen, '2'), 'AN') }),
    ],
    ADMITTED,
  ],
  ['ADT^A43', '2.3+', 'Patient', merged, (pen) => [pen.pid(), mrg(pen)], ADMITTED, OTHER],
  [
    'ADT^A44',
    '2.3+',
    'Account',
    status('active'),
    (pen) => [pen.pid('', account(pen, '2')), mrg(pen, { 3: numbered(pen, account(pen, '2'), 'AN') })],
    ADMITTED,
    OTHER,
  ],
  [
    'ADT^A45',
    '2.3+',
    'Encounter',
    status('in-progress'),
    (pen) => [
      pen.pid('', account(pen, '2')),
      mrg(pen, {
        1: numbered(pen, pen.tag, 'MR'),
        3: numbered(pen, account(pen), 'AN'),
        5: numbered(pen, `8${pen.tag}`, 'VN'),
      }),
      pen.pv1(),
    ],
    ADMITTED,
  ],
  [
    'ADT^A47',
    '2.3+',
    'Patient',
    {
      identifier: [
        { value: expect.stringMatching('^\\d{15}$') as string },
        { use: 'old', value: expect.stringMatching('^\\d{16}$') as string },
      ],
    },
    (pen) => [pen.pid(), mrg(pen)],
    OTHER,
  ],
  [
    'ADT^A54',
    '2.4+',
    'Encounter',
    { participant: [{ individual: { display: 'Ben Kay' } }] },
    visitWith({ 7: '18^Kay^Ben' }),
    ADMITTED,
  ],
  [
    'ADT^A55',
    '2.4+',
    'Encounter',
    { participant: [{ individual: { display: 'Ada Dent' } }] },
    visit,
    ADMITTED,
    ['ADT^A54', visitWith({ 7: '18^Kay^Ben' })],
  ],
  [
    'ADT^A60',
    '2.4+',
    'AllergyIntolerance',
    { reaction: [{}] },
    (pen) => [
      ...visit(pen),
      `IAM|1|DA^Drug allergy^HL70127|PEN^Penicillin^L|SV^Severe^HL70128|Rash|A^Add^HL70323|${pen.id('AL')}`,
    ],
  ],
  ['BAR^P01', '2.1+', 'Account', status('active'), visit],
  ['BAR^P02', '2.1+', 'Account', status('entered-in-error'), visit, ['BAR^P01', visit]],
  [
    'BAR^P05',
    '2.3+',
    'Condition',
    { code: { coding: [{ code: 'I10' }] } },
    (pen) => [...visit(pen), `DG1|1|${pen.since('2.6') ? '' : 'I10'}|I10^Hypertension^I10||202603010800|A`],
    ['BAR^P01', visit],
  ],
  ['BAR^P06', '2.3+', 'Account', status('inactive'), visit, ['BAR^P01', visit]],
  [
    'BAR^P10',
    '2.4+',
    'Procedure',
    { code: { coding: [{ code: '0DT' }] } },
    (pen) => [
      ...visit(pen),
      'GP1|131',
      `PR1|1|${pen.since('2.6') ? '' : 'I10P'}|0DT^Resection^I10P||202603010800|D`,
    ],
  ],
  [
    'BAR^P12',
    '2.5+',
    'Condition',
    { code: { coding: [{ code: 'I10' }] } },
    (pen) => [...visit(pen), `DG1|1|${pen.since('2.6') ? '' : 'I10'}|I10^Hypertension^I10||202603010800|F`],
  ],
  [
    'DFT^P03',
    '2.1+',
    'ChargeItem',
    { status: 'billable', code: { coding: [{ code: '1001' }] } },
    (pen) => [...visit(pen), 'FT1|1|||20260301||CG|1001^Visit^L'],
  ],
  [
    'DFT^P11',
    '2.4+',
    'ChargeItem',
    { status: 'billable', code: { coding: [{ code: '1001' }] } },
    (pen) => [...visit(pen), 'FT1|1|||20260301||CG|1001^Visit^L'],
  ],
]
