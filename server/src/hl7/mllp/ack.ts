import { Fault, type FaultKind, type Issue } from '../../kernel/fault.ts'
import { applicationAnswer, echoedOrders } from './application-answer.ts'
import type { Header } from './header.ts'
import { timeStamp } from './time-stamp.ts'

/** MSA-1, HL7 table 0008: `A` answers of the application, `C` answers of the transport (enhanced mode). */
export type AckCode = 'AA' | 'AE' | 'AR' | 'CA' | 'CE' | 'CR'

/** How the message was taken; whether this leaves as an `A` or a `C` code depends on who answers. */
type Verdict = 'accept' | 'error' | 'reject'

/** HL7 table 0357. */
type ErrorCode = '100' | '101' | '102' | '103' | '200' | '201' | '202' | '203' | '204' | '205' | '206' | '207'

export interface AckError {
  readonly code: ErrorCode
  readonly severity: 'E' | 'W' | 'I'
  /** HL7 position such as `MSH-18` or `OBX[2]-5.1`. */
  readonly at?: string
  readonly text: string
}

export interface Ack {
  readonly verdict: Verdict
  readonly errors: readonly AckError[]
}

export const ACCEPTED: Ack = { verdict: 'accept', errors: [] }

const ERROR_NAMES: Readonly<Record<ErrorCode, string>> = {
  '100': 'Segment sequence error',
  '101': 'Required field missing',
  '102': 'Data type error',
  '103': 'Table value not found',
  '200': 'Unsupported message type',
  '201': 'Unsupported event code',
  '202': 'Unsupported processing id',
  '203': 'Unsupported version id',
  '204': 'Unknown key identifier',
  '205': 'Duplicate key identifier',
  '206': 'Application record locked',
  '207': 'Application internal error',
}

// `error`: a person has to correct something, or it may be sent again later. `reject`: never send it again as it is. A new kind must get its row.
const ANSWERS: Readonly<Record<FaultKind, readonly [Verdict, ErrorCode]>> = {
  malformed: ['error', '102'],
  unprocessable: ['error', '102'],
  unauthenticated: ['reject', '207'],
  forbidden: ['reject', '207'],
  'not-found': ['error', '204'],
  gone: ['error', '204'],
  'not-acceptable': ['reject', '207'],
  'media-type': ['reject', '103'],
  'too-large': ['reject', '207'],
  'too-costly': ['reject', '207'],
  conflict: ['error', '206'],
  precondition: ['error', '206'],
  'multiple-matches': ['error', '205'],
  unsupported: ['reject', '103'],
  busy: ['error', '207'],
  unavailable: ['error', '207'],
}

/** Turns what went wrong into an answer. A defect is told without its message, which stays in the log. */
export function ackOfError(error: unknown): Ack {
  if (!(error instanceof Fault)) {
    const text = 'The message could not be processed because of an internal error.'
    return { verdict: 'error', errors: [{ code: '207', severity: 'E', text }] }
  }
  const [verdict, code] = ANSWERS[error.kind]
  return { verdict, errors: error.issues.map((issue) => ackError(code, issue)) }
}

function ackError(code: ErrorCode, issue: Issue): AckError {
  const severity = issue.severity === 'warning' ? 'W' : issue.severity === 'information' ? 'I' : 'E'
  const isPosition = issue.at !== undefined && POSITION.test(issue.at)
  const isMissing = issue.code === 'required' && code === '102'
  // A segment that is not there, or stands where it must not.
  const isSequence = issue.code === 'structure' && isPosition && code === '102'
  return {
    code: isMissing ? '101' : isSequence ? '100' : code,
    severity,
    text: issue.text,
    ...(isPosition && issue.at ? { at: issue.at } : {}),
  }
}

const CODES: Readonly<Record<'application' | 'transport', Readonly<Record<Verdict, AckCode>>>> = {
  application: { accept: 'AA', error: 'AE', reject: 'AR' },
  transport: { accept: 'CA', error: 'CE', reject: 'CR' },
}

export function ackCode(level: 'application' | 'transport', { verdict }: Ack): AckCode {
  return CODES[level][verdict]
}

export interface AckRequest {
  /** Header of the message that is answered; `undefined` when none could be found. */
  readonly header: Header | undefined
  readonly code: AckCode
  readonly errors: readonly AckError[]
  /** MSH-10 of the answer. */
  readonly controlId: string
  readonly nowMs: number
  /** The message that is answered by the one that the standard names for it, with its orders when they were taken; absent: a plain acknowledgement. */
  readonly typedFor?: Buffer
  /** MSA-4. */
  readonly expected?: string
  /** MSH-9 where it is known: message code, event, structure. */
  readonly type?: readonly [code: string, event: string, structure: string]
}

/**
 * Builds an acknowledgement as unframed bytes. Sender and receiver change places, everything that is echoed keeps its bytes and its delimiters.
 *
 * @see HL7 v2.5.1, 2.9.2 (original mode), 2.9.3 (enhanced mode), 2.15.5 (ERR), 2.15.8 (MSA)
 */
export function buildAck(request: AckRequest): Buffer {
  const { header = NO_HEADER, code, controlId, nowMs, typedFor } = request
  const text = filled(shapeOf(request), { header, controlId, nowMs })
  const orders = typedFor !== undefined && code === 'AA' ? echoedOrders(typedFor, header) : []
  return Buffer.from(text + orders.map((line) => `${line}\r`).join(''), 'latin1')
}

/**
 * The plain acknowledgement of a message that was taken, one character a byte: the same as `buildAck` makes. What differs from one message of
 * a sender to the next is filled into what was worked out for the first.
 */
export function acceptedText({
  header,
  code,
  controlId,
  nowMs,
  expected,
}: Required<Pick<AckRequest, 'code' | 'controlId' | 'nowMs' | 'expected'>> & {
  readonly header: Header
}): string {
  const { fieldSeparator: bar, encodingCharacters: marks, field } = header
  const echoed = [field(3), field(4), field(5), field(6), field(9), field(11), field(12), field(18)]
  const key = `${code}${bar}${marks}${echoed.join(bar)}${bar}${expected}`
  let shape = shapes.get(key)
  if (shape === undefined) {
    shape = shapeOf({ header, code, errors: [], expected })
    if (shapes.size >= SHAPES_MOST) shapes.clear()
    if (key.length <= SHAPE_LENGTH) shapes.set(key, shape)
  }
  return filled(shape, { header, controlId, nowMs })
}

const shapes = new Map<string, Shape>()
const SHAPES_MOST = 256
const SHAPE_LENGTH = 1024

/** The texts around MSH-7, MSH-10 and MSA-2. */
type Shape = readonly [head: string, type: string, middle: string, end: string]

function filled(
  [head, type, middle, end]: Shape,
  {
    header,
    controlId,
    nowMs,
  }: { readonly header: Header; readonly controlId: string; readonly nowMs: number },
): string {
  return `${head}${timeStamp(nowMs)}${type}${controlId}${middle}${header.field(10)}${end}`
}

function shapeOf(request: Omit<AckRequest, 'controlId' | 'nowMs'>): Shape {
  const { header = NO_HEADER, errors, typedFor, type } = request
  const { fieldSeparator: bar, encodingCharacters: marks, field: echo } = header
  const version = header.component(12, 1) || OWN_VERSION
  const isTyped = typedFor !== undefined
  const writer: Writer = { bar, marks, isTyped, since: (at) => compareVersions(version, at) >= 0 }
  const ownType = type === undefined ? ackType(header, writer) : typeText(type, writer)
  const echoed = ['', echo(11) || 'P', echo(12) || OWN_VERSION, '', '', '', '', '', echo(18)]
  const tail = withoutEmptyEnd(echoed).join(bar)
  const [msaHead = '', msaEnd = ''] = msaSegment(request, writer).split(ID)
  // The answer to an order has no ERR before 2.3: MSA-3 says it.
  const told = isTyped && !writer.since('2.3') ? [] : errors
  const segments = told.map((error) => `${withoutEmptyEnd(errSegment(error, writer)).join(bar)}\r`)
  return [
    ['MSH', marks, echo(5), echo(6), echo(3), echo(4), ''].join(bar),
    ['', '', ownType, ''].join(bar),
    `${tail}\r${msaHead}`,
    `${msaEnd}\r${segments.join('')}`,
  ]
}

function msaSegment(
  { header = NO_HEADER, code, errors, expected = '' }: Omit<AckRequest, 'controlId' | 'nowMs'>,
  writer: Writer,
): string {
  const whole = writer.since('2.7') ? '' : (errors[0]?.text ?? '')
  // ERR-8 has the rest.
  const text = escaped(writer.since('2.5') ? whole.slice(0, TEXT_LENGTH) : whole, writer)
  return withoutEmptyEnd(['MSA', code, header.field(10) && ID, text, expected]).join(writer.bar)
}

/** Of MSA-3. */
const TEXT_LENGTH = 80

/** Stands for MSA-2: no text has a line end inside. */
const ID = '\r'

/** Of what no header was found in. */
const NO_HEADER: Header = {
  fieldSeparator: '|',
  encodingCharacters: '^~\\&',
  field: () => '',
  component: () => '',
}

/** Of an answer to what does not tell its version. */
const OWN_VERSION = '2.5.1'

interface Writer {
  readonly bar: string
  readonly marks: string
  /** Whether the message has at least this version. */
  readonly since: (version: string) => boolean
  readonly isTyped: boolean
}

function ackType(header: Header, { marks, since, isTyped }: Writer): string {
  const event = header.component(9, 2)
  const own = isTyped ? applicationAnswer(header) : undefined
  if (own !== undefined) {
    const [, structure = ''] = own.structures.find(([version]) => since(version)) ?? []
    return typeText([own.code, own.event, structure], { marks, since })
  }
  if (event === '') return 'ACK'
  return typeText(['ACK', event, 'ACK'], { marks, since })
}

/** The structure of a message has a name since version 2.3.1. */
function typeText(type: readonly string[], { marks, since }: Pick<Writer, 'marks' | 'since'>): string {
  return type.slice(0, since('2.3.1') ? 3 : 2).join(marks.charAt(0))
}

function errSegment(error: AckError, writer: Writer): string[] {
  const caret = writer.marks.charAt(0)
  const coded = [error.code, ERROR_NAMES[error.code], 'HL70357'].join(caret)
  const place = location(error.at)
  if (!writer.since('2.5')) {
    // ERR-1 (ELD) up to 2.4: segment, sequence, field, then the code with subcomponents.
    const sub = writer.marks.charAt(3)
    return ['ERR', [...[0, 1, 2].map((part) => place[part] ?? ''), coded.replaceAll(caret, sub)].join(caret)]
  }
  const text = escaped(error.text, writer)
  return ['ERR', '', place.join(caret), coded, error.severity, '', '', '', text]
}

const POSITION =
  /^([A-Z][A-Z0-9]{2})(?:\[(\d{1,5})\])?(?:-(\d{1,3})(?:\[(\d{1,5})\])?(?:\.(\d{1,3})(?:\.(\d{1,3}))?)?)?$/

/** ERL: segment, its sequence, field, repetition, component, subcomponent. */
function location(at = ''): string[] {
  const match = POSITION.exec(at)
  if (!match) return []
  const [, segment = '', sequence = '1', field = '', repetition, component = '', subcomponent = ''] = match
  const parts = [segment, sequence, field, field === '' ? '' : (repetition ?? '1'), component, subcomponent]
  return withoutEmptyEnd(parts)
}

function withoutEmptyEnd(parts: string[]): string[] {
  return parts.slice(0, parts.findLastIndex((part) => part !== '') + 1)
}

/** Own texts are ASCII; anything else in them (a value from a fault) would not fit the echoed character set. */
function escaped(text: string, { bar, marks }: Writer): string {
  if (text === '') return ''
  const names = ['F', 'S', 'R', 'E', 'T', 'P']
  const escape = marks.charAt(2)
  const special = bar + marks
  const clean = text.replaceAll(/[^\x20-\x7e]/g, '?')
  return Array.from(clean, (char) => {
    const name = names[special.indexOf(char)]
    return special.includes(char) && name !== undefined ? `${escape}${name}${escape}` : char
  }).join('')
}

/** Orders HL7 versions (`2.3` before `2.3.1`) by their numbers. */
export function compareVersions(left: string, right: string): number {
  if (left === right) return 0
  const [a, b] = [left.split('.'), right.split('.')]
  for (let part = 0; part < Math.max(a.length, b.length); part++) {
    const difference = Number(a[part] ?? 0) - Number(b[part] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
