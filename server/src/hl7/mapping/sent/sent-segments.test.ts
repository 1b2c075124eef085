import { expect, it } from 'vitest'

import { toldApart, withNulls } from './sent-segments.ts'

it('numbers results of one code that have no number of their own', () => {
  const texts = ['OBX|1|ST|A^a^LN||x', 'OBX|2|ST|B^b^LN||x', 'OBX|3|ST|A^other^LN|1|y', 'OBX|4|ST|A^a^LN|7|z']
  expect(toldApart(texts, { segment: 'OBX', by: 3, number: 4 })).toEqual([
    'OBX|1|ST|A^a^LN||x',
    'OBX|2|ST|B^b^LN||x',
    'OBX|3|ST|A^other^LN|1|y',
    'OBX|4|ST|A^a^LN|7|z',
  ])
  expect(
    toldApart(['OBX|1|ST|A^a^LN||x', 'OBX|2|ST|A^a^LN||y', 'OBX|3|ED|A^a^LN'], {
      segment: 'OBX',
      by: 3,
      number: 4,
    }),
  ).toEqual(['OBX|1|ST|A^a^LN||x', 'OBX|2|ST|A^a^LN|2|y', 'OBX|3|ED|A^a^LN|3'])
})

it('says the null where a value is gone, also of a segment that is gone', () => {
  const before = ['MSH|x', 'PID|1||4711||Own|Maiden', 'PV1|1|I|Ward', 'PV2|||reason|""']
  expect(withNulls(['MSH|y', 'PID|1||4711||New', 'PV1|1|I'], before, ['PID', 'PV1', 'PV2'])).toEqual([
    'MSH|y',
    'PID|1||4711||New|""',
    'PV1|1|I|""',
    'PV2|||""',
  ])
  expect(withNulls(['MSH|y', 'PID|1'], [], ['PID'])).toEqual(['MSH|y', 'PID|1'])
  expect(withNulls(['MSH|y', 'PV1|1|I'], ['MSH|x', 'PV1|1|I|Ward'], ['PID'])).toEqual(['MSH|y', 'PV1|1|I'])
})
