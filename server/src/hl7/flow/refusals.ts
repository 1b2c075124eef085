import type { Ack, AckError } from '../mllp/ack.ts'

/** What a sender is told when its message cannot be taken, or not yet. */

export const NOT_A_MESSAGE = rejection('100', 'The frame does not begin with an MSH segment.', 'MSH')

export const TWO_MESSAGES = rejection(
  '100',
  'The frame holds more than one message; send each in a frame of its own, or a batch.',
  'MSH[2]',
)

export const UTF_16 = rejection(
  '103',
  'The message is in UTF-16 or UTF-32, which MLLP cannot carry; send UNICODE UTF-8.',
  'MSH-18',
)

export const REUSED: Ack = {
  verdict: 'error',
  errors: [
    {
      code: '205',
      severity: 'E',
      text: 'The control id came before with other content; this feed takes each one once.',
      at: 'MSH-10',
    },
  ],
}

export function tooLarge(bytes: number): Ack {
  return rejection('207', `The message is larger than the ${String(bytes)} bytes that this feed takes.`)
}

function rejection(code: AckError['code'], text: string, at?: string): Ack {
  return { verdict: 'reject', errors: [{ code, severity: 'E', text, ...(at === undefined ? {} : { at }) }] }
}

export const NOT_STORED: Ack = {
  verdict: 'error',
  errors: [{ code: '207', severity: 'E', text: 'The message could not be stored; send it again.' }],
}

export const NOT_YET: Ack = {
  verdict: 'error',
  errors: [{ code: '207', severity: 'E', text: 'The message is stored, not yet processed.' }],
}
