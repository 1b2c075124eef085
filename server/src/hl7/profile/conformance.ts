import { z } from 'zod'

import type { Message, Segment } from '../message/message.ts'
import type { AckError } from '../mllp/ack.ts'

const FieldRule = z.strictObject({
  required: z.boolean().optional(),
  /** Most characters of one repetition, as it was sent. */
  length: z.int().min(1).optional(),
  /** Codes that the first component may hold. */
  codes: z.array(z.string()).optional(),
})

function keysAre(what: string) {
  return {
    error: ({ code }: { readonly code?: string }) =>
      code === 'invalid_key' ? `the key must be ${what}` : undefined,
  }
}

/** What messages of a type have to look like on one feed. */
export const Profile = z.record(
  /** `ADT^A01`, or `ADT` for all others of the type. */
  z.string().regex(/^[A-Z0-9]{3}(\^[A-Z0-9]{3})?$/),
  z.strictObject({
    segments: z.array(z.string().regex(/^[A-Z][A-Z0-9]{2}$/)).default([]),
    /** By position: `PID-3`. */
    fields: z
      .record(z.string().regex(/^[A-Z][A-Z0-9]{2}-\d{1,3}$/), FieldRule, keysAre('a field such as PID-3'))
      .default({}),
  }),
  keysAre('a type of message such as ADT^A01 or ADT'),
)
export type Profile = z.output<typeof Profile>

/** Told of one message: a sender with hundreds of wrong results learns it from the first of them. */
const MOST_ERRORS = 20

/** @returns what is wrong, by position; empty when the message conforms, or when the profile does not speak of its type */
export function checkProfile(profile: Profile, message: Message): readonly AckError[] {
  const type = message.get('MSH-9')
  const rules = profile[`${type}^${message.get('MSH-9.2')}`] ?? profile[type]
  if (rules === undefined) return []
  const missing = rules.segments
    .filter((name) => message.segment(name) === undefined)
    .map((name): AckError => error('100', name, `The segment ${name} is missing.`))
  const wrong = Object.entries(rules.fields).flatMap(([position, rule]) =>
    checkField(message, position, rule),
  )
  return [...missing, ...wrong].slice(0, MOST_ERRORS)
}

function checkField(
  message: Message,
  position: string,
  rule: z.output<typeof FieldRule>,
): readonly AckError[] {
  const [name = '', field = ''] = position.split('-')
  const segments = message.segments.filter((segment) => segment.name === name)
  return segments.flatMap((segment, at) => {
    const place = segments.length === 1 ? position : `${name}[${at + 1}]-${field}`
    return checkOne(segment, { field: Number(field), place, rule })
  })
}

interface Check {
  readonly field: number
  readonly place: string
  readonly rule: z.output<typeof FieldRule>
}

function checkOne(segment: Segment, { field, place, rule }: Check): readonly AckError[] {
  const repetitions = segment.field(field).filter(({ raw }) => raw !== '')
  if (repetitions.length === 0)
    return rule.required === true ? [error('101', place, `${place} is required.`)] : []
  const { length = Infinity, codes } = rule
  const errors: AckError[] = []
  if (repetitions.some(({ raw }) => raw.length > length))
    errors.push(error('102', place, `${place} is longer than ${length} characters.`))
  if (codes && repetitions.some((one) => !one.isNull && !codes.includes(one.component(1))))
    errors.push(error('103', place, `${place} holds a code that this feed does not know.`))
  return errors
}

function error(code: AckError['code'], at: string, text: string): AckError {
  return { code, severity: 'E', at, text }
}
