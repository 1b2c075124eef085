import { expect, it } from 'vitest'

import { withQuery } from '../search/query-text.ts'
import { pairsOf } from './call.ts'

const QUERIES = [
  'a=1&b=2',
  'a=1&a=2&&=x&y=&z',
  'code=http://loinc.org|8867-4&_sort=-date',
  'name=%C3%A5+b%20c&x=%F0%9D%92%9C',
  'a=%zz&b=%',
  'a=%EF%BF%BD',
  '?a=1',
  '+=+&%3D=%26',
  'a==b',
  'plain=å漢',
  'lone=\ud800',
]

it('reads a query as URLSearchParams does, broken ones included', () => {
  for (const query of QUERIES) expect(pairsOf(query), query).toEqual([...new URLSearchParams(query)])
})

it('refuses escapes that are no UTF-8', () => {
  for (const query of ['a=%C3&b=%FF%41', '?a=%80', '%FF=x', 'a=%&b=%E0%A4%A'])
    expect(() => pairsOf(query), query).toThrow('no UTF-8')
})

it('writes a query as URLSearchParams does', () => {
  const every = String.fromCharCode(...Array.from({ length: 300 }, (_, code) => code))
  for (const pairs of [
    ...QUERIES.map(pairsOf),
    [[every, every]] as const,
    [['x', '\ud800 \u{1d49c}']] as const,
  ]) {
    const expected = new URLSearchParams(
      pairs.map(([name, value]): [string, string] => [name, value]),
    ).toString()
    expect(withQuery('http://h', pairs)).toBe(`http://h?${expected}`)
  }
})
