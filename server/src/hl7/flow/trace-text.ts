import type { JsonObject } from '../../kernel/json.ts'
import type { RecordChange, RecordValue } from '../../store/port.ts'
import type { TraceRow } from '../mapping/image.ts'
import { FLOW } from './entry.ts'

type Row = Pick<TraceRow, 'element' | 'source' | 'rule'>

/**
 * Where elements came from, as a text with a line for each: element without its type, source, rule, with tabs between. None of them
 * has a tab or a line end. Half of what a message adds to the store would be names of members otherwise.
 */
export function traceText(rows: readonly Row[]): string {
  let text = ''
  for (const { element, source, rule } of rows) text += `${withoutType(element)}\t${source}\t${rule}\n`
  return text
}

export function readTraceText(text: string, type: string): readonly Row[] {
  return text.split('\n').flatMap((line) => {
    const [element = '', source, rule] = line.split('\t')
    return source === undefined || rule === undefined ? [] : [{ element: `${type}.${element}`, source, rule }]
  })
}

/** `Patient.name[0].family` as `name[0].family`. */
export function withoutType(element: string): string {
  return element.slice(element.indexOf('.') + 1)
}

/** The rows that one resource has of a message. */
export interface Traced {
  readonly reference: string
  readonly rows: readonly TraceRow[]
}

/** Rows in one record of the trace: well below the size that a record may have. */
const RECORD_ROWS = 1000

/** The trace of a message: a line with the reference, then its rows. */
export function traceRecords(message: string, traced: readonly Traced[]): RecordChange[] {
  const texts: string[] = []
  let [text, left] = ['', RECORD_ROWS]
  for (const { reference, rows } of traced) {
    for (let at = 0; at < rows.length; at += RECORD_ROWS) {
      const part = rows.slice(at, at + RECORD_ROWS)
      text += `${reference}\n${traceText(part)}`
      left -= part.length
      if (left > 0) continue
      texts.push(text)
      ;[text, left] = ['', RECORD_ROWS]
    }
  }
  if (text !== '') texts.push(text)
  return texts.map((one, at) => ({
    op: 'put',
    collection: FLOW.traces,
    id: `${message}|${String(at).padStart(4, '0')}`,
    value: Buffer.from(one),
  }))
}

/** The rows of one record of the trace. */
export function readTrace(value: RecordValue): readonly (Row & { readonly reference: string })[] {
  const rows: (Row & { readonly reference: string })[] = []
  let reference = ''
  for (const line of textIn(value).split('\n')) {
    if (!line.includes('\t')) reference = line
    for (const row of readTraceText(line, reference.slice(0, reference.indexOf('/'))))
      rows.push({ reference, ...row })
  }
  return rows
}

/** The text of a record whose value is bytes. */
export function textIn(value: RecordValue | JsonObject): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : ''
}
