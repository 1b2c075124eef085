import type { Ack, AckError } from './ack.ts'
import { mayLackEvent, triggerEvent, type Header } from './header.ts'

/** What a feed takes, for the checks that come before every acknowledgement. */
export interface Accepts {
  /** HL7 table 0103: `P`, `T`, `D`. */
  readonly processingIds: readonly string[]
  /** Whether the rules know this message type and trigger event. */
  understands(type: string, event: string): 'yes' | 'unknown-type' | 'unknown-event'
}

const VERSIONS = new Set('2.1 2.2 2.3 2.3.1 2.4 2.5 2.5.1 2.6 2.7 2.7.1 2.8 2.8.1 2.8.2 2.9'.split(' '))

/**
 * Checks type, event, control id, processing id and version.
 *
 * @returns `undefined` when the message may be taken.
 * @see HL7 v2.5.1, 2.9.2.2 (rules for the responding system: rejections for MSH-9, MSH-11, MSH-12)
 */
export function checkHeader(bytes: Buffer, header: Header, accepts: Accepts): Ack | undefined {
  const errors = checkDelimiters(header).concat(checkType(bytes, header, accepts), checkIds(header, accepts))
  return errors.length === 0 ? undefined : { verdict: 'reject', errors }
}

/** What the parser could not take apart is refused while its sender still listens. */
function checkDelimiters({ fieldSeparator, field }: Header): AckError[] {
  const marks = field(2)
  if (marks === '') return [wrong('101', 'MSH-2', 'MSH-2 (encoding characters) is empty.')]
  const isSound = MARKS.test(marks) && new Set(fieldSeparator + marks).size > marks.length
  return isSound ? [] : [wrong('102', 'MSH-2', 'MSH-2 must hold two to five different characters.')]
}

const MARKS = /^[^A-Za-z0-9\s"]{2,5}$/

function checkType(bytes: Buffer, header: Header, accepts: Accepts): AckError[] {
  const type = header.component(9, 1)
  const event = triggerEvent(bytes, header)
  if (type === '') return [wrong('101', 'MSH-9.1', 'MSH-9 has no message type.')]
  const verdict = accepts.understands(type, event)
  if (verdict === 'unknown-type')
    return [wrong('200', 'MSH-9.1', 'The message type in MSH-9.1 is not supported.')]
  if (verdict === 'unknown-event' || (event === '' && !mayLackEvent(header)))
    return [wrong('201', 'MSH-9.2', 'The trigger event in MSH-9.2 is not supported.')]
  return []
}

function checkIds(header: Header, { processingIds }: Accepts): AckError[] {
  const errors: AckError[] = []
  const processing = header.component(11, 1)
  const version = header.component(12, 1).trim()
  if (['', '""'].includes(header.field(10)))
    errors.push(wrong('101', 'MSH-10', 'MSH-10 (message control id) is empty.'))
  if (processing === '') errors.push(wrong('101', 'MSH-11', 'MSH-11 (processing id) is empty.'))
  else if (!processingIds.includes(processing)) {
    errors.push(wrong('202', 'MSH-11', 'The processing id in MSH-11 is not taken by this feed.'))
  }
  if (version === '') errors.push(wrong('101', 'MSH-12', 'MSH-12 (version) is empty.'))
  else if (!VERSIONS.has(version))
    errors.push(wrong('203', 'MSH-12', 'The version in MSH-12 is not supported.'))
  return errors
}

function wrong(code: AckError['code'], at: string, text: string): AckError {
  return { code, severity: 'E', at, text }
}
