import { expect, it } from 'vitest'

import { parseMessage } from '../../message/parse-message.ts'
import { Fields } from '../model/node.ts'
import type { Row } from '../rules/rules.ts'
import { createDraft, type Draft, type Work } from './draft.ts'
import { compileRows } from './row.ts'
import type { RowKit } from './target.ts'

const KIT: RowKit = {
  reads: [],
  coded: { concept: '', coding: '', others: '' },
  datatype: () => () => 0,
  hasImage: () => false,
  table: () => new Map(),
}
const ROWS = [
  ['number', "OBX-2 = 'NM'"],
  ['text', "OBX-2 = 'TX' and OBX-5.exists()"],
  ['either', "OBX-2 in ('NM', 'ST')"],
  ['other', "(OBX-2 = 'NM').not()"],
  ['any', "OBX-2 = 'XX' or OBX-2.exists()"],
].map(([name = '', when = '']) => ({ id: name, to: name, from: 'OBX-5', when }))

it.each([
  ['NM', ['number', 'either', 'any']],
  ['TX', ['text', 'other', 'any']],
  ['ST', ['either', 'other', 'any']],
  ['XX', ['other', 'any']],
  ['', ['other']],
  ['""', ['other']],
  ['NM~TX', ['either', 'other', 'any']],
  ['NM~""', ['number', 'either', 'any']],
])('writes by the rows that ask for the type %s, and by no others', (type, written) => {
  const draft = filledBy(ROWS, `OBX|1|${type}|||value`)
  expect(Object.keys(draft.resource)).toEqual(['resourceType', ...written])
})

function filledBy(rows: readonly Row[], text: string): Draft {
  const { segments } = parseMessage(`MSH|^~\\&|A\r${text}`)
  const [, segment] = segments
  const draft = createDraft('Observation', 'update')
  if (segment === undefined) throw new Error('there is no segment')
  compileRows(
    rows,
    'OBX',
    KIT,
  )({
    fields: new Fields(segments),
    variables: {},
    here: { name: 'message', segments: [...segments], inner: [] },
    segment,
    node: undefined,
    work: {} as Work,
    draft,
    holder: draft.resource,
    outer: undefined,
    by: undefined,
    path: '',
  })
  return draft
}

const OPEN = { status: ['planned'] }

it('deletes items of a list by a member only while the resource has a certain code', () => {
  const rows = [
    { id: 'always', to: 'list', clear: { status: 'left' } },
    { id: 'items', to: 'list', clear: { status: 'planned' }, while: OPEN },
    { id: 'again', to: 'list', clear: { status: 'left' }, while: OPEN },
    { id: 'key', from: 'OBX-5', to: 'list', clear: true as const, while: OPEN },
  ]
  const { cleared, whiles } = filledBy(rows, 'OBX|1|NM|||A1')
  expect([...(cleared ?? [])]).toEqual(['list.status=left', 'list.status=planned', 'list.A1'])
  expect(whiles).toEqual([
    { path: 'list.status=planned', element: 'status', codes: ['planned'] },
    { path: 'list.A1', element: 'status', codes: ['planned'] },
  ])
})
