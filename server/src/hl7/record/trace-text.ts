import type { JsonObject } from '../../kernel/json.ts'
import type { RecordChange, RecordValue } from '../../store/port.ts'
import { FLOW } from '../journal/entry.ts'
import type { TraceRow } from '../mapping/model/image.ts'

type Row = Pick<TraceRow, 'element' | 'source' | 'rule'>

/**
 * Where elements came from, as a text with a line for each: element without its type, source, rule, with tabs between. None of them
 * has a tab or a line end. Half of what a message adds to the store would be names of members otherwise.
 */
export function traceText(rows: readonly Row[]): string {
  const parts: string[] = []
  for (const { element, source, rule } of rows)
    parts.push(withoutType(element), '\t', source, '\t', rule, '\n')
  return parts.join('')
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

/** What one resource has of a message. */
export interface Traced {
  readonly reference: string
  /** See `traceText`. */
  readonly text: string
}

/** Of one record of the trace, more or less: well below the size that a record may have. */
const RECORD_CHARS = 64 * 1024

/** The trace of a message: a line with the reference, then its rows. */
export function traceRecords(message: string, traced: readonly Traced[]): RecordChange[] {
  const texts = ['']
  for (const { reference, text } of traced)
    for (const part of partsOf(text)) {
      if ((texts.at(-1)?.length ?? 0) + part.length > RECORD_CHARS) texts.push('')
      texts[texts.length - 1] += `${reference}\n${part}`
    }
  return texts.filter(Boolean).map((one, at) => ({
    op: 'put',
    collection: FLOW.traces,
    id: `${message}|${String(at).padStart(4, '0')}`,
    value: Buffer.from(one),
  }))
}

/** Whole lines, as many as a record takes. */
function partsOf(text: string): readonly string[] {
  if (text.length <= RECORD_CHARS) return text === '' ? [] : [text]
  const end = text.lastIndexOf('\n', RECORD_CHARS) + 1
  return [text.slice(0, end), ...partsOf(text.slice(end))]
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
