import { expect, it } from 'vitest'

import { printedUnit } from './value-view.contract.ts'

it.each([
  ['mm[Hg]', 'mmHg'],
  ['Cel', '°C'],
  ['10*3/uL', '×10³/µL'],
  ['10*9/L', '×10⁹/L'],
  ['10*12/L', '×10¹²/L'],
  ['umol/L', 'µmol/L'],
  ['m[iU]/L', 'mIU/L'],
  ['mg/dL', 'mg/dL'],
  ['mmol/L', 'mmol/L'],
  ['U/L', 'U/L'],
])('prints %s as %s', (unit, printed) => {
  expect(printedUnit(unit)).toBe(printed)
})
