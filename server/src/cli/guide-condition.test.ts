import { expect, it } from 'vitest'

import { compileCondition } from '../hl7/mapping/rules/expression.ts'
import { translateCondition } from './guide-condition.ts'

it.each([
  ['IF PID-25 NOT VALUED', 'PID-25.empty()'],
  ['IF PID-33 AND PID-34 VALUED', 'PID-33.exists() and PID-34.exists()'],
  ['IF OBX-2 EQUALS "NM"', "OBX-2 = 'NM'"],
  ['IF OBX-2 IN ("ST", "FT", "TX")', "OBX-2 in ('ST', 'FT', 'TX')"],
  [
    'IF OBX-2 EQUALS "SN" AND OBX-5.1  NOT EQUALS "<>" AND OBX-5.3 NOT IN (":", "/")',
    "OBX-2 = 'SN' and (OBX-5.1 = '<>').not() and (OBX-5.3 in (':', '/')).not()",
  ],
  ['IF PV1-2.1 NOT EQUALS "P"', "(PV1-2.1 = 'P').not()"],
  ['IF PID-7 LENGTH GREATER THAN 8', 'PID-7.length() > 8'],
  ['IF OBX-33 COUNT>1', 'OBX-33.count() > 1'],
  ['IF RXA-21 EQUALS "D"', "RXA-21 = 'D'"],
  ['IF CWE.3 IS "HL70276"', "CWE.3 = 'HL70276'"],
])('turns %s of the guide into a condition of ours', (guide, ours) => {
  expect(translateCondition(guide)).toBe(ours)
  expect(() => compileCondition(ours)).not.toThrow()
})

it.each(['If severity was used equivalent to criticality', 'Depending on ROL-3', ''])(
  'leaves "%s" to a person',
  (guide) => {
    expect(translateCondition(guide)).toBeUndefined()
  },
)
