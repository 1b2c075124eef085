import { expect, it } from 'vitest'

import { fileNameOf, filtersOf, searchOf } from './messages.data.ts'

it('takes from the address what the search knows, and nothing else', () => {
  const params = new URLSearchParams('state=dead&type=ADT^A01&sender=&within=1d&colour=red')
  expect(filtersOf(params)).toEqual({ state: 'dead', type: 'ADT^A01', within: '1d' })
  expect(filtersOf(new URLSearchParams('state=lost&within=9y'))).toEqual({})
})

it('asks for the time from which a span counts', () => {
  const now = Date.parse('2026-11-25T22:00:00Z')
  expect(String(searchOf({ within: '1d', controlId: 'A1' }, now))).toBe(
    'controlId=A1&from=2026-11-24T22%3A00%3A00.000Z',
  )
})

it('takes a span between two times of the site, and forgets its bounds when another one is chosen', () => {
  const params = 'number=MRN1&from=2026-11-25T02:00&to=2026-11-25T03:00'
  expect(filtersOf(new URLSearchParams(`${params}&within=1h`))).toEqual({ number: 'MRN1', within: '1h' })
  const query = searchOf(filtersOf(new URLSearchParams(`${params}&within=span`)), 0)
  const hours = Date.parse(query.get('to') ?? '') - Date.parse(query.get('from') ?? '')
  expect([query.get('number'), query.get('within'), hours]).toEqual(['MRN1', null, 3_600_000])
})

it('names the file of a message by its feed and its control id, safe for any file system', () => {
  const message = { id: '0688a06ba28800de69', feed: 'lab' }
  expect(fileNameOf({ ...message, controlId: 'A/1:2' })).toBe('lab-A_1_2.hl7')
  expect(fileNameOf({ ...message, controlId: '' })).toBe('lab-0688a06ba28800de69.hl7')
})
