import { readdirSync, readFileSync } from 'node:fs'

import { expect, it } from 'vitest'

/** Rows of each section of the list of expected behaviours: prefix and count. */
const SECTIONS = {
  CR: 27,
  RD: 17,
  UP: 19,
  CO: 19,
  PA: 17,
  DE: 8,
  HI: 11,
  BT: 29,
  SE: 29,
  SR: 37,
  ST: 43,
  DT: 30,
  NU: 13,
  OP: 36,
  HT: 23,
}
const PREFIX = Object.keys(SECTIONS).join('|')

it('has a test for each of the 358 expected behaviours, once', () => {
  const folder = new URL('.', import.meta.url)
  const files = readdirSync(folder).filter((name) => name.endsWith('.test.ts'))
  const titles = files
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
    .flatMap((source) => source.match(new RegExp(`'((${PREFIX})-\\d\\d ?)+[^']*'`, 'g')) ?? [])
  const rows = titles.flatMap((title) => title.match(new RegExp(`(${PREFIX})-\\d\\d`, 'g')) ?? [])
  const wanted = Object.entries(SECTIONS).flatMap(([prefix, count]) =>
    Array.from({ length: count }, (_, n) => `${prefix}-${String(n + 1).padStart(2, '0')}`),
  )
  expect([...new Set(rows)].toSorted()).toEqual(wanted.toSorted())
  expect(wanted.length).toBe(358)
})
