import { Node } from '../model/node.ts'
import type { FeedFile } from '../rules/rules.ts'
import { clean, laidOut, linesOf, withUnit } from '../values/texts.ts'
import { readTimeStamp, toDateTime } from '../values/time-stamp.ts'
import { dataOf, mediaTypeOf } from './encapsulated.ts'
import type { Tools } from './tools.ts'

/** A number with the digits that were sent. */
export interface Decimal {
  readonly digits: string
}

export type Made = string | number | boolean | Decimal

/**
 * Makes one value of the first value that a row found, or of all of them; `undefined` when there is nothing to say, flaws are told.
 *
 * @param nodes all that the row found; what its `plus` found, when it has one
 */
export type ValueFunction = (node: Node, tools: Tools, nodes: readonly Node[]) => Made | undefined

/** What a row can name as `fn`: the hard cases that rows cannot say. At most 24; `mappings/README.md` explains each. */
export const FUNCTIONS: Readonly<Record<string, ValueFunction>> = {
  text: (node) => clean(node.text),
  // FHIR's codes have single blanks inside; line breaks get there when a text is sent as a code.
  code: (node) => clean(node.text)?.replaceAll(/\s+/g, ' '),
  lines: (node, _, nodes) => laidOut(nodes[0] === node ? linesOf(nodes) : withUnit(node, nodes)),
  date: (node, tools) => stampOf(node, tools)?.date,
  dateTime: (node, tools) => {
    const stamp = stampOf(node, tools)
    if (stamp === undefined) return undefined
    const { value, flaw } = toDateTime(stamp, tools.zone)
    if (flaw !== undefined) tools.flaw(node, flaw)
    return value
  },
  instant: (node, tools) => {
    const stamp = stampOf(node, tools)
    if (stamp?.time !== undefined) return toDateTime(stamp, tools.zone).value
    if (stamp !== undefined) tools.flaw(node, 'an instant needs hours and minutes')
    return undefined
  },
  time: (node, tools) => {
    const stamp = readTimeStamp(`19700101${node.text.replace(/[+-]\d{4}$/, '')}`)
    if (stamp?.time === undefined) tools.flaw(node, 'not a time of day')
    return stamp?.time
  },
  decimal: (node, tools) => {
    const text = node.text.trim()
    if (NUMBER.test(text) && Number.isFinite(Number(text))) return { digits: jsonDigits(text) }
    if (text !== '') tools.flaw(node, 'not a number')
    return undefined
  },
  wholeNumber: (node, tools) => {
    const text = node.text.trim()
    if (/^\d{1,9}(?:\.0*)?$/.test(text)) return Number(text)
    tools.flaw(node, 'not a whole number')
    return undefined
  },
  yesNo: (node, tools) => {
    const text = node.text.trim().toUpperCase()
    if (text === 'Y' || text === 'N') return text === 'Y'
    tools.flaw(node, 'neither Y nor N')
    return undefined
  },
  // A component holds the assigner alone, a whole value has it behind the identifier.
  assignerSystem: (node, tools) => assignerSystem(node, node.component === 0 ? [2, 3, 4] : [1, 2, 3], tools),
  /** Of an EI, whether it is a whole value or stands in a component. */
  entitySystem: (node, tools) => assignerSystem(node, [2, 3, 4], tools),
  later: (node, tools, [other]) => {
    const stamp = stampOf(node, tools)
    const minutes = Number(other === undefined ? Number.NaN : other.text)
    if (stamp?.time === undefined || !(minutes > 0)) return undefined
    return new Date(Date.parse(toDateTime(stamp, tools.zone).value) + minutes * 60_000).toISOString()
  },
  // A number of blanks alone is none.
  feedSystem: (node, { feed, feedName }) =>
    clean(node.text) === undefined ? undefined : feed.noAssigner.replace('{feed}', feedName),
  codeSystem: (node, tools) => codeSystem(node, tools),
  phone: (node) => clean(phoneNumber(node)),
  personName: (node) => clean(nameOf(node)),
  rangeLow: (node) => bound(node.text, RANGE_LOW),
  rangeHigh: (node) => bound(node.text, RANGE_HIGH),
  base64: (node, tools) => dataOf(node, tools),
  mediaType: (node, tools, [other]) => mediaTypeOf(node, tools, other),
  url: (node) => clean(node.text)?.replaceAll(/\s/g, (blank) => encodeURIComponent(blank)),
  base64Text: (_, __, nodes) => {
    const text = laidOut(linesOf(nodes))
    return text === undefined ? undefined : Buffer.from(text).toString('base64')
  },
  duration: (node, tools) => {
    const [, number] = DURATION.exec(node.text.trim()) ?? []
    if (number === undefined) tools.flaw(node, 'no duration that has a place in the record')
    return number === undefined ? undefined : Number(number)
  },
}

/** Of TQ.3, before 2.5. A lunar month (`L`) is none of the calendar, and `X` counts times. */
const DURATION = /^[SMHDW](\d{1,9})$/

function stampOf(node: Node, tools: Tools): ReturnType<typeof readTimeStamp> {
  const text = node.text.trim()
  const stamp = readTimeStamp(text)
  if (stamp === undefined && text !== '') tools.flaw(node, 'not a time stamp')
  return stamp
}

const JSON_NUMBER = /^(?:0|[1-9]\d*)(?:\.\d+)?$/
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)$/

/** `+007.50` and `.5` as JSON writes them: `7.50`, `0.5`. */
function jsonDigits(text: string): string {
  if (JSON_NUMBER.test(text)) return text
  const sign = text.startsWith('-') ? '-' : ''
  const [whole = '', fraction = ''] = text.replace(/^[+-]/, '').split('.')
  const digits = whole.replace(/^0+(?=\d)/, '') || '0'
  return fraction === '' ? sign + digits : `${sign}${digits}.${fraction}`
}

const OID = /^[0-2](\.(0|[1-9]\d*))+$/
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const URI = /^(urn:|https?:\/\/)\S+$/i

/** System of an assigner: what the feed names first, then what is unique in the world, then a name below the feed's prefix. */
function assignerSystem(
  node: Node,
  places: readonly [number, number, number],
  { feed }: Tools,
): string | undefined {
  return systemOfAssigner(
    places.map((place) => node.partText(place)),
    feed,
  )
}

/** @param assigner name, universal id and its type, as in an HD */
export function systemOfAssigner(
  [name, universal, kind]: readonly (string | undefined)[],
  feed: FeedFile,
): string | undefined {
  for (const text of [name, universal]) {
    const named = text === undefined ? undefined : feed.assigners?.[text]
    if (named !== undefined) return named
  }
  for (const text of [universal, name]) {
    const system = text === undefined ? undefined : globalSystem(text, kind ?? '')
    if (system !== undefined) return system
  }
  const left = name || universal
  return left ? feed.otherAssigners.replace('{name}', encodeURIComponent(left)) : undefined
}

function globalSystem(text: string, kind: string): string | undefined {
  if (OID.test(text) && (kind === 'ISO' || text.length > 8)) return `urn:oid:${text}`
  if (UUID.test(text)) return `urn:uuid:${text.toLowerCase()}`
  return URI.test(text) ? text : undefined
}

function codeSystem(node: Node, tools: Tools): string | undefined {
  const name = node.text.trim()
  if (name === '') return undefined
  const system = codeSystemNamed(name, tools)
  if (system === undefined && !isLocal(name, tools)) tools.unmapped(node, name, 'codeSystems')
  return system
}

/** System of a coding from its name; `undefined` for an unknown name and for one that means "local". */
export function codeSystemNamed(
  name: string,
  tools: Pick<Tools, 'feed' | 'codeSystems'>,
): string | undefined {
  const known = tools.feed.codeSystems?.[name] ?? tools.codeSystems.get(name)?.to ?? numbered(name, tools)
  if (known !== undefined) return known === '' ? undefined : known
  return globalSystem(name, '')
}

function isLocal(name: string, { feed, codeSystems }: Tools): boolean {
  return (feed.codeSystems?.[name] ?? codeSystems.get(name)?.to) === ''
}

/** Names that end in the number of a table: the code table writes `####` for it. */
function numbered(name: string, { codeSystems }: Pick<Tools, 'codeSystems'>): string | undefined {
  const number = /\d{4}$/.exec(name)?.[0]
  return number === undefined
    ? undefined
    : codeSystems.get(`${name.slice(0, -4)}####`)?.to.replace('####', number)
}

/** Country, area, number and extension, or the text that older versions send. */
function phoneNumber(node: Node): string {
  const [country = '', area = '', local = '', extension = ''] = [5, 6, 7, 8].map((part) =>
    node.partText(part),
  )
  const whole = node.partText(12) || node.partText(1)
  if (whole !== '' || local === '') return whole
  const prefix = country === '' ? '' : `+${country.replace(/^\+/, '')} `
  return `${prefix}${area === '' ? '' : `(${area}) `}${local}${extension === '' ? '' : ` x${extension}`}`
}

/** Prefix, given, middle, family, suffix of the extended composite name. */
const NAME_ORDER = [6, 3, 4, 2, 5] as const
const FAMILY = 2

/** From the component of the family name on where a row names it: an XPN begins with it. */
function nameOf(node: Node): string {
  const { component, home } = node
  const whole = component === 0 ? node : new Node(home)
  const shift = component === 0 ? 0 : component - FAMILY
  let name = ''
  for (const part of NAME_ORDER) {
    const text = whole.partText(part + shift)
    if (text !== '') name = name === '' ? text : `${name} ${text}`
  }
  return name
}

const RANGE_LOW = [
  /^\s*([+-]?(?:\d+(?:\.\d+)?|\.\d+))\s*-\s*[+-]?(?:\d+(?:\.\d+)?|\.\d+)\s*$/,
  /^\s*>=?\s*([+-]?(?:\d+(?:\.\d+)?|\.\d+))\s*$/,
]
const RANGE_HIGH = [
  /^\s*[+-]?(?:\d+(?:\.\d+)?|\.\d+)\s*-\s*([+-]?(?:\d+(?:\.\d+)?|\.\d+))\s*$/,
  /^\s*<=?\s*([+-]?(?:\d+(?:\.\d+)?|\.\d+))\s*$/,
]

/** Bounds are only taken from a text that says nothing else. */
function bound(text: string, patterns: readonly RegExp[]): Decimal | undefined {
  if (text.length > 64) return undefined
  for (const pattern of patterns) {
    const digits = pattern.exec(text)?.[1]
    if (digits !== undefined) return { digits: jsonDigits(digits) }
  }
  return undefined
}
