import { systemCaller } from '../../auth/caller.ts'
import type { Resources } from '../../fhir/resources.ts'
import type { Clock } from '../../kernel/clock.ts'
import { Fault, fault, type FaultKind } from '../../kernel/fault.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import type { ResourceReader, StoredVersion } from '../../store/port.ts'
import type { Image, Mapped, MappingWarning } from '../mapping/model/image.ts'
import type { Message } from '../message/message.ts'
import { parseMessage } from '../message/parse-message.ts'
import { decodeMessage } from '../mllp/charset.ts'
import { readHeader } from '../mllp/header.ts'
import { parseExact } from '../record/exact-json.ts'
import type { AnswerTaker } from './answer-book.ts'
import type { StoredOut } from './outbox.ts'

export interface AnswerDeps {
  readonly resources: Pick<Resources, 'peek' | 'transact'>
  /** What the order said when its message was made. */
  readonly reader: Pick<ResourceReader, 'vread'>
  readonly mapper: {
    accepts(message: Message): boolean
    map(message: Message, feed: string): Mapped
  }
  readonly clock: Clock
  /** Told of an answer that could not be written into its order: it stays with the message that it answers. */
  readonly report: (error: unknown, message: string) => void
}

/**
 * Writes what a filler answers (ORR, ORL, RRE and their like) into the order that the message was about: its number, and its state. A plain ACK says
 * nothing about either.
 */
export function createAnswerTaker(deps: AnswerDeps): AnswerTaker {
  return {
    concerns: (answer) => readable(deps, answer) !== undefined,
    async apply(stored, answer) {
      const images = imagesOf(deps, stored, answer)
      for (let attempt = 0; images.length > 0; attempt++) {
        if (attempt === limits.hl7.attempts) throw overtaken()
        if (await settled(deps, stored, images)) return
      }
    },
  }
}

/** @returns `undefined` for what cannot be read, and for a plain acknowledgement */
function readable({ mapper }: AnswerDeps, answer: Buffer): Message | undefined {
  const header = readHeader(answer)
  if (header === undefined) return undefined
  try {
    const message = parseMessage(decodeMessage(answer, header, undefined))
    return mapper.accepts(message) ? message : undefined
  } catch {
    // The message is delivered and answered: what the answer says must not send it again.
    return undefined
  }
}

function imagesOf(deps: AnswerDeps, stored: StoredOut, answer: Buffer): readonly Image[] {
  const message = readable(deps, answer)
  if (message === undefined) return []
  try {
    const { images, warnings } = deps.mapper.map(message, 'default')
    const unknown = warnings.find(({ kind, at }) => kind === 'unmapped-code' && STATES.test(at))
    if (unknown !== undefined) deps.report(unreadable(unknown), stored.message.controlId)
    return images
  } catch (error) {
    deps.report(error, stored.message.controlId)
    return []
  }
}

/** What says how the order stands. */
const STATES = /^ORC(?:\[\d+\])?-[15]$/

function unreadable({ at, text }: MappingWarning): Fault {
  return fault('unprocessable', { code: 'code-invalid', at, text: `${text}: the order stays as it is.` })
}

function overtaken(): Fault {
  return fault('conflict', { code: 'conflict', text: 'The order was changed by others all the time.' })
}

/** Answers that the record refuses stay with their message for a person. @throws what may go well later */
async function settled(deps: AnswerDeps, stored: StoredOut, images: readonly Image[]): Promise<boolean> {
  try {
    return await write(deps, stored, images)
  } catch (error) {
    const isFinal = error instanceof Fault && FINAL.has(error.kind)
    if (!isFinal) throw error
    deps.report(error, stored.message.controlId)
    return true
  }
}

const FINAL: ReadonlySet<FaultKind> = new Set(['malformed', 'unprocessable', 'forbidden', 'too-large'])

/** @returns whether it is done; `false` when the order has changed meanwhile */
async function write(
  { resources, reader, clock }: AnswerDeps,
  stored: StoredOut,
  images: readonly Image[],
): Promise<boolean> {
  const { destination, controlId: correlation, reference, version } = stored.message
  const [type = '', id = ''] = reference.split('/')
  const current = await resources.peek(type, id)
  if (current === undefined || current.deleted) return true
  const order = parseExact(Buffer.from(current.bytes).toString('utf8'))
  const of = images.filter((image) => image.type === type)
  const told = version === current.version ? current : await reader.vread(type, id, version)
  const next = answered(order, { image: imageOf(of, order, id), isReopened: isReopened(told, order) })
  if (next === undefined) return true
  const text = JSON.stringify(next)
  const resource = JSON.parse(text) as JsonObject
  const draft = { type, id, method: 'PUT' as const, resource, text, expected: current.version }
  const caller = systemCaller(`feed:${destination}`, 'feed', correlation)
  const drafts = [draft, provenance(stored, clock())]
  const result = await resources.transact(caller, { drafts, correlation })
  return result.outcome === 'committed'
}

type Coded = { readonly type?: { readonly coding?: readonly { readonly code?: string }[] } }
type Identifier = Coded & { readonly system?: string; readonly value?: string }
type Concept = {
  readonly text?: string
  readonly coding?: readonly { readonly system?: string; readonly code?: string }[]
}

function identifiersOf(resource: JsonObject, code: string): readonly Identifier[] {
  const all = (resource['identifier'] ?? []) as readonly Identifier[]
  return all.filter(({ type }) => type?.coding?.some((coding) => coding.code === code))
}

/**
 * The part of the answer that is about our order: what names its number, or the only one when it names none.
 *
 * @throws Fault `unprocessable` when the number stands for several services, and none of the parts can be told to be ours
 */
function imageOf(images: readonly Image[], order: JsonObject, id: string): Image | undefined {
  const ours = new Set([id, ...identifiersOf(order, 'PLAC').map(({ value }) => value)])
  const named = images.filter(({ resource }) =>
    identifiersOf(resource, 'PLAC').some(({ value }) => ours.has(value)),
  )
  if (named.length > 0) return imageOfService(named, order)
  const [only] = images
  const isNameless = only && identifiersOf(only.resource, 'PLAC').length === 0
  return images.length === 1 && isNameless ? only : undefined
}

/** A part without a service is about all that has the number; a filler may answer in codes of its own. */
function imageOfService(named: readonly Image[], order: JsonObject): Image {
  const ours = namesOf(order)
  const rankings = [
    named.filter(({ resource }) => !namesOf(resource).isDisjointFrom(ours)),
    named.filter(({ resource }) => namesOf(resource).size === 0),
    named.length === 1 ? named.filter(({ resource }) => !isOtherService(resource, order)) : [],
  ]
  const [meant, ...others] = rankings.find(({ length }) => length > 0) ?? []
  if (meant === undefined || others.length > 0) throw unclear()
  return meant
}

function unclear(): Fault {
  const text =
    'The answer is about other services of the number, or does not tell which: the order stays as it is.'
  return fault('unprocessable', { code: 'business-rule', at: 'OBR-4', text })
}

function conceptsOf(resource: JsonObject): readonly Concept[] {
  const concepts = [resource['code'], resource['medicationCodeableConcept']]
  return concepts.flatMap((one) => (one === undefined ? [] : [one as Concept]))
}

function namesOf(resource: JsonObject): ReadonlySet<string> {
  const concepts = conceptsOf(resource)
  const codes = concepts.flatMap(({ coding = [] }) => coding.map(({ code }) => code))
  const texts = concepts.map(({ text }) => text)
  return new Set([...codes, ...texts].filter((one) => one !== undefined))
}

/** Both have codes of one system, which are others. */
function isOtherService(one: JsonObject, other: JsonObject): boolean {
  const [mine, theirs] = [one, other].map((resource) =>
    conceptsOf(resource).flatMap(({ coding = [] }) => coding.map(({ system }) => system)),
  )
  return mine?.some((system) => theirs?.includes(system)) === true
}

/** States that no answer takes an order out of. */
const ENDED: ReadonlySet<unknown> = new Set([
  'revoked',
  'completed',
  'entered-in-error',
  'cancelled',
  'stopped',
])
/** States that an acceptance moves on: what was held or changed since is not reopened by an answer to an earlier message. */
const UNDECIDED = new Set(['draft', 'unknown'])

/** Somebody has made it active again since the message told its end: the answer is about that end. */
function isReopened(told: StoredVersion | undefined, { status }: JsonObject): boolean {
  if (told === undefined || told.deleted) return false
  const { status: before } = JSON.parse(Buffer.from(told.bytes).toString('utf8')) as JsonObject
  return ENDED.has(before) && !ENDED.has(status)
}

interface Said {
  readonly image: Image | undefined
  readonly isReopened: boolean
}

/** @returns `undefined` when nothing is new */
function answered(order: JsonObject, { image, isReopened: isPast }: Said): JsonObject | undefined {
  if (image === undefined) return undefined
  const had = (order['identifier'] ?? []) as readonly Identifier[]
  const fresh = identifiersOf(image.resource, 'FILL').filter(
    ({ system, value }) => !had.some((one) => one.system === system && one.value === value),
  )
  const now = order['status']
  const status = isPast && now !== undefined ? now : statusAfter(now, image.resource['status'])
  if (fresh.length === 0 && status === now) return undefined
  const identifier = [...had, ...fresh] as unknown as JsonObject[]
  return { ...order, ...(identifier.length > 0 && { identifier }), status }
}

function statusAfter(now: JsonValue | undefined, said: JsonValue | undefined): JsonValue {
  if (typeof now !== 'string') return said ?? 'unknown'
  if (typeof said !== 'string' || ENDED.has(now)) return now
  return said === 'active' && !UNDECIDED.has(now) ? now : said
}

/** As of a feed: the change is not sent back to where it came from. */
function provenance({ message: { destination, reference, controlId } }: StoredOut, now: number) {
  const resource: JsonObject = {
    resourceType: 'Provenance',
    target: [{ reference }],
    recorded: new Date(now).toISOString(),
    agent: [{ who: byName('feed', destination) }],
    entity: [{ role: 'source', what: byName('hl7-message', controlId) }],
  }
  return { type: 'Provenance', method: 'POST' as const, resource }
}

function byName(name: string, value: string) {
  return { identifier: { system: `https://mogran.org/fhir/${name}`, value } }
}
