import type { TableRow } from './rules.ts'

const COLUMNS = ['code', 'text', 'system', 'to', 'display', 'toSystem', 'origin'] as const

/**
 * Reads a code table: CSV by RFC 4180 whose first line names the columns.
 *
 * @throws SyntaxError with the line
 */
export function readTable(csv: string): readonly TableRow[] {
  const [head, ...lines] = readCsv(csv)
  if (head?.join(',') !== COLUMNS.join(',')) throw new SyntaxError(`line 1 must be ${COLUMNS.join(',')}`)
  return lines.map((cells, index) => {
    if (cells.length !== COLUMNS.length)
      throw new SyntaxError(`line ${index + 2} has ${cells.length} cells instead of ${COLUMNS.length}`)
    const [code = '', text = '', system = '', to = '', display = '', toSystem = '', origin = ''] = cells
    return { code, text, system, to, display, toSystem, origin }
  })
}

/** The text of a code table that `readTable` reads. */
export function writeTable(rows: readonly TableRow[]): string {
  const lines = [COLUMNS, ...rows.map((row) => COLUMNS.map((column) => row[column]))]
  return lines.map((cells) => `${cells.map(csvCell).join(',')}\n`).join('')
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** By code; a code that occurs twice is refused, because the second would never count. */
export function indexTable(rows: readonly TableRow[]): ReadonlyMap<string, TableRow> {
  const index = new Map<string, TableRow>()
  for (const row of rows) {
    if (index.has(row.code)) throw new SyntaxError(`code "${row.code}" occurs twice`)
    index.set(row.code, row)
  }
  return index
}

export function readCsv(text: string): string[][] {
  const lines: string[][] = []
  let cells: string[] = []
  for (const [whole, quoted, plain = '', end] of text.matchAll(
    /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g,
  )) {
    if (whole === '' && cells.length === 0) continue
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    if (end === ',') continue
    lines.push(cells)
    cells = []
  }
  return lines.filter((line) => line.length > 1 || line[0] !== '')
}
