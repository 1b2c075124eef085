import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { Message, Repetition, Segment } from '../message/message.ts'
import type { FeedQuery, QueryParameter } from '../rules/query-rules.ts'

/** What a query asks for, before anything is looked up. */
export interface Query {
  readonly qpd: Segment
  /** Most persons that one answer shall tell of. */
  readonly quantity: number
  /** Where an earlier answer ended. */
  readonly pointer?: string
}

/** @throws Fault whose `at` is an HL7 position */
export function readQuery({ rule }: FeedQuery, message: Message): Query {
  const qpd = message.segment('QPD')
  if (qpd === undefined) throw missing('QPD', 'A query needs a QPD segment.')
  const names = [1, 2].map((part) => qpd.field(1)[0]?.component(part) ?? '')
  if (!names.some((name) => rule.names.has(name.trim().toUpperCase()))) {
    const text = `A query of this name is not answered here; known are ${[...rule.names].join(', ')}.`
    throw fault('unsupported', { code: 'not-supported', at: 'QPD-1', text })
  }
  const pointer = message.get('DSC-1')
  return { qpd, quantity: quantityOf(message), ...(pointer !== '' && { pointer }) }
}

/** RCP: when the answer shall come, how much of it, in which mode. */
function quantityOf(message: Message): number {
  const [priority, count, unit, mode] = ['RCP-1', 'RCP-2.1', 'RCP-2.2', 'RCP-3'].map((at) => message.get(at))
  if (priority !== '' && priority !== 'I') throw notSupported('RCP-1', 'Answers come at once (I) only.')
  if (unit !== '' && unit !== 'RD')
    throw notSupported('RCP-2.2', 'The quantity is counted in records (RD) only.')
  if (mode !== '' && mode !== 'R') throw notSupported('RCP-3', 'Answers come in real time (R) only.')
  if (count === '') return limits.hl7.queryPersons
  const quantity = Number(count)
  if (!Number.isInteger(quantity) || quantity < 1) {
    const text = 'The quantity must be a whole number of at least 1.'
    throw fault('unprocessable', { code: 'value', at: 'RCP-2.1', text })
  }
  return Math.min(quantity, limits.hl7.queryPersons)
}

/** A text that persons are compared with. */
export interface Criterion {
  readonly parameter: QueryParameter
  /** One of them is enough. */
  readonly texts: readonly string[]
}

export interface Criteria {
  readonly criteria: readonly Criterion[]
  /** Parameters of the search, all of which must be met. */
  readonly pairs: readonly (readonly [string, string])[]
  readonly domains: readonly Domain[]
}

/** A domain of identifiers that the query names. */
export interface Domain {
  readonly system: string
  readonly at: string
}

interface Part {
  /** `PID.5.2` */
  readonly place: string
  readonly texts: readonly string[]
  readonly at: string
}

/**
 * Reads parameters such as `@PID.5.1^SALIH~@PID.7^19870402`.
 *
 * @throws Fault whose `at` is an HL7 position
 * @see HL7 v2.5.1, section 5.3.3 (QIP)
 */
export function readCriteria(query: FeedQuery, qpd: Segment, field: number): Criteria {
  const parts = qpd.field(field).flatMap((repetition, at) => partOf(repetition, `QPD-${field}[${at + 1}]`))
  const { parameters } = query.rule
  const assigners = new Set([...parameters.values()].flatMap(({ assigner }) => assigner ?? []))
  const isAssigner = ({ place }: Part) => assigners.has(assignerOf(place))
  const sought = parts.filter((part) => !isAssigner(part))
  if (sought.length === 0) throw missing(`QPD-${field}`, 'A query needs at least one value to look for.')
  const read = sought.map((part) => {
    const parameter = parameters.get(part.place)
    if (parameter === undefined)
      throw notSupported(
        part.at,
        `Persons cannot be looked for by this field; known are ${[...parameters.keys()].join(', ')}.`,
      )
    const domain = domainOf(query, parts.filter(isAssigner), parameter)
    return { read: criterionOf(part, parameter, domain), domain }
  })
  return {
    criteria: read.map((one) => one.read.criterion),
    pairs: read.map((one) => one.read.pair),
    domains: read.flatMap(({ domain }) => domain ?? []),
  }
}

function partOf(repetition: Repetition, at: string): Part[] {
  const place = repetition
    .component(1)
    .replace(/^@/, '')
    .replace(/^([A-Z]\w\w\.\d+(?:\.\d+)*?)(?:\.1)+$/, '$1')
  const texts = Array.from({ length: ALTERNATIVES }, (_, part) => repetition.component(2, part + 1).trim())
  if (place === '' || texts.every((text) => text === '')) return []
  return [{ place, texts, at }]
}

/** Values of one parameter, parts of an assigning authority. */
const ALTERNATIVES = 8

/** `PID.3.4` for `PID.3.4.2`, too. */
function assignerOf(place: string): string {
  return place.split('.').slice(0, 3).join('.')
}

/** The assigning authority may come in one parameter with subcomponents, or in one for each of them. */
function domainOf(
  query: FeedQuery,
  parts: readonly Part[],
  { assigner }: QueryParameter,
): Domain | undefined {
  const own = parts.filter(({ place }) => assigner !== undefined && assignerOf(place) === assigner)
  const [first] = own
  if (first === undefined) return undefined
  const names: string[] = ['', '', '']
  for (const { place, texts } of own) {
    const from = Number(place.split('.')[3] ?? 1) - 1
    for (const [at, text] of texts.entries()) if (text !== '') names[from + at] = text
  }
  return { system: query.systemOf(names), at: first.at }
}

function criterionOf(part: Part, parameter: QueryParameter, domain: Domain | undefined) {
  const texts = part.texts.filter((text) => text !== '')
  const values = texts.map((text) => {
    const isOpen = text.endsWith('*')
    const value = parameter.read(isOpen && parameter.values ? text.slice(0, -1) : text)
    if (value === undefined || value === '' || value.includes('*'))
      throw fault('unprocessable', {
        code: 'value',
        at: `${part.at}.2`,
        text: 'The value cannot be looked for: `*` may end a name or address, dates are YYYY[MM[DD]], codes those of the field.',
      })
    return domain === undefined ? escaped(value) : `${escaped(domain.system)}|${escaped(value)}`
  })
  return { criterion: { parameter, texts }, pair: [parameter.search, values.join(',')] as const }
}

/** A value of a search, taken as it is. */
export function escaped(text: string): string {
  return text.replaceAll(/[\\,|$]/g, String.raw`\$&`)
}

/** Domains whose identifiers are wanted; none: all. @throws Fault whose `at` is an HL7 position */
export function readDomains(query: FeedQuery, qpd: Segment, field: number): readonly Domain[] {
  return qpd.field(field).map((repetition, index) => ({
    system: query.systemOf([1, 2, 3].map((part) => repetition.component(4, part).trim())),
    at: `QPD-${field}[${index + 1}]`,
  }))
}

/** One number of a person. @throws Fault whose `at` is an HL7 position */
export function readPerson(
  query: FeedQuery,
  qpd: Segment,
  field: number,
): Domain & { readonly value: string } {
  const [number] = qpd.field(field)
  const value = number?.component(1).trim() ?? ''
  if (number === undefined || value === '')
    throw missing(`QPD-${field}`, 'A query needs the number of a person.')
  const system = query.systemOf([1, 2, 3].map((part) => number.component(4, part).trim()))
  return { system, value, at: `QPD-${field}[1]` }
}

function missing(at: string, text: string) {
  return fault('unprocessable', { code: 'required', at, text })
}

function notSupported(at: string, text: string) {
  return fault('unsupported', { code: 'not-supported', at, text })
}
