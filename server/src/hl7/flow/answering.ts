import type { Clock } from '../../kernel/clock.ts'
import type { Entry } from '../journal/entry.ts'
import type { FlowFeed } from '../journal/feed.ts'
import { personNumbers } from '../journal/person-numbers.ts'
import { shownText as text } from '../journal/shown-text.ts'
import { acceptedText, ACCEPTED, ackCode, buildAck, type Ack } from '../mllp/ack.ts'
import { triggerEvent, type Header } from '../mllp/header.ts'

export interface AnsweringDeps {
  readonly feed: FlowFeed
  readonly clock: Clock
  readonly controlIds: () => string
  /** MSA-4, where the feed takes numbered messages: see `sequence.ts`. */
  readonly expected?: string
}

/** The acknowledgement of a message, without its frame. */
export function answer(
  { clock, controlIds, expected }: AnsweringDeps,
  header: Header | undefined,
  { level, ack, typedFor }: { level: 'application' | 'transport'; ack: Ack; typedFor?: Buffer },
): Buffer {
  const code = ackCode(level, ack)
  return buildAck({
    header,
    code,
    errors: ack.errors,
    controlId: controlIds(),
    nowMs: clock(),
    ...(typedFor && { typedFor }),
    ...(expected !== undefined && { expected }),
  })
}

/** The acknowledgement of a message that is in the journal, one character a byte. */
export function accepted(
  { clock, controlIds, expected = '' }: AnsweringDeps,
  header: Header,
  level: 'application' | 'transport',
): string {
  return acceptedText({
    header,
    code: ackCode(level, ACCEPTED),
    controlId: controlIds(),
    nowMs: clock(),
    expected,
  })
}

function senderOf(header: Header | undefined): string {
  const application = header?.field(3) ?? ''
  const facility = header?.field(4) ?? ''
  return application === '' || facility === '' ? application + facility : `${application} ${facility}`
}

/** The header's texts in the journal are for people and filters: cut, so that no sender fills it with them. */
export function lineOf({ feed, clock }: AnsweringDeps, bytes: Buffer, header: Header | undefined): Entry {
  const now = clock()
  const numbers = personNumbers(bytes, header)
  return {
    feed: feed.name,
    received: now,
    type: text(header?.component(9, 1) ?? ''),
    event: text(header === undefined ? '' : triggerEvent(bytes, header)),
    controlId: text(header?.field(10) ?? ''),
    sender: text(senderOf(header)),
    version: text(header?.component(12, 1) ?? ''),
    bytes: bytes.length,
    hash: '',
    state: 'received',
    history: [{ state: 'received', time: now }],
    attempts: 0,
    ...(numbers.length > 0 && { numbers }),
  }
}
