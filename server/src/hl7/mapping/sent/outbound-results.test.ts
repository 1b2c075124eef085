import { expect, it } from 'vitest'

import type { JsonObject } from '../../../kernel/json.ts'
import { createMapper } from '../mapper.ts'
import { builtOf } from '../outbound-cases.ts'

const MAPPINGS = new URL('../../../../../mappings', import.meta.url).pathname
const { outbound } = await createMapper(MAPPINGS)

const report = {
  resourceType: 'DiagnosticReport',
  id: 'r',
  status: 'final',
  code: { text: 'Panel' },
  subject: { reference: 'Patient/p' },
  result: [{ reference: 'Observation/o' }, { reference: 'Observation/panel' }],
  conclusion: 'Well.',
}
const finding = { resourceType: 'Observation', status: 'final', code: { text: 'Finding' } }
const others: Record<string, JsonObject> = {
  'Patient/p': { resourceType: 'Patient', id: 'p', identifier: [{ value: '1' }] },
  'Observation/o': { ...finding, id: 'o', valueInteger: 7 },
  'Observation/panel': { ...finding, id: 'panel', component: [{ code: { text: 'Part' }, valueInteger: 8 }] },
}

async function observations(
  change: JsonObject,
  { version = '2.5.1', previous }: { readonly version?: string; readonly previous?: JsonObject } = {},
): Promise<readonly (readonly string[])[]> {
  const before = previous && { previous: { ...report, ...previous } }
  const request = {
    definition: 'DiagnosticReport.ORU_R01',
    resource: { ...report, ...change },
    others,
    ...before,
  }
  const message = (await builtOf(request, outbound, { controlId: 'C1', version })) ?? ''
  const segments = message.split('\r').map((text) => text.split('|'))
  return segments.filter(([name]) => name === 'OBX')
}

it('says of every result of a report that was entered in error that it is wrong', async () => {
  const now = await observations({ status: 'entered-in-error' }, { previous: {} })
  expect(now.map((fields) => fields[11])).toEqual(['W', 'W', 'W', 'W'])
})

it('deletes a result that the report does not hold any more', async () => {
  const now = await observations({ result: [{ reference: 'Observation/panel' }] }, { previous: {} })
  const gone = now.filter((fields) => fields[11] === 'D')
  expect(gone.map((fields) => [fields[3], fields[5]])).toEqual([['^Finding^^^^^^^Finding', '7']])
})

const series = { origin: { value: 0.5, unit: 'mV', code: 'mV' }, period: 4, factor: 0.1, dimensions: 1 }
it.each([
  { scale: series, data: '1 2 -3', version: '2.5.1', sent: ['NA', '0.6^0.7^0.2'] },
  { scale: { ...series, dimensions: 2 }, data: '1 2 3 4', version: '2.5.1', sent: ['MA', '0.6^0.7~0.8^0.9'] },
  { scale: series, data: '1 E U 4', version: '2.5.1', sent: ['ST', '0.6 E U 0.9'] },
  { scale: series, data: '1 2', version: '2.2', sent: ['ST', '0.6 0.7'] },
])('sends the series $data in $version as $sent', async ({ scale, data, version, sent }) => {
  others['Observation/o'] = { ...finding, id: 'o', valueSampledData: { ...scale, data } }
  const [first = []] = await observations({}, { version })
  expect([first[2], first[5], first[6]]).toEqual([...sent, 'mV^mV'])
})

const amount = (value: number) => ({ value, unit: 'mg', system: 'http://unitsofmeasure.org', code: 'mg' })
const document = { contentType: 'image/png', data: 'QUJD' }
const VALUE = 'http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.value'
it.each<readonly [what: string, change: JsonObject, sent: readonly string[]]>([
  ['a lower bound', { valueRange: { low: amount(1) } }, ['SN', '>=^1', 'mg^mg^UCUM']],
  ['an upper bound', { valueRange: { high: amount(2) } }, ['SN', '<=^2', 'mg^mg^UCUM']],
  ['a range', { valueRange: { low: amount(1), high: amount(2) } }, ['SN', '^1^-^2', 'mg^mg^UCUM']],
  [
    'a ratio of numbers',
    { valueRatio: { numerator: { value: 1 }, denominator: { value: 128 } } },
    ['SN', '^1^:^128', ''],
  ],
  [
    'a ratio of two units',
    { valueRatio: { numerator: amount(1), denominator: { value: 2, unit: 'mL' } } },
    ['ST', '1 mg : 2 mL', ''],
  ],
  ['seconds', { valueTime: '10:20:30' }, ['TM', '102030', '']],
  [
    'parts of a second',
    { valueDateTime: '2026-01-01T10:00:00.12345+02:00' },
    ['TS', '20260101100000.1234+0200', ''],
  ],
  [
    'parts of a second that are none',
    { valueDateTime: '2026-01-01T10:00:00.000Z' },
    ['TS', '20260101100000+0000', ''],
  ],
  [
    'a document',
    { extension: [{ url: VALUE, valueAttachment: document }] },
    ['ED', '^IM^png^Base64^QUJD', ''],
  ],
  ['nothing', {}, ['ST', '', '']],
])('sends %s as it is', async (_, change, sent) => {
  others['Observation/o'] = { ...finding, id: 'o', ...change }
  const [first = []] = await observations({})
  expect([first[2], first[5], first[6]]).toEqual(sent)
})

it('sends members of a panel that the report does not name, once', async () => {
  others['Observation/o'] = { ...finding, id: 'o', valueInteger: 7 }
  others['Observation/group'] = {
    ...finding,
    id: 'group',
    hasMember: [{ reference: 'Observation/o' }, { reference: 'Observation/panel' }],
  }
  const result = [{ reference: 'Observation/o' }, { reference: 'Observation/group' }]
  const values = (await observations({ result })).map((fields) => fields[5])
  expect(values).toEqual(['7', '', '', '8', 'Well.'])
})

it('sends the codes of a conclusion beside its text', async () => {
  const conclusionCode = [
    { coding: [{ system: 'http://snomed.info/sct', code: '271737000', display: 'Anemia' }] },
  ]
  const last = (await observations({ conclusionCode })).at(-1)
  expect(last?.slice(2, 6)).toEqual(['CWE', '55112-7^Document summary^LN', '2', '271737000^Anemia^SCT'])
})

it('sends results that stand inside of the report, and nothing for what is not there', async () => {
  const contained = [{ ...finding, id: 'inside', valueInteger: 9 }]
  const result = [{ reference: '#inside' }, { reference: 'Observation/gone' }]
  const now = await observations({ contained, result })
  expect(now.map((fields) => fields[5])).toEqual(['9', 'Well.'])
})

it('says all of a member that only a result names: its notes, its parts, and how often a series was measured', async () => {
  const members = [{ reference: 'Observation/bp' }]
  others['Observation/panel'] = { ...finding, id: 'panel', note: [{ text: 'all' }], hasMember: members }
  const valueSampledData = { ...series, data: '1 2' }
  const component = [{ code: { text: 'Wave' }, valueSampledData }]
  others['Observation/bp'] = { ...finding, id: 'bp', note: [{ text: 'sitting' }], component }
  const request = {
    definition: 'DiagnosticReport.ORU_R01',
    resource: { ...report, result: [{ reference: 'Observation/panel' }] },
    others,
  }
  const message = await builtOf(request, outbound, { controlId: 'C1', version: '2.5.1' })
  const said = (message ?? '').split('\r').filter((text) => /^(OBX|NTE)/.test(text))
  expect(said.map((text) => text.split('|').slice(0, 4).join('|'))).toEqual([
    'OBX|1|ST|^Finding^^^^^^^Finding',
    'NTE|1||all',
    'OBX|2|ST|^Finding^^^^^^^Finding',
    'NTE|1||sitting',
    'OBX|3|NA|^Wave^^^^^^^Wave',
    'NTE|1||a value every 4 ms',
    'OBX|4|TX|55112-7^Document summary^LN',
  ])
})

it('names the laboratory wherever it stands among those who measured', async () => {
  others['Practitioner/d'] = { resourceType: 'Practitioner', id: 'd', name: [{ family: 'Smith' }] }
  others['Organization/l'] = {
    resourceType: 'Organization',
    id: 'l',
    name: 'Lab',
    address: [{ city: 'Town' }],
  }
  const performer = [{ reference: 'Practitioner/d' }, { reference: 'Organization/l' }]
  others['Observation/o'] = { ...finding, id: 'o', valueInteger: 7, performer }
  const [first = []] = await observations({})
  expect([first[16], first[23], first[24]]).toEqual(['^Smith', 'Lab', '^^Town'])
})

it('says lines of a conclusion as formatted text, and numbers a document where that is required', async () => {
  const change = { result: [], conclusion: 'Raised.\nRepeat.', presentedForm: [document] }
  const said = (await observations(change, { version: '2.7' })).map((fields) => fields.slice(2, 6))
  expect(said).toEqual([
    ['FT', '55112-7^Document summary^LN', '1', String.raw`Raised.\.br\Repeat.`],
    ['ED', '^Panel^^^^^^^Panel', '1', '^image^png^Base64^QUJD'],
  ])
})
