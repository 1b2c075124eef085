import { fields, type Pen, type Trigger } from './trigger-messages.ts'

const ordered = { status: 'active', intent: 'order' }
const reported = { status: 'final', result: [{}] }
const prescribed = { status: 'active' }

const timing = (pen: Pen) => (pen.since('2.5') ? ['TQ1|1||||||202603010800||R'] : [])
const spm = (pen: Pen) => `SPM|1|S${pen.tag}&CLINIC^S${pen.tag}&LAB||BLD^Blood^HL70487`
const service = (pen: Pen, control = 'NW') => [pen.orc(control), ...timing(pen), pen.obr()]
const order = (pen: Pen) => [pen.pid(), pen.pv1(), ...service(pen)]
const obx = (number = '1') => `OBX|${number}|NM|2823-3^Potassium^LN||4.2|mmol/L|||||F|||202603010800`
const report = (pen: Pen) => [pen.pid(), pen.pv1(), pen.orc('RE'), pen.obr('F'), obx()]
const drug = '723^Amoxicillin^RXNORM'
const rxe = (pen: Pen) =>
  fields('RXE', {
    1: pen.since('2.7') ? '' : '1^BID^^202603010800^202603080800',
    2: drug,
    3: '500',
    5: 'mg',
    10: '14',
    11: 'TAB',
  })
const rxo = (pen: Pen) => (pen.since('2.4') ? [fields('RXO', { 1: drug, 2: '500', 4: 'mg' })] : [])
const orcOf = (pen: Pen, control: string) => [pen.pid(), pen.pv1(), pen.orc(control), ...timing(pen)]
const prescription = (pen: Pen) => [...orcOf(pen, 'NW'), rxe(pen), 'RXR|PO']

const sch = (pen: Pen) => {
  const old = pen.since('2.7') ? {} : { 11: '1^^30^202603050900^202603050930' }
  return fields('SCH', {
    1: pen.id('AP'),
    2: pen.id('AF', 'HUB'),
    6: 'CHK^Check^L',
    7: 'ROUTINE',
    ...old,
    16: '17^Dent^Ada',
    25: 'Booked',
  })
}
/** @param action what becomes of the dentist, see table 0206 */
const bookingWith = (action: string) => (pen: Pen) => [
  sch(pen),
  ...(pen.since('2.5') ? ['TQ1|1||||||202603050900|202603050930'] : []),
  pen.pid(),
  pen.pv1({ 2: 'O' }),
  'RGS|1',
  `AIS|1|${action && 'X'}|CHK^Check^L|202603050900|||30|min`,
  `AIP|1|${action}|17^Dent^Ada`,
]
const booking = bookingWith('')
/** Events that take services and resources away: they have to say which. */
const FEWER: ReadonlySet<string> = new Set(['S20', 'S21', 'S22'])
/** Without its times: what a cancellation may leave out. */
const bare = (pen: Pen) => [
  fields('SCH', { 1: pen.id('AP'), 2: pen.id('AF', 'HUB'), 6: 'CHK^Check^L' }),
  pen.pid(),
  'RGS|1',
]
const BOOKED = ['SIU^S12', booking] as const
const appointment = (code: string) => ({ status: code, start: '2026-03-05T09:00:00+00:00' })

const txa = (pen: Pen, number: string, before = '') =>
  fields('TXA', {
    1: '1',
    2: 'DS',
    3: 'TX',
    4: '202603010800',
    6: '202603010830',
    12: `${number}${pen.tag}^HUB`,
    13: before === '' ? '' : `${before}${pen.tag}^HUB`,
    17: 'AU',
  })
const text = 'OBX|1|TX|1^Text^L||Went home well.||||||F'
const document =
  (number: string, before = '') =>
  (pen: Pen) => [pen.pid(), pen.pv1(), txa(pen, number, before)]
const withText =
  (number: string, before = '') =>
  (pen: Pen) => [...document(number, before)(pen), text]
const FIRST = ['MDM^T02', withText('D1')] as const
const current = { status: 'current', docStatus: 'final' }

const SIU = ['S12', 'S13', 'S14', 'S15', 'S16', 'S17', 'S18', 'S19', 'S20', 'S21', 'S22', 'S23', 'S24', 'S26']
const SIU_STATUS: Readonly<Record<string, string>> = {
  S15: 'cancelled',
  S16: 'cancelled',
  S17: 'entered-in-error',
  S24: 'cancelled',
  S26: 'noshow',
}

export const ORDER_TRIGGERS: readonly Trigger[] = [
  [
    'ORM^O01',
    '2.1-2.6',
    'ServiceRequest',
    ordered,
    (pen) => [pen.pid(), pen.pv1(), pen.orc('NW'), pen.obr()],
  ],
  ['OMG^O19', '2.4+', 'ServiceRequest', ordered, order],
  ['OML^O21', '2.4+', 'ServiceRequest', ordered, order],
  ['OML^O33', '2.5+', 'ServiceRequest', ordered, (pen) => [pen.pid(), pen.pv1(), spm(pen), ...service(pen)]],
  [
    'OML^O35',
    '2.5+',
    'ServiceRequest',
    ordered,
    (pen) => [pen.pid(), pen.pv1(), spm(pen), `SAC|||${pen.id('C', 'LAB')}`, ...service(pen)],
  ],
  [
    'OMI^O23',
    '2.5+',
    'ServiceRequest',
    ordered,
    (pen) => [
      ...order(pen),
      `IPC|${pen.id('AC', 'RIS')}|${pen.id('RP', 'RIS')}|1.2.840.1.${pen.tag.length}|${pen.id('SPS', 'RIS')}`,
    ],
  ],
  [
    'ORU^R01',
    '2.1+',
    'DiagnosticReport',
    reported,
    (pen) =>
      pen.since('2.3')
        ? report(pen)
        : [
            pen.pid(),
            ...(pen.since('2.2') ? [pen.pv1()] : []),
            ...(pen.since('2.2') ? [pen.orc('RE')] : []),
            pen.obr('F'),
            obx(),
          ],
  ],
  ['ORU^R30', '2.5+', 'ServiceRequest', { intent: 'order' }, report],
  ['ORU^R32', '2.5+', 'ServiceRequest', { intent: 'order' }, report],
  ['ORU^R40', '2.8+', 'DiagnosticReport', reported, report],
  ['ORU^R42', '2.8+', 'DiagnosticReport', reported, report],
  [
    'OUL^R22',
    '2.5+',
    'DiagnosticReport',
    { ...reported, specimen: [{}] },
    (pen) => [pen.pid(), pen.pv1(), spm(pen), pen.obr('F'), pen.orc('RE'), obx()],
  ],
  [
    'OUL^R23',
    '2.5+',
    'DiagnosticReport',
    { ...reported, specimen: [{}] },
    (pen) => [
      pen.pid(),
      pen.pv1(),
      spm(pen),
      `SAC|||${pen.id('C', 'LAB')}`,
      pen.obr('F'),
      pen.orc('RE'),
      obx(),
    ],
  ],
  [
    'OUL^R24',
    '2.5+',
    'DiagnosticReport',
    reported,
    (pen) => [pen.pid(), pen.pv1(), pen.obr('F'), pen.orc('RE'), spm(pen), obx()],
  ],
  ['RDE^O01', '2.2-2.3.1', 'MedicationRequest', prescribed, prescription],
  ['RDE^O11', '2.4+', 'MedicationRequest', prescribed, prescription],
  ['RDE^O25', '2.5+', 'MedicationRequest', {}, (pen) => [...orcOf(pen, 'RF'), rxe(pen), 'RXR|PO']],
  [
    'RDS^O01',
    '2.2-2.3.1',
    'MedicationDispense',
    { status: 'completed' },
    (pen) => [...orcOf(pen, 'RE'), rxd(pen)],
  ],
  [
    'RDS^O13',
    '2.4+',
    'MedicationDispense',
    { status: 'completed' },
    (pen) => [...orcOf(pen, 'RE'), rxd(pen)],
  ],
  [
    'RAS^O01',
    '2.2-2.3.1',
    'MedicationAdministration',
    { status: 'completed' },
    (pen) => [...orcOf(pen, 'RE'), rxa(pen), 'RXR|PO'],
  ],
  [
    'RAS^O17',
    '2.4+',
    'MedicationAdministration',
    { status: 'completed' },
    (pen) => [...orcOf(pen, 'RE'), rxa(pen), 'RXR|PO'],
  ],
  [
    'RGV^O01',
    '2.2-2.3.1',
    'MedicationRequest',
    { intent: 'instance-order' },
    (pen) => [...orcOf(pen, 'RE'), rxg(pen), 'RXR|IV'],
  ],
  [
    'RGV^O15',
    '2.4+',
    'MedicationRequest',
    { intent: 'instance-order' },
    (pen) => [...orcOf(pen, 'RE'), rxg(pen), 'RXR|IV'],
  ],
  ['OMP^O09', '2.4+', 'MedicationRequest', prescribed, (pen) => [...orcOf(pen, 'NW'), ...rxo(pen), 'RXR|PO']],
  ...SIU.flatMap((event): Trigger[] => {
    const code = SIU_STATUS[event]
    return code === undefined
      ? [
          [
            `SIU^${event}`,
            '2.3+',
            'Appointment',
            appointment('booked'),
            FEWER.has(event) ? bookingWith('D') : booking,
            ...(event === 'S12' ? [] : [BOOKED]),
          ],
        ]
      : [[`SIU^${event}`, '2.3+', 'Appointment', appointment(code), bare, BOOKED]]
  }),
  ['MDM^T01', '2.3+', 'DocumentReference', current, document('D1')],
  [
    'MDM^T02',
    '2.3+',
    'DocumentReference',
    { ...current, content: [{ attachment: { contentType: 'text/plain' } }] },
    withText('D1'),
  ],
  ['MDM^T03', '2.3+', 'DocumentReference', current, document('D1'), FIRST],
  ['MDM^T04', '2.3+', 'DocumentReference', current, withText('D1'), FIRST],
  ['MDM^T05', '2.3+', 'DocumentReference', { relatesTo: [{ code: 'appends' }] }, document('D2', 'D1'), FIRST],
  ['MDM^T06', '2.3+', 'DocumentReference', { relatesTo: [{ code: 'appends' }] }, withText('D2', 'D1'), FIRST],
  ['MDM^T07', '2.3+', 'DocumentReference', current, document('D1'), FIRST],
  ['MDM^T08', '2.3+', 'DocumentReference', current, withText('D1'), FIRST],
  ['MDM^T09', '2.3+', 'DocumentReference', { status: 'superseded' }, document('D2', 'D1'), FIRST],
  [
    'MDM^T10',
    '2.3+',
    'DocumentReference',
    { relatesTo: [{ code: 'replaces' }] },
    withText('D2', 'D1'),
    FIRST,
  ],
  ['MDM^T11', '2.3+', 'DocumentReference', { status: 'entered-in-error' }, document('D1'), FIRST],
  [
    'VXU^V04',
    '2.3.1+',
    'Immunization',
    { status: 'completed', vaccineCode: { coding: [{ code: '08' }] } },
    (pen) => [
      pen.pid(),
      ...(pen.since('2.4') ? [pen.orc('RE')] : []),
      'RXA|0|1|20260301|20260301|08^HepB^CVX|0.5|mL',
      'RXR|IM^Intramuscular^HL70162',
    ],
  ],
]

function rxd(pen: Pen): string {
  return fields('RXD', { 1: '1', 2: drug, 3: '202603010800', 4: '20', 5: 'TAB', 7: `RX${pen.tag}` })
}
function rxa(pen: Pen): string {
  return fields('RXA', {
    1: '0',
    2: '1',
    3: '202603010800',
    4: '202603010800',
    5: drug,
    6: '500',
    7: 'mg',
    15: pen.tag,
  })
}
function rxg(pen: Pen): string {
  return fields('RXG', { 1: '1', 2: '1', 3: pen.since('2.7') ? '' : '1^BID', 4: drug, 5: '500', 7: 'mg' })
}
