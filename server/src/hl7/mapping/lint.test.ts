import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

import { FUNCTIONS } from './compile/functions.ts'
import { loadRules } from './rules/load.ts'
import type { Row } from './rules/rules.ts'

const MAPPINGS = fileURLToPath(new URL('../../../../mappings/', import.meta.url))
const files = (await loadRules(MAPPINGS)).files([])
const maps = new Map<string, { readonly rows: readonly Row[] }>([...files.segments, ...files.datatypes])

function* rowsOf(rows: readonly Row[]): Generator<Row> {
  for (const row of rows) {
    yield row
    if (row.rows !== undefined) yield* rowsOf(row.rows)
  }
}

const named = [...maps].flatMap(([file, { rows }]) => [...rowsOf(rows)].map((row) => ({ file, row })))

it('gives each row of a file a name of its own', () => {
  const twice = [...maps].flatMap(([file, { rows }]) => {
    const ids = [...rowsOf(rows)].map(({ id }) => id)
    return ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `${file}/${id}`)
  })
  expect(twice).toEqual([])
})

it('has no row that can never count, because an unconditional one before it writes the same element', () => {
  const dead = [...maps].flatMap(([file, { rows }]) =>
    rows.flatMap(({ id, to }, at) => {
      const certain = rows
        .slice(0, at)
        .some((before) => before.to === to && isCertain(before) && !to.includes('[+]'))
      return certain ? [`${file}/${id}`] : []
    }),
  )
  expect(dead).toEqual([])
})

function isCertain({ when, const: value }: Row): boolean {
  return when === undefined && value !== undefined
}

it('decides about every code of a table whose codes are bound: it has a meaning, or we say that it has none', () => {
  const bound = new Set(
    named.flatMap(({ row }) => (row.table !== undefined && (row.as ?? 'code') === 'code' ? [row.table] : [])),
  )
  const holes = [...bound].flatMap((table) =>
    (files.tables.get(table) ?? [])
      .filter(({ to, origin }) => to === '' && origin !== 'own')
      .map(({ code }) => `${table} ${code}`),
  )
  expect(holes.filter((hole) => !KNOWN_HOLES.has(hole))).toEqual([])
})

/** Codes that have no counterpart: the element is left out and the code is counted, or the message is refused (`reportStatus`). */
const KNOWN_HOLES = new Set(
  Object.entries({
    addressType: 'BA BI N BDL F C B H L O P RH BR S TM V',
    addressUse: 'N BDL F L M P RH SH BR S TM V',
    allergyCategory: 'MA MC',
    allergyType: 'MC',
    allergyCriticality: 'MO U',
    nameUse: 'I NAV P R REL SUFFIX T BAD NOUSE TEMP K MSK N NB S U C D A B F M L',
    reactionSeverity: 'U',
    reportStatus: 'Y Z',
    contactUse: 'ASN BPN EMR NET',
  }).flatMap(([table, codes]) => codes.split(' ').map((code) => `${table} ${code}`)),
)

it('uses every table, every map and at most twenty-four functions, all of which the guide explains', async () => {
  const used = new Set([
    ...named.flatMap(({ row }) => [row.table, row.type, row.refer]),
    ...tablesIn([
      ...files.outbound.values(),
      ...files.queries.values(),
      ...files.fields.values(),
      ...files.images.values(),
    ]),
    ...Object.values(files.envelope.coded),
    'codeSystems',
    'mediaType',
  ])
  expect([...files.tables.keys()].filter((table) => !used.has(table))).toEqual([])
  expect([...files.datatypes.keys()].filter((name) => !used.has(name))).toEqual([])
  const inMessages = JSON.stringify([...files.messages.values(), ...files.images.values()])
  expect([...files.segments.keys()].filter((name) => !inMessages.includes(`"${name}"`))).toEqual([])
  expect([...files.images.keys()].filter((name) => !inMessages.includes(`"use":"${name}"`))).toEqual([])
  const names = Object.keys(FUNCTIONS)
  expect(names.length).toBeLessThanOrEqual(24)
  const guide = await readFile(join(MAPPINGS, 'README.md'), 'utf8')
  expect(names.filter((name) => !guide.includes(`\`${name}\``))).toEqual([])
})

const range = (type: string, letter: string, numbers: readonly number[]) =>
  numbers.map((number) => `${type}^${letter}${String(number).padStart(2, '0')}`)
const span = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at)

it('serves every event that the hub promises', () => {
  const events = new Set([
    ...[...files.messages.values()].flatMap((file) => Object.keys(file.events)),
    ...[...files.queries.values()].map(({ query }) => query),
  ])
  const wanted = [
    ...range('ADT', 'A', [...span(1, 17), ...span(21, 31), 34, 37, 38, 40, 41, 43, 44, 45, 47, 54, 55, 60]),
    ...range('SIU', 'S', [...span(12, 24), 26]),
    ...range('MDM', 'T', span(1, 11)),
    ...range('BAR', 'P', [1, 2, 5, 6, 10, 12]),
    ...range('OML', 'O', [21, 33, 35]),
    ...range('ORU', 'R', [1, 30, 32, 40, 42]),
    ...range('OUL', 'R', [22, 23, 24]),
    ...range('RDE', 'O', [11, 25]),
    ...range('QBP', 'Q', [21, 22, 23]),
    ...'ORM^O01 OMG^O19 OMI^O23 RDS^O13 RAS^O17 RGV^O15 OMP^O09 VXU^V04 DFT^P03 DFT^P11 ORR^O02 ORL^O22 RRE^O12'.split(
      ' ',
    ),
  ]
  expect(wanted.filter((event) => !events.has(event))).toEqual([])
})

/** Names behind `table` anywhere in the files. */
function tablesIn(rules: readonly object[]): readonly string[] {
  return [...JSON.stringify(rules).matchAll(/"table":"(\w+)"/g)].map(([, name = '']) => name)
}
