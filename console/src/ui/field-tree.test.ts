import { expect, it } from 'vitest'

import { fieldTree } from './field-tree.ts'

it('marks the fields that were used and lists the elements under their resource', () => {
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
    resources: [{ reference: 'Patient/1', action: 'created' }],
    trace: [{ reference: 'Patient/1', ...row }],
  })
  expect(tree.segments[0]?.fields.map(({ position, isUsed }) => [position, isUsed])).toEqual([
    ['PID-5', true],
    ['PID-8', false],
  ])
  expect(tree.resources[0]?.elements).toEqual([{ reference: 'Patient/1', ...row, field: 'PID-5' }])
})

it('shows a field that is wrong because it is missing, in its place', () => {
  const fields = [
    { position: 'PID-3', text: 'M1' },
    { position: 'PID-11', text: 'Nile Street' },
  ]
  const source = { segments: [{ label: 'PID', fields }], resources: [], trace: [] }
  const [segment] = fieldTree(source, ['PID-8', 'PID-3.1', 'PID', 'OBX-5']).segments
  expect(segment?.fields.map(({ position, text }) => [position, text])).toEqual([
    ['PID-3', 'M1'],
    ['PID-8', ''],
    ['PID-11', 'Nile Street'],
  ])
})
