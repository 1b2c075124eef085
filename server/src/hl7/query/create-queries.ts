import { isAscii } from 'node:buffer'

import type { AuditTrail } from '../../audit/trail.ts'
import { systemCaller, type Caller } from '../../auth/caller.ts'
import type { Clock } from '../../kernel/clock.ts'
import { Fault, fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import type { FlowFeed } from '../journal/feed.ts'
import { parseMessage } from '../message/parse-message.ts'
import { ACCEPTED, ackCode, ackOfError, buildAck, type Ack } from '../mllp/ack.ts'
import { decodeMessage, encodeText } from '../mllp/charset.ts'
import type { Header } from '../mllp/header.ts'
import type { FeedQuery, QueryRules } from '../rules/query-rules.ts'
import { redelimited, segmentBytes } from './answer-text.ts'
import { behind, pointerOf } from './pages.ts'
import {
  findCandidates,
  findPerson,
  idOf,
  isInUse,
  type Candidate,
  type Identifier,
  type PersonsDeps,
} from './persons.ts'
import { readCriteria, readDomains, readPerson, readQuery, type Domain, type Query } from './read-query.ts'

export interface QueriesDeps extends PersonsDeps {
  readonly rules: QueryRules
  readonly audit: Pick<AuditTrail, 'noteRead'>
  readonly clock: Clock
  readonly report: (error: unknown, message: string) => void
}

export interface Answered {
  readonly ack: Ack
  /** The whole answer, without its frame. */
  readonly bytes: Buffer
}

export interface Queries {
  /** There are rules for the message: it is answered, not mapped. */
  isQuery(feed: string, header: Header): boolean
  /** Answers with what the feed may see; whatever goes wrong is an answer, too. Nothing is written but the audit. */
  answer(
    feed: FlowFeed,
    message: { readonly frame: Buffer; readonly header: Header },
    controlId: string,
  ): Promise<Answered>
}

export function createQueries(deps: QueriesDeps): Queries {
  const queryOf = (feed: string, header: Header) => deps.rules.queryOf(feed, eventOf(header))
  return {
    isQuery: (feed, header) => queryOf(feed, header) !== undefined,
    async answer(feed, { frame, header }, controlId) {
      const query = queryOf(feed.name, header)
      if (query === undefined) throw new TypeError(`There are no rules for ${eventOf(header)}`)
      const desk: Desk = { ...deps, feed, frame, header, query, controlId, caller: callerOf(feed, header) }
      const { ack, found } = await lookUp(desk)
      return { ack, bytes: write(desk, ack, found) }
    },
  }
}

interface Desk extends QueriesDeps {
  readonly feed: FlowFeed
  readonly frame: Buffer
  readonly header: Header
  readonly query: FeedQuery
  readonly controlId: string
  readonly caller: Caller
}

interface Found {
  /** Segments about persons, in the character set of the answer, delimiters as usual. */
  readonly segments: readonly string[]
  readonly total: number
  readonly given: number
  readonly left: number
  readonly pointer?: string
}

const NOTHING: Found = { segments: [], total: 0, given: 0, left: 0 }

function eventOf(header: Header): string {
  return `${header.component(9, 1)}^${header.component(9, 2)}`
}

/** The hub on behalf of the feed, which sees the persons of its facility. */
function callerOf({ name, facility }: FlowFeed, header: Header): Caller {
  const caller = systemCaller(`feed:${name}`, 'feed', header.field(10))
  return facility === undefined ? caller : { ...caller, facilities: [facility] }
}

async function lookUp(desk: Desk): Promise<{ readonly ack: Ack; readonly found: Found }> {
  try {
    const found = await find(desk)
    // What the answer cannot be written in is refused before anybody is told.
    encodeText(found.segments.join('\r'), desk.header, desk.feed.charset)
    return { ack: ACCEPTED, found }
  } catch (error) {
    if (!(error instanceof Fault)) desk.report(error, desk.header.field(10))
    await note(desk, [], error instanceof Fault && error.kind === 'forbidden' ? 'refused' : 'failed')
    return { ack: ackOfError(error), found: NOTHING }
  }
}

async function find(desk: Desk): Promise<Found> {
  if (!desk.feed.queries) {
    const text = 'This feed may not ask for persons; its file allows it with `queries: true`.'
    throw fault('forbidden', { code: 'forbidden', at: 'MSH-9', text })
  }
  const message = parseMessage(decodeMessage(desk.frame, desk.header, desk.feed.charset))
  const { query: rules, frame, header } = desk
  const asked = readQuery(rules, message)
  const text = segmentBytes(frame, 'QPD', header) ?? ''
  if (text.length > limits.hl7.queryBytes) {
    throw fault('too-large', {
      code: 'too-long',
      at: 'QPD',
      text: 'The parameters of the query are too long.',
    })
  }
  const domains = readDomains(rules, asked.qpd, rules.rule.domains)
  await refuseUnknown(desk, domains)
  const candidates = await candidatesOf(desk, asked, domains)
  const rest = behind(candidates, text, asked.pointer)
  const page = await written(desk, rest.slice(0, asked.quantity))
  const last = rest[page.length - 1]
  const left = rest.length - page.length
  await note(desk, rest.slice(0, page.length), 'success')
  return {
    segments: page.flat(),
    total: candidates.length,
    given: page.length,
    left,
    ...(left > 0 && last !== undefined && { pointer: pointerOf(text, last) }),
  }
}

/** Candidates with the identifiers that are wanted; whoever has none of these is left out. */
async function candidatesOf(
  desk: Desk,
  { qpd }: Query,
  domains: readonly Domain[],
): Promise<readonly Candidate[]> {
  const { query, caller } = desk
  const { rule } = query
  if (rule.criteria !== undefined) {
    const criteria = readCriteria(query, qpd, rule.criteria)
    await refuseUnknown(desk, criteria.domains)
    const least = Number(qpd.field(rule.threshold ?? 0)[0]?.component(1) ?? '') || 0
    const found = await findCandidates(desk, caller, criteria)
    return found
      .filter(({ confidence }) => confidence >= least)
      .flatMap((one) => shown(one, { query, domains }))
  }
  const asked = readPerson(query, qpd, rule.person ?? 0)
  await refuseUnknown(desk, [{ ...asked, at: `${asked.at}.4` }])
  const person = await findPerson(desk, caller, asked)
  if (person === undefined && rule.isUnknownError)
    throw fault('not-found', { code: 'not-found', at: `${asked.at}.1`, text: 'Nobody has this number.' })
  if (person === undefined) return []
  const only = { id: idOf(person), person, confidence: 100, reasons: [] }
  return shown(only, { query, domains, ...(rule.isForOthers && { but: asked }) })
}

interface Wanted {
  readonly query: FeedQuery
  readonly domains: readonly Domain[]
  /** The identifier that was asked with. */
  readonly but?: { readonly system: string; readonly value: string }
}

function shown(candidate: Candidate, { query, domains, but }: Wanted): Candidate[] {
  const all = (candidate.person['identifier'] ?? []) as readonly (Identifier & JsonObject)[]
  const systems = new Set(domains.map(({ system }) => system))
  const identifier = all
    .filter(({ use, value }) => use !== 'old' && value !== undefined)
    .filter(({ system = '' }) => systems.size === 0 || systems.has(system))
    .filter(({ system, value }) => but === undefined || system !== but.system || value !== but.value)
    .map((one) => {
      const namespace = query.nameOf(one.system ?? '')
      return namespace === undefined ? one : Object.assign({ namespace }, one)
    })
  return identifier.length === 0 ? [] : [{ ...candidate, person: { ...candidate.person, identifier } }]
}

/** @throws Fault `not-found` at the first domain that nobody has an identifier of */
async function refuseUnknown(desk: Desk, domains: readonly Domain[]): Promise<void> {
  for (const { system, at } of domains) {
    if (desk.query.nameOf(system) !== undefined || (await isInUse(desk, desk.caller, system))) continue
    throw fault('not-found', { code: 'not-found', at, text: 'This domain of identifiers is not known here.' })
  }
}

/** The segments of each person, as many persons as fit into one answer. */
async function written(
  { query, header }: Desk,
  candidates: readonly Candidate[],
): Promise<readonly (readonly string[])[]> {
  const pages: (readonly string[])[] = []
  let bytes = 0
  for (const { person, confidence, reasons } of candidates) {
    const about = { confidence: String(confidence), reasons: [...reasons], version: versionOf(header) }
    const segments = await query.rule.write(person, about)
    bytes += segments.reduce((sum, segment) => sum + Buffer.byteLength(segment), 0)
    if (bytes > limits.hl7.queryAnswerBytes) break
    pages.push(segments)
  }
  if (pages.length > 0 || candidates.length === 0) return pages
  throw fault('too-large', {
    code: 'too-long',
    text: 'What is known of the person does not fit into an answer.',
  })
}

/** Who was told of. */
async function note(
  { audit, caller, clock, header }: Desk,
  candidates: readonly Candidate[],
  outcome: 'success' | 'refused' | 'failed',
): Promise<void> {
  await audit.noteRead({
    time: clock(),
    subject: caller.subject,
    action: 'R',
    interaction: eventOf(header),
    entity: 'Patient',
    patients: candidates.map(({ id }) => id).slice(0, limits.audit.patients),
    outcome,
    ...(caller.correlation === undefined ? {} : { correlation: caller.correlation }),
  })
}

/** Who names no character set is answered in UTF-8, which has to be said where the answer is not ASCII. */
function announcing(header: Header, text: string): Header {
  if (!['', '""'].includes(header.field(18)) || isAscii(Buffer.from(text))) return header
  return { ...header, field: (number) => (number === 18 ? 'UNICODE UTF-8' : header.field(number)) }
}

function versionOf(header: Header): string {
  return header.component(12, 1).trim()
}

/** @see HL7 v2.5.1, 5.3.1 (RSP), 5.5.5 (QAK), 2.15.4 (DSC) */
function write({ feed, header, frame, query, controlId, clock }: Desk, ack: Ack, found: Found): Buffer {
  const code = ackCode('application', ack)
  const bar = header.fieldSeparator
  const qpd = segmentBytes(frame, 'QPD', header)?.slice(0, limits.hl7.queryBytes)
  const { rule } = query
  const type = [...rule.answer, rule.structureIn(versionOf(header))] as const
  const persons = found.segments.map((line) => `${redelimited(line, header)}\r`).join('')
  const announced = feed.charset === undefined ? announcing(header, persons) : header
  const said = { header: announced, code, errors: ack.errors, controlId, nowMs: clock() }
  // The answer to a query has to repeat its parameters: without them it cannot be one.
  if (qpd === undefined) return buildAck(said)
  const [, name = '', tag = ''] = qpd.split(bar)
  const head = buildAck({ ...said, type })
  const status = ack.verdict !== 'accept' ? code : found.given === 0 ? 'NF' : 'OK'
  const qak = ['QAK', tag, status, name, found.total, found.given, found.left].join(bar)
  const echoed = [qak, qpd].map((line) => `${line}\r`).join('')
  const dsc = found.pointer === undefined ? '' : `${['DSC', found.pointer, 'I'].join(bar)}\r`
  return Buffer.concat([
    head,
    Buffer.from(echoed, 'latin1'),
    encodeText(persons, header, feed.charset),
    Buffer.from(dsc),
  ])
}
