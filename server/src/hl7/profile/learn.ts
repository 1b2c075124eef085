import type { Message } from '../message/message.ts'
import type { Profile } from './conformance.ts'

/** A field with few values that come again and again is taken for coded. */
const CODES_MOST = 12
const SEEN_OFTEN = 20
/** Room above the longest value that was seen. */
const LENGTH_ROOM = 2

interface Field {
  count: number
  longest: number
  values: Set<string> | undefined
}

interface Type {
  messages: number
  /** In how many messages a segment was, and how often it came. */
  readonly segments: Map<string, { in: number; count: number }>
  readonly fields: Map<string, Field>
}

/**
 * Proposes a profile from messages that a feed has sent: what was always there is required, twice the longest value is the length, and
 * fields of few values are coded. A person reads it before it is put into the feed file.
 */
export class ProfileProposal {
  readonly #types = new Map<string, Type>()

  note(message: Message): void {
    const name = `${message.get('MSH-9')}^${message.get('MSH-9.2')}`
    const type = this.#types.get(name) ?? { messages: 0, segments: new Map(), fields: new Map() }
    this.#types.set(name, type)
    note(type, message)
  }

  finish(): Profile {
    return Object.fromEntries([...this.#types].map(([name, type]) => [name, proposalOf(type)]))
  }
}

function note(type: Type, message: Message): void {
  type.messages++
  for (const name of new Set(message.segments.map((segment) => segment.name))) {
    const known = type.segments.get(name) ?? { in: 0, count: 0 }
    type.segments.set(name, { ...known, in: known.in + 1 })
  }
  for (const segment of message.segments) {
    const known = type.segments.get(segment.name)
    if (known) known.count++
    // The header is checked for every message, and its fields differ in each.
    if (segment.name === 'MSH') continue
    for (let field = 1; field <= segment.fieldCount; field++)
      noteField(type, `${segment.name}-${field}`, segment.field(field))
  }
}

function noteField(
  type: Type,
  position: string,
  repetitions: ReturnType<Message['segments'][number]['field']>,
): void {
  const sent = repetitions.filter(({ raw }) => raw !== '')
  if (sent.length === 0) return
  const known = type.fields.get(position) ?? { count: 0, longest: 0, values: new Set<string>() }
  type.fields.set(position, known)
  known.count++
  for (const one of sent) {
    known.longest = Math.max(known.longest, one.raw.length)
    known.values?.add(one.component(1))
  }
  if ((known.values?.size ?? 0) > CODES_MOST) known.values = undefined
}

function proposalOf({ messages, segments, fields }: Type): Profile[string] {
  const always = [...segments].filter(([, seen]) => seen.in === messages).map(([name]) => name)
  const rules = [...fields].map(([position, { count, longest, values }]) => {
    const [name = ''] = position.split('-')
    const isRequired = count === segments.get(name)?.count
    const isCoded = values !== undefined && count >= SEEN_OFTEN && values.size * 2 <= count
    const rule = {
      length: longest * LENGTH_ROOM,
      ...(isRequired ? { required: true } : {}),
      ...(isCoded ? { codes: [...values].toSorted() } : {}),
    }
    return [position, rule] as const
  })
  return { segments: always, fields: Object.fromEntries(rules) }
}
