import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

import { parseMessage } from '../message/parse-message.ts'
import { countCoverage } from './coverage.ts'
import { createMapper } from './mapper.ts'

const message = (type: string, ...segments: readonly string[]) =>
  parseMessage([`MSH|^~\\&|A|B|||2026||${type}|1|P|2.5.1`, ...segments].join('\r'))

it('counts by message type which fields reach the record, which are left out and which nobody reads', async () => {
  const mapper = await createMapper(fileURLToPath(new URL('../../../../mappings/', import.meta.url)))
  const coverage = countCoverage()
  // PID-3 and 5 are mapped, PID-1 is left out, PID-37 and ZZZ are read by nobody; of the second NK1 only what it says.
  const admission = message(
    'ADT^A28',
    `PID|1||4711^^^H^MR||Okoye${'|'.repeat(32)}strain`,
    'NK1|1|Okoye^Ben|BRO',
    'NK1|2|Okoye^Dora|',
    'ZZZ|x',
  )
  coverage.add('ADT^A28', admission, mapper.map(admission, 'default'))
  coverage.add('ADT^A01', message('ADT^A01'), undefined)
  expect(coverage.byType()).toEqual([
    { type: 'ADT^A01', messages: 1, refused: 1, fields: 0, mapped: 0, unread: 0 },
    { type: 'ADT^A28', messages: 1, refused: 0, fields: 10, mapped: 5, unread: 2 },
  ])
})
