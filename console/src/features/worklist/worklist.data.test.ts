import { expect, it } from 'vitest'

import { referencesOf, sidesOf } from './worklist.data.ts'

const words = { time: (text: string) => `time ${text}`, reference: (text: string) => `place ${text}` }

it.each([
  ['"1981-07-14"', 'time 1981-07-14'],
  ['"2026-11-30T07:44:41+00:00"', 'time 2026-11-30T07:44:41+00:00'],
  [
    '[{"location":{"reference":"Location/1"},"status":"active","period":{"start":"2026-11-30"}}]',
    'place Location/1, active, time 2026-11-30',
  ],
  ['"and/or"', 'and/or'],
  ['"12 \\"A\\" Street"', '12 "A" Street'],
  ['["3 Blue Nile Street","Flat 2"]', '3 Blue Nile Street, Flat 2'],
  ['{"system":"urn:x","value":"K1","type":{"coding":[{"system":"urn:y","code":"MR"}]}}', 'K1, MR'],
  [String.raw`{"system":"urn:x","value":"urn:mogran:lab:report\\|F1\\|LAB\\|PAN|K||"}`, 'F1 LAB PAN K'],
  ['5.60', '5.60'],
  ['true', 'true'],
  ['[]', '[]'],
  ['{"value":"cut he', '{"value":"cut he'],
  [undefined, '–'],
])('reads %s as %s', (json, text) => {
  expect(sidesOf({ current: json, incoming: '"other"' }, words)[0]).toBe(text)
})

it('shows all of two values that differ only in what is left out', () => {
  const [current, incoming] = ['{"system":"urn:x","value":"K1"}', '{"system":"urn:y","value":"K1"}']
  expect(sidesOf({ current, incoming }, words)).toEqual([current, incoming])
})

it('knows what both sides refer to', () => {
  const current = '[{"location":{"reference":"Location/1"}}]'
  const incoming = '[{"location":{"reference":"Location/2"}},{"location":{"reference":"Location/3"}}]'
  expect(referencesOf({ current, incoming })).toEqual(['Location/1', 'Location/2', 'Location/3'])
})
