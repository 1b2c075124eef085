import { expect, it } from 'vitest'

import { fieldHolding, fieldTree } from './field-tree.ts'

const positions = new Set(['PID-5', 'OBX[1]-5', 'OBX[2]-5', 'PV1-3'])

it.each([
  ['PID-5[1].1', 'PID-5'],
  ['OBX[2]-5', 'OBX[2]-5'],
  ['OBX-5', 'OBX[1]-5'],
  ['PV1[1]-3.2', 'PV1-3'],
  ['ZZZ-1', undefined],
  ['PID', undefined],
])('finds the field that holds %s', (source, field) => {
  expect(fieldHolding(source, positions)).toBe(field)
})

it('names the fields, marks the used ones and lists the elements under their resource', () => {
  const row = { element: 'Patient.name[0].family', source: 'PID-5[1].1', rule: 'pid-5' }
  const tree = fieldTree({
    segments: [
      {
        label: 'PID',
        fields: [
          { position: 'PID-5', text: 'Eltayeb^Amna' },
          { position: 'PID-8', text: 'F' },
        ],
      },
    ],
    resources: [{ reference: 'Patient/1', action: 'created', version: 1 }],
    trace: [{ reference: 'Patient/1', ...row }],
  })
  expect(tree.segments[0]?.fields.map(({ name, isUsed }) => [name, isUsed])).toEqual([
    ['Patient Name', true],
    ['Administrative Sex', false],
  ])
  expect(tree.resources[0]?.elements).toEqual([{ reference: 'Patient/1', ...row, field: 'PID-5' }])
})
