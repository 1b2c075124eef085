import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { timeStamp } from './ack.ts'

/** Messages that came in one batch, or in a file of batches. */
export interface Batch {
  /** Line of the FHS, and of the first BHS, one character a byte; absent when there was none. */
  readonly fileHeader?: string
  readonly batchHeader?: string
  readonly messages: readonly Buffer[]
  /** What BTS-1 of the batches says together; absent when one does not say it. */
  readonly declared?: number
}

const CR = 0x0d
const LF = 0x0a
const HEADERS: ReadonlySet<string> = new Set(['FHS', 'BHS'])

/**
 * Splits what begins with FHS or BHS into its messages, at the byte level: what a message holds is not looked at.
 *
 * @returns `undefined` for what is no batch
 * @throws Fault `too-large` for more messages than one batch may have
 * @see HL7 v2.5.1, 2.10.3 (batch protocol)
 */
export function splitBatch(bytes: Buffer): Batch | undefined {
  const start = firstLetter(bytes)
  const hasSeparator = /[^\w\s]/.test(bytes.toString('latin1', start + 3, start + 4))
  return hasSeparator && HEADERS.has(nameAt(bytes, start)) ? split(bytes, start) : undefined
}

/** The same for a file, which may also hold messages without any batch around them. */
export function splitFile(bytes: Buffer): Batch {
  return split(bytes, firstLetter(bytes))
}

function split(bytes: Buffer, start: number): Batch {
  const found: { fileHeader?: string; batchHeader?: string } = {}
  const messages: Buffer[] = []
  const counts: (number | undefined)[] = []
  let begun: number | undefined
  const close = (end: number) => {
    if (begun !== undefined) messages.push(bytes.subarray(begun, end))
    begun = undefined
    if (messages.length > limits.hl7.batchMessages) throw tooMany()
  }
  for (const { name, from, to } of linesOf(bytes, start)) {
    if (!NAMES.has(name)) continue
    close(from)
    const line = bytes.toString('latin1', from, to)
    if (name === 'MSH') begun = from
    else if (name === 'FHS') found.fileHeader ??= line
    else if (name === 'BHS') found.batchHeader ??= line
    else if (name === 'BTS') counts.push(countIn(line))
  }
  close(bytes.length)
  const declared = counts.length === 0 ? undefined : counts.reduce(sumOf)
  return { ...found, messages, ...(declared === undefined ? {} : { declared }) }
}

const NAMES: ReadonlySet<string> = new Set(['FHS', 'BHS', 'MSH', 'BTS', 'FTS'])

function tooMany() {
  return fault('too-large', { code: 'too-long', text: 'The batch has more messages than are taken at once.' })
}

/** BTS-1. */
function countIn(line: string): number | undefined {
  const count = line.split(line.charAt(3))[1] ?? ''
  return /^\d{1,9}$/.test(count) ? Number(count) : undefined
}

function sumOf(before: number | undefined, count: number | undefined): number | undefined {
  return before === undefined || count === undefined ? undefined : before + count
}

interface Line {
  readonly name: string
  readonly from: number
  readonly to: number
}

function* linesOf(bytes: Buffer, start: number): Generator<Line> {
  let from = start
  for (let at = start; at <= bytes.length; at++) {
    if (at < bytes.length && bytes[at] !== CR && bytes[at] !== LF) continue
    if (at > from) yield { name: nameAt(bytes, from), from, to: at }
    from = at + 1
  }
}

function nameAt(bytes: Buffer, at: number): string {
  return bytes.toString('latin1', at, at + 3)
}

function firstLetter(bytes: Buffer): number {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  while (at < bytes.length && (bytes[at] ?? 0) <= 32) at++
  return at
}

/** The answers to the messages of a batch, in a batch of their own that names the one which it answers. */
export function buildBatchAck(
  { fileHeader, batchHeader, messages, declared }: Batch,
  answers: readonly Buffer[],
  { controlId, nowMs }: { readonly controlId: string; readonly nowMs: number },
): Buffer {
  const header = batchHeader ?? fileHeader ?? 'BHS|^~\\&'
  const bar = header.charAt(3)
  const isWrong = declared !== undefined && declared !== messages.length
  const comment = isWrong ? [`${messages.length} messages came, BTS-1 says ${declared}`] : []
  const begin = [
    ...(fileHeader === undefined ? [] : [answeringHeader(fileHeader, controlId, nowMs)]),
    ...(batchHeader === undefined ? [] : [answeringHeader(batchHeader, controlId, nowMs)]),
  ]
  const end = [
    ...(batchHeader === undefined ? [] : [['BTS', answers.length, ...comment].join(bar)]),
    ...(fileHeader === undefined ? [] : [['FTS', 1].join(bar)]),
  ]
  return Buffer.concat([linesAsBytes(begin), ...answers, linesAsBytes(end)])
}

function linesAsBytes(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\r`).join(''), 'latin1')
}

/** FHS and BHS: 3 to 6 are the ends, 7 the time, 11 the own control id, 12 the one that is answered. */
function answeringHeader(line: string, controlId: string, nowMs: number): string {
  const bar = line.charAt(3)
  const fields = line.split(bar)
  const field = (number: number) => fields[number - 1] ?? ''
  const ends = [field(5), field(6), field(3), field(4)]
  const parts = [field(1), field(2), ...ends, timeStamp(nowMs), '', '', '', controlId, field(11)]
  return [line.slice(0, 3), ...parts.slice(1)].join(bar)
}
