import { expect, it } from 'vitest'

import { elementValue } from '../../ui/element-value.ts'
import { testedOf } from './mapping.data.ts'
import { segmentsOfText } from './segments-of-text.ts'

const TEXT = 'MSH|^~\\&|LAB\nPID|1||4711\nOBX|1|NM\nOBX|2|ST'

it('labels the segments of a pasted text as the hub does', () => {
  expect(segmentsOfText(TEXT).map(({ label }) => label)).toEqual(['MSH', 'PID', 'OBX[1]', 'OBX[2]'])
  const [header, person] = segmentsOfText(TEXT)
  expect(header?.fields.map(({ position, text }) => `${position} ${text}`)).toEqual([
    'MSH-1 |',
    'MSH-2 ^~\\&',
    'MSH-3 LAB',
  ])
  expect(person?.fields.map(({ position }) => position)).toEqual(['PID-1', 'PID-3'])
})

it.each([
  ['Patient.name[0].given[1]', 'Hassan'],
  ['name[0].family', 'Eltayeb'],
  ['Patient.active', 'true'],
  ['Patient.name[0]', undefined],
  ['Patient.name[3].family', undefined],
])('reads the value of %s', (element, value) => {
  const resource = {
    resourceType: 'Patient',
    active: true,
    name: [{ family: 'Eltayeb', given: ['Amna', 'Hassan'] }],
  }
  expect(elementValue(resource, element)).toBe(value)
})

it('shows each element with its value, every digit kept, beside the field that it came from', () => {
  const resource = '{"resourceType":"Observation","valueQuantity":{"value":5.60}}'
  const trace = [{ element: 'Observation.valueQuantity.value', source: 'OBX[2]-2', rule: 'r' }]
  const { tree } = testedOf(TEXT, {
    partitions: [],
    warnings: [],
    errors: [],
    resources: [{ key: 'Observation', own: 'update', resource, trace }],
  })
  expect(tree.resources[0]?.elements).toMatchObject([{ value: '5.60', field: 'OBX[2]-2' }])
})

it('shows the segments of a message that the rules refuse, with the field that is missing', () => {
  const { tree, findings } = testedOf(TEXT, {
    partitions: [],
    warnings: [{ kind: 'code', at: 'OBX[1]-2', text: 'Code "NM" is in no table' }],
    errors: [{ code: '101', severity: 'E', at: 'PID-5', text: 'A name is missing' }],
    resources: [],
  })
  expect(findings.map(({ kind, at }) => [kind, at])).toEqual([
    ['error', 'PID-5'],
    ['warning', 'OBX[1]-2'],
  ])
  expect(tree.segments[1]?.fields.map(({ position }) => position)).toEqual(['PID-1', 'PID-3', 'PID-5'])
})
