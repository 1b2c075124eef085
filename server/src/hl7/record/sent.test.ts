import { expect, it } from 'vitest'

import type { JsonObject } from '../../kernel/json.ts'
import type { Identities, Identity } from './identity.ts'
import { sentOf } from './sent.ts'
import { readTrace, readTraceText, traceRecords, traceText } from './trace-text.ts'

const identity = (type: string, id?: string): Identity => ({
  image: {
    key: '',
    type,
    own: 'link',
    resource: {},
    aliases: [{ type, system: 's', value: 'v' }],
    trace: [],
  },
  isKnown: id !== undefined,
  by: [],
  confirms: [],
  claims: [],
  taken: [],
  ...(id !== undefined && { id }),
})

const IDENTITIES: Identities = new Map([
  ['patient', identity('Patient', 'p1')],
  ['order', identity('ServiceRequest')],
])

const sent = (
  resource: JsonObject,
  literals: Record<string, string> = {},
  vault = new Map<string, string>(),
) => sentOf({ resource, literals: new Map(Object.entries(literals)) }, IDENTITIES, vault)

it('keeps the digits that a double would lose', () => {
  const resource = { valueQuantity: { value: 7.1 }, component: [{ valueQuantity: { value: 1 } }], count: 2 }
  const exact = sent(resource, { 'valueQuantity.value': '7.10', 'component[0].valueQuantity.value': '1.0' })
  expect(JSON.stringify(exact)).toBe(
    '{"valueQuantity":{"value":7.10},"component":[{"valueQuantity":{"value":1.0}}],"count":2}',
  )
  expect(resource.valueQuantity.value, 'the image stays as it is').toBe(7.1)
})

it('refers to what is known by its id, and to what is not by its identifier', () => {
  expect(sent({ subject: { reference: '#image:patient', display: 'Ada' } })).toEqual({
    subject: { reference: 'Patient/p1', display: 'Ada' },
  })
  expect(sent({ basedOn: [{ reference: '#image:order' }] })).toEqual({
    basedOn: [{ type: 'ServiceRequest', identifier: { system: 's', value: 'v' } }],
  })
  expect(sent({ subject: { reference: '#image:nobody' } })).toEqual({ subject: {} })
  expect(sent({ focus: [{ reference: 'Patient/other' }] })).toEqual({
    focus: [{ reference: 'Patient/other' }],
  })
})

it('leaves out what is not there and puts a long text aside', () => {
  const vault = new Map<string, string>()
  const long = 'x'.repeat(20_000)
  const { data } = sent({ data: long, title: undefined }, {}, vault)
  expect(data).toHaveLength(51)
  expect([...vault]).toEqual([[data, long]])
})

const ROWS = [
  { element: 'Patient.name[0].family', source: 'PID-5.1', rule: 'PID-Patient/name' },
  { element: 'Patient.gender', source: 'PID-8', also: ['PID-3'], rule: 'PID-Patient/gender' },
]
const READ = ROWS.map(({ element, source, rule }) => ({ element, source, rule }))

it('writes a trace as lines and reads it again', () => {
  expect(traceText(ROWS)).toBe(
    'name[0].family\tPID-5.1\tPID-Patient/name\ngender\tPID-8\tPID-Patient/gender\n',
  )
  expect(readTraceText(traceText(ROWS), 'Patient')).toEqual(READ)
  expect(readTraceText('', 'Patient')).toEqual([])
})

it('cuts a long trace into records that each name their resources', () => {
  const rows = Array.from({ length: 2000 }, (_, at) => ({
    source: 'PID-5.1',
    rule: 'PID-Patient/name',
    element: `Patient.name[${at}].family`,
  }))
  const traced = [
    { reference: 'Patient/p1', text: traceText(rows) },
    {
      reference: 'Encounter/e1',
      text: traceText([{ element: 'Encounter.status', source: 'PV1', rule: 'r' }]),
    },
    { reference: 'Location/l1', text: '' },
  ]
  const records = traceRecords('m1', traced)
  expect(records.map(({ id }) => id)).toEqual(['m1|0000', 'm1|0001'])
  const read = records.flatMap((change) => (change.op === 'delete' ? [] : readTrace(change.value)))
  expect(read).toHaveLength(2001)
  expect(read[1999]).toEqual({ ...READ[0], reference: 'Patient/p1', element: 'Patient.name[1999].family' })
  expect(read[2000]).toMatchObject({ reference: 'Encounter/e1', element: 'Encounter.status' })
})
