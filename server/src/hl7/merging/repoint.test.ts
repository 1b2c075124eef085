import { expect, it } from 'vitest'

import { countReferences, repoint, restore } from './repoint.ts'

const TEXT =
  '{"subject": {"reference":"Patient/a"},"value":1.00,"focus":[{"reference":"Patient/b"},{"reference":"Patient/a/_history/2"}],"text":"\\"reference\\":\\"Patient/a\\"","other":{"reference":"Patient/a-1"}}'

it('changes the references to one resource and nothing else, digits and texts included', () => {
  const moved = repoint(TEXT, 'Patient/a', 'Patient/b')
  expect(moved?.text).toBe(
    '{"subject": {"reference":"Patient/b"},"value":1.00,"focus":[{"reference":"Patient/b"},{"reference":"Patient/b/_history/2"}],"text":"\\"reference\\":\\"Patient/a\\"","other":{"reference":"Patient/a-1"}}',
  )
  expect(moved?.places).toEqual([0, 2])
  expect(repoint(TEXT, 'Patient/z', 'Patient/b')).toBeUndefined()
})

it('takes back only what it changed, and nothing when somebody has changed the references since', () => {
  const { text, places } = repoint(TEXT, 'Patient/a', 'Patient/b') ?? { text: '', places: [] }
  const total = countReferences(text, 'Patient/b')
  expect(restore(text, { from: 'Patient/a', to: 'Patient/b', places, total })).toBe(TEXT)
  const edited = text.replace('{"reference":"Patient/b"}', '{}')
  expect(restore(edited, { from: 'Patient/a', to: 'Patient/b', places, total })).toBeUndefined()
})
