import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { parse } from 'yaml'

import type { TableRow } from '../hl7/mapping/rules/rules.ts'
import { readCsv, readTable, writeTable } from '../hl7/mapping/rules/table.ts'
import { translateCondition } from './guide-condition.ts'

/**
 * Brings the tables of the HL7 v2-to-FHIR guide into `mappings/tables`, and prints its segment and data type maps as draft rows of our
 * grammar. Rows that we decided ourselves (`own`) stay and win; `guide.yaml` names the tables that are taken over.
 */
const MAPPINGS = fileURLToPath(new URL('../../../mappings/', import.meta.url))
const [guideFolder, wanted] = process.argv.slice(2)

if (guideFolder === undefined) {
  process.stderr.write(
    'node server/src/cli/import-guide.ts <mappings folder of the guide> [map, such as PID[Patient]]\n',
  )
  process.exitCode = 64
} else if (wanted === undefined) await importTables(guideFolder)
else await draftRows(guideFolder, wanted)

async function importTables(guide: string): Promise<void> {
  const tables = parse(await readFile(join(MAPPINGS, 'guide.yaml'), 'utf8')) as Readonly<
    Record<string, string>
  >
  for (const [name, table] of Object.entries(tables)) {
    const own = await ownRows(name)
    const known = new Set(own.map(({ code }) => code))
    const rows = (await readGuide(join(guide, 'codesystems'), table))
      .map((cells) => tableRow(cells, table))
      .filter(({ code }) => code !== '' && !known.has(code) && known.add(code))
    await writeFile(join(MAPPINGS, 'tables', `${name}.csv`), writeTable([...rows, ...own]))
  }
}

async function ownRows(name: string): Promise<readonly TableRow[]> {
  const text = await readFile(join(MAPPINGS, 'tables', `${name}.csv`), 'utf8').catch(() => writeTable([]))
  return readTable(text).filter(({ origin }) => origin === 'own')
}

/** Columns of the guide: code, text, system, three of a condition, what it becomes, a display and a system (some tables leave one empty between). */
function tableRow(cells: readonly string[], table: string): TableRow {
  const [code = '', text = '', system = '', , , , to = '', ...rest] = cells.map((cell) =>
    cell.replaceAll(/\s+/g, ' ').trim(),
  )
  const target = rest.slice(0, 4).find((cell) => /^(https?:|urn:)/.test(cell)) ?? ''
  const display = rest.slice(0, 3).find((cell) => cell !== '' && cell !== target) ?? ''
  const isMapped = to !== ''
  const origin = `ig:${table}`
  return isMapped
    ? { code, text, system: systemOf(system), to, display, toSystem: target, origin }
    : { code, text, system: systemOf(system), to, display: '', toSystem: '', origin }
}

function systemOf(name: string): string {
  const [, number] = /^HL7-?0?(\d{4})$/.exec(name) ?? []
  return number === undefined ? name : `http://terminology.hl7.org/CodeSystem/v2-${number}`
}

async function readGuide(path: string, map: string): Promise<string[][]> {
  const file = (await readdir(path)).find((name) => name.includes(`_ ${map} - `))
  if (file === undefined) throw new TypeError(`The guide has no "${map}"`)
  return readCsv((await readFile(join(path, file), 'utf8')).replace(/^\uFEFF/, '')).slice(2)
}

async function draftRows(guide: string, map: string): Promise<void> {
  const folder = /^[A-Z][A-Z0-9]{2}\[/.test(map) ? 'segments' : 'datatypes'
  const rows = await readGuide(join(guide, folder), map).catch(async () =>
    readGuide(join(guide, 'datatypes'), map),
  )
  for (const cells of rows) process.stdout.write(draftRow(cells, map))
}

/** Columns of the guide: 1 the field, 6 and 8 the condition as grammar and prose, 9 the element, 13 to 15 type, table and value. */
function draftRow(cells: readonly string[], map: string): string {
  const at = (column: number): string => (cells[column] ?? '').trim()
  const [from, grammar] = [at(1), at(6)]
  if (at(9) === '') return ''
  const when = translateCondition(grammar)
  const prose = grammar === '' ? at(8) : grammar
  const parts = [
    ['id', from],
    ['from', /[-.]/.test(from) ? from : ''],
    ['to', at(9)],
    ['when', when ?? ''],
    ['note', when === undefined && prose !== '' ? JSON.stringify(prose) : ''],
    ['type', at(13)],
    ['table', at(14)],
    ['const', at(15)],
    ['ig', `'${map}'`],
  ]
  const text = parts.flatMap(([key = '', value = '']) => (value === '' ? [] : [`${key}: ${value}`]))
  return `  - { ${text.join(', ')} }\n`
}
