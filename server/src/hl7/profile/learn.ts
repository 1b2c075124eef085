import { compilePath } from '../mapping/model/path.ts'
import type { Row, RuleFiles } from '../mapping/rules/rules.ts'
import type { Message } from '../message/message.ts'
import type { Profile } from './conformance.ts'

/** A field that rules read by a code table, and in which few values come again and again, gets the list of them. */
const CODES_MOST = 12
const SEEN_OFTEN = 20
/** Room above the longest value that was seen. */
const LENGTH_ROOM = 2
/** The longest number of a field that a profile can name. */
const FIELDS_MOST = 999

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
 * coded fields of few values take no others. A person reads it before it is put into the feed file.
 */
export class ProfileProposal {
  readonly #types = new Map<string, Type>()
  readonly #coded: ReadonlySet<string>

  /** @param coded positions, see `codedFields`: a list of the names or times that came so far would refuse the next one */
  constructor(coded: ReadonlySet<string>) {
    this.#coded = coded
  }

  note(message: Message): void {
    const event = message.get('MSH-9.2')
    const name = event === '' ? message.get('MSH-9') : `${message.get('MSH-9')}^${event}`
    const type = this.#types.get(name) ?? { messages: 0, segments: new Map(), fields: new Map() }
    this.#types.set(name, type)
    note(type, message)
  }

  finish(): Profile {
    return Object.fromEntries([...this.#types].map(([name, type]) => [name, proposalOf(type, this.#coded)]))
  }
}

/** Fields whose first component rules read by a code table. */
export function codedFields({ segments }: Pick<RuleFiles, 'segments'>): ReadonlySet<string> {
  const coded = new Set<string>()
  const visit = (rows: readonly Row[], around: string): void => {
    for (const { from, table, rows: inner = [] } of rows) {
      const position = from === '$this' ? around : positionOf(from)
      if (table !== undefined && position !== '') coded.add(position)
      visit(inner, position)
    }
  }
  for (const { rows } of segments.values()) visit(rows, '')
  return coded
}

/** Where a path leads to a field, or to its first component. */
function positionOf(from: string | undefined): string {
  if (from === undefined) return ''
  const { segment, field, component, subcomponent } = compilePath(from)
  return segment === '' || component > 1 || subcomponent > 1 ? '' : `${segment}-${field}`
}

/** What a profile can speak of; senders write others, which no rule reads. */
const NAME = /^[A-Z][A-Z0-9]{2}$/

function note(type: Type, message: Message): void {
  type.messages++
  const segments = message.segments.filter(({ name }) => NAME.test(name))
  for (const name of new Set(segments.map((segment) => segment.name))) {
    const known = type.segments.get(name) ?? { in: 0, count: 0 }
    type.segments.set(name, { ...known, in: known.in + 1 })
  }
  for (const segment of segments) {
    const known = type.segments.get(segment.name)
    if (known) known.count++
    // The header is checked for every message, and its fields differ in each.
    if (segment.name === 'MSH') continue
    for (let field = 1; field <= Math.min(segment.fieldCount, FIELDS_MOST); field++)
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

function proposalOf({ messages, segments, fields }: Type, coded: ReadonlySet<string>): Profile[string] {
  const always = [...segments].filter(([, seen]) => seen.in === messages).map(([name]) => name)
  const rules = [...fields].map(([position, { count, longest, values }]) => {
    const [name = ''] = position.split('-')
    const isRequired = count === segments.get(name)?.count
    const isCoded =
      coded.has(position) && values !== undefined && count >= SEEN_OFTEN && values.size * 2 <= count
    const rule = {
      length: longest * LENGTH_ROOM,
      ...(isRequired ? { required: true } : {}),
      ...(isCoded ? { codes: [...values].toSorted() } : {}),
    }
    return [position, rule] as const
  })
  return { segments: always, fields: Object.fromEntries(rules) }
}
