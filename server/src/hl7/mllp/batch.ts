import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { createPace } from '../../kernel/pace.ts'

/** Messages that came in batches, or in a file of batches. */
export interface Batches {
  /** All of them, in the order in which they came. */
  readonly messages: readonly Buffer[]
  readonly files: readonly BatchFile[]
}

/** What stands between FHS and FTS, or without both. Lines of headers are texts of one character a byte. */
export interface BatchFile {
  readonly header?: string
  readonly batches: readonly Batch[]
  /** FTS-1. */
  readonly declared?: number
  /** Lines that belong to no batch. */
  readonly stray: number
}

export interface Batch {
  readonly header?: string
  readonly messages: readonly Buffer[]
  /** BTS-1. */
  readonly declared?: number
  /** Lines that belong to no message. */
  readonly stray: number
}

const CR = 0x0d
const LF = 0x0a
const VT = 0x0b
const FS = 0x1c
const LETTER_B = 0x42
const LETTER_F = 0x46

/** @returns whether the bytes begin with FHS or BHS */
export function isBatch(bytes: Buffer): boolean {
  const start = firstLetter(bytes)
  if (bytes[start] !== LETTER_F && bytes[start] !== LETTER_B) return false
  return /^[FB]HS[^\w\s]/.test(bytes.toString('latin1', start, start + 4))
}

/**
 * Splits batches into their messages, at the byte level: what a message holds is not looked at. A file may also hold messages without any batch
 * around them, or frames as they came over a wire.
 *
 * @throws Fault `too-large` for more messages than one batch may have
 * @see HL7 v2.5.1, 2.10.3 (batch protocol)
 */
export function splitBatches(bytes: Buffer): Batches {
  const steps = splitting(bytes)
  let step = steps.next()
  while (step.done !== true) step = steps.next()
  return step.value
}

/** The same of what is large: others run meanwhile. */
export async function splitPaced(bytes: Buffer): Promise<Batches> {
  const pace = createPace()
  const steps = splitting(bytes)
  let step = steps.next()
  while (step.done !== true) {
    await pace()
    step = steps.next()
  }
  return step.value
}

const LINES_A_STEP = 1000

interface Open<T> {
  header?: string
  declared?: number
  stray: number
  readonly of: T[]
}

function* splitting(bytes: Buffer): Generator<undefined, Batches> {
  const messages: Buffer[] = []
  const files: Open<Open<Buffer>>[] = []
  let file: Open<Open<Buffer>> | undefined
  let batch: Open<Buffer> | undefined
  let begun: number | undefined
  const inFile = () => (file ??= opened(files))
  const inBatch = () => (batch ??= opened(inFile().of))
  const close = (end: number) => {
    if (begun !== undefined) inBatch().of.push(unframed(bytes.subarray(begun, end)))
    if (begun !== undefined) messages.push(...inBatch().of.slice(-1))
    begun = undefined
    if (messages.length > limits.hl7.batchMessages) throw tooMany()
  }
  const kinds: Readonly<Record<string, (line: Line) => void>> = {
    FHS(line) {
      batch = undefined
      file = opened(files, textOf(bytes, line))
    },
    BHS(line) {
      batch = opened(inFile().of, textOf(bytes, line))
    },
    MSH: ({ from }) => void (begun = from),
    BTS(line) {
      declare(inBatch(), textOf(bytes, line))
      batch = undefined
    },
    FTS(line) {
      declare(inFile(), textOf(bytes, line))
      batch = file = undefined
    },
  }
  let lines = 0
  for (const line of linesOf(bytes, firstLetter(bytes))) {
    if (++lines % LINES_A_STEP === 0) yield
    const kind = kinds[line.name]
    if (kind !== undefined) {
      close(line.from)
      kind(line)
    } else if (begun === undefined && !isBlank(bytes, line)) (batch ?? inFile()).stray++
  }
  close(bytes.length)
  return { messages, files: files.map(fileOf) }
}

function opened<T>(list: Open<T>[], header?: string): Open<T> {
  const one: Open<T> = { stray: 0, of: [], ...(header === undefined ? {} : { header }) }
  list.push(one)
  return one
}

function fileOf({ of, ...rest }: Open<Open<Buffer>>): BatchFile {
  return { ...rest, batches: of.map(batchOf) }
}

function batchOf({ of, ...rest }: Open<Buffer>): Batch {
  return { ...rest, messages: of }
}

function declare(open: { declared?: number }, line: string): void {
  const count = line.split(line.charAt(3))[1]?.trim() ?? ''
  if (/^\d{1,9}$/.test(count)) open.declared = Number(count)
}

function tooMany() {
  return fault('too-large', { code: 'too-long', text: 'The batch has more messages than are taken at once.' })
}

interface Line {
  readonly name: string
  readonly from: number
  readonly to: number
}

/** The marks of a frame end a line as well. */
const LINE_ENDS = [CR, LF, VT, FS]

function* linesOf(bytes: Buffer, start: number): Generator<Line> {
  // Where each of them stands next: most of a file has one kind only, and is passed at once.
  const ends = LINE_ENDS.map((mark) => ({ mark, at: -1 }))
  for (let from = start; from < bytes.length;) {
    let to = bytes.length
    for (const end of ends) {
      if (end.at < from) end.at = indexFrom(bytes, end.mark, from)
      to = Math.min(to, end.at)
    }
    if (to > from) yield { name: nameAt(bytes, from, to), from, to }
    from = to + 1
  }
}

/** @returns the length when there is none */
function indexFrom(bytes: Buffer, mark: number, from: number): number {
  const found = bytes.indexOf(mark, from)
  return found === -1 ? bytes.length : found
}

/** Empty for what is no segment: a word at the beginning of a line of text. */
function nameAt(bytes: Buffer, at: number, end: number): string {
  const line = bytes.toString('latin1', at, Math.min(end, at + 4))
  return /^[A-Z][A-Z0-9]{2}(?:[^\w\s]|$)/.test(line) ? line.slice(0, 3) : ''
}

function textOf(bytes: Buffer, { from, to }: Line): string {
  return bytes.toString('latin1', from, to)
}

function isBlank(bytes: Buffer, line: Line): boolean {
  return textOf(bytes, line).trim() === ''
}

/** Without the end of the frame that a message of a file stood in. */
function unframed(message: Buffer): Buffer {
  const end = message.lastIndexOf(FS)
  return end !== -1 && message.toString('latin1', end + 1).trim() === '' ? message.subarray(0, end) : message
}

function firstLetter(bytes: Buffer): number {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  while (at < bytes.length && (bytes[at] ?? 0) <= 32) at++
  return at
}

/** What batches say of themselves and do not hold. */
export function problemsOf({ files }: Batches): string[] {
  return files.flatMap((file) => [
    ...problemsOfFile(file),
    ...file.batches.flatMap((batch, at) => problemsOfBatch(batch).map((text) => `batch ${at + 1}: ${text}`)),
  ])
}

/** What is wrong with the count of a batch, and what it holds beside messages. */
export function problemsOfBatch({ messages, declared, stray }: Batch): readonly string[] {
  const isWrong = declared !== undefined && declared !== messages.length
  return [
    ...(isWrong ? [`${messages.length} messages came, BTS-1 says ${declared}`] : []),
    ...(stray === 0 ? [] : [`${stray} lines belong to no message`]),
  ]
}

/** The same of a file; where no BHS stands, FTS-1 may count messages. */
export function problemsOfFile({ batches, declared, stray }: BatchFile): readonly string[] {
  const [only] = batches
  const counts = [
    batches.length,
    ...(batches.length === 1 && only?.header === undefined ? [only?.messages.length] : []),
  ]
  const isWrong = declared !== undefined && !counts.includes(declared)
  return [
    ...(isWrong ? [`${batches.length} batches came, FTS-1 says ${declared}`] : []),
    ...(stray === 0 ? [] : [`${stray} lines belong to no batch`]),
  ]
}
