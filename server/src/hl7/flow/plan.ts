import { aliasId } from '../../fhir/aliases.ts'
import { contentRecords } from '../../fhir/binary-content.ts'
import type { Draft, Resources } from '../../fhir/resources.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { RecordChange, RecordStore, StoredVersion } from '../../store/port.ts'
import type { Made } from '../journal/entry.ts'
import type { Mapped } from '../mapping/model/image.ts'
import { planEffects } from '../merging/plan-effects.ts'
import { withoutOtherVariants } from '../record/choices.ts'
import type { ElementChange } from '../record/element-changes.ts'
import { comparable, isSame, withLongTexts } from '../record/exact-json.ts'
import { askedLate, timesOf, withHistories, withLate, withOwnHistories } from '../record/histories.ts'
import { identify, referenceOf, type Identities, type Identity } from '../record/identity.ts'
import { keepImage, readLastImage, sourcesOf, type LastImage } from '../record/last-image.ts'
import { withLateStays } from '../record/late-stays.ts'
import { inPlace } from '../record/list-parts.ts'
import { mergeThreeWay, nextImage, withUnsentMembers } from '../record/merge.ts'
import { followMoves } from '../record/moved.ts'
import { givenUp, heldByOthers, isKnownByOldNumbers } from '../record/numbers.ts'
import { rangesOnce, readOnce } from '../record/read-once.ts'
import { clearedBy, countedOf, sentOf } from '../record/sent.ts'
import { planBeds } from '../record/shared-beds.ts'
import { changesBy, draftOf, madeBy, type Step } from '../record/step.ts'
import { countingOf, toldBefore, withAnew } from '../record/superseded.ts'
import { traceText, type Traced } from '../record/trace-text.ts'
import { deletedSince } from '../record/untold.ts'
import { planWaiting } from '../record/waiting.ts'
import { isBefore, lastWord, type Word } from '../record/word.ts'
import {
  formerItems,
  identityItems,
  givenUpItems,
  movedItems,
  worklistItem,
  type WorkItem,
} from '../record/worklist.ts'

export interface PlanRequest {
  readonly records: RecordStore
  readonly resources: Pick<Resources, 'peek'>
  readonly mapped: Mapped
  readonly feed: string
  /** Id of the message in the journal. */
  readonly message: string
  readonly nowMs: number
  readonly newId: () => string
}

/** What a message would do to the record as it is now. Nothing is written by planning. */
export interface Plan {
  readonly drafts: readonly Draft[]
  readonly records: readonly RecordChange[]
  readonly made: readonly Made[]
  /** Element by element, for people: worked out when somebody asks. */
  changes(): readonly ElementChange[]
  readonly conflicts: readonly WorkItem[]
  readonly patients: readonly string[]
  readonly identities: Identities
  /** Where the elements of each resource came from. */
  readonly traced: readonly Traced[]
}

/** Compares what a message says with what its feed said before and with the record, resource by resource. */
export async function planMessage(given: PlanRequest): Promise<Plan> {
  const request = { ...given, resources: readOnce(given.resources) }
  const known = await identify({ ...request, records: rangesOnce(request.records) }, request.mapped)
  const { identities, away } = await followMoves(request, known, request.mapped.effects)
  const steps: Step[] = []
  const done = new Set<string>()
  const all = [...identities.values()]
  const named = new Set(all.filter(({ image }) => image.item !== undefined).map(referenceOf))
  for (const identity of all) {
    const reference = referenceOf(identity)
    // Two parts of a message about one resource: the first speaks for it, but what names it counts more than what is about all of its number.
    if (reference === undefined || done.has(reference)) continue
    if (identity.image.whole !== undefined && named.has(reference)) continue
    done.add(reference)
    steps.push(await planImage(request, identity, identities))
  }
  const waiting = await planWaiting(request, identities, steps)
  const beds = await planBeds(request, identities, steps)
  steps.push(...waiting.steps)
  const conflicts = [
    ...steps.flatMap((step) => step.conflicts ?? []),
    ...identityItems(request, identities),
    ...movedItems(request, away),
    ...[waiting, beds].flatMap((one) => one.conflicts),
  ]
  const written = steps.flatMap(({ draft }) => (draft ? [draft] : []))
  const effects = await planEffects(request, identities, written)
  return {
    identities,
    conflicts: [...conflicts, ...effects.items],
    drafts: effects.drafts,
    records: [...steps, waiting, beds, effects].flatMap(({ records = [] }) => records),
    made: madeBy(steps, effects.changed),
    traced: steps.map(({ made: { reference }, trace }) => ({ reference, text: trace })),
    changes: () => changesBy(steps, effects.changed),
    patients: [...identities.values()].flatMap(({ image, id }) =>
      image.type === 'Patient' && id ? [id] : [],
    ),
  }
}

async function planImage(request: PlanRequest, identity: Identity, identities: Identities): Promise<Step> {
  const { image, id = '' } = identity
  const reference = `${image.type}/${id}`
  const trace = image.own === 'link' ? '' : traceText(image.trace)
  if (identity.isKnown && image.own !== 'update') return { made: { reference, action: 'linked' }, trace }
  const [current, before] = await Promise.all([
    request.resources.peek(image.type, id),
    readLastImage(request.records, reference, request.feed),
  ])
  const vault = new Map<string, string>()
  const { next: sent, times } = timesOf(sentOf(image, identities, vault), image.parts ?? [])
  const next = countingOf(before, saidBy(request, identity, sent))
  const isLate = next === undefined || (before !== undefined && isBefore(nowOf(request), before))
  const subject = { ...request, identities, identity, reference, trace, before, vault, times, sent, isLate }
  return withNumbers(request, identity, stepOf(subject, next, current))
}

/** @param next what counts of it; of what comes late the histories do in any case */
function stepOf(subject: Subject, next: JsonObject | undefined, current: StoredVersion | undefined): Step {
  const { identity, reference, trace, vault, isLate } = subject
  const { parts = [] } = identity.image
  const superseded: Step = { made: { reference, action: 'superseded' }, trace }
  if (current === undefined) {
    if (isLate || next === undefined) return superseded
    const words = { base: undefined, next, cleared: [], current: {} }
    return creation(subject, withUnsentMembers(words, parts).next)
  }
  const resource = comparable(Buffer.from(current.bytes).toString('utf8'), vault)
  const stored = { resource, version: current.version }
  if (next === undefined) {
    const is = withLateHistories(subject, resource)
    const step = { ...superseded, conflicts: lateItems(subject, resource) }
    return is === resource ? step : { ...step, ...changeOf(subject, is, stored) }
  }
  if (isKnownByOldNumbers(identity, resource))
    return { made: { reference, action: 'linked' }, trace, conflicts: formerItems(subject) }
  const told = isLate ? undefined : toldBefore(resource, saidBy(subject, identity, next))
  if (told !== undefined)
    return { ...superseded, conflicts: told.map((conflict) => worklistItem(subject, conflict)) }
  return update(subject, next, stored)
}

/** Those of the places among them. */
function withLateHistories(
  { identity: { image }, sent, times }: Pick<Subject, 'identity' | 'sent' | 'times'>,
  resource: JsonObject,
): JsonObject {
  const { parts = [] } = image
  const known = times.size === 0 ? resource : withLate(resource, sent, { parts, times })
  return withLateStays(known, sent, parts)
}

function lateItems(subject: Subject, resource: JsonObject): readonly WorkItem[] {
  const { initial = [], parts = [] } = subject.identity.image
  const asked = askedLate(resource, subject.sent, { parts, times: subject.times })
  return asked
    .filter(({ element }) => !initial.includes(element))
    .map((conflict) => worklistItem(subject, conflict))
}

interface Stored {
  readonly resource: JsonObject
  readonly version: number
}

function changeOf(
  { identity: { image, id = '' }, vault }: Pick<Subject, 'identity' | 'vault'>,
  is: JsonObject,
  { resource, version }: Stored,
): Pick<Step, 'draft' | 'was' | 'is'> {
  const how = { method: 'PUT', expected: version } as const
  return { draft: draftOf({ type: image.type, id }, withLongTexts(is, vault), how), was: resource, is }
}

/** Aliases that the write path would take from others stay with them; those that nobody has from now on are told. */
async function withNumbers(request: PlanRequest, identity: Identity, step: Step): Promise<Step> {
  const { draft, was = {}, is, made, conflicts = [] } = step
  if (draft === undefined || is === undefined) return step
  const held = await heldByOthers(request.records, { id: identity.id ?? '', was, is })
  // What the message names itself, as the number of before, stays known.
  const lost = givenUp(was, is).filter((one) => !identity.by.some((known) => aliasId(known) === aliasId(one)))
  return {
    ...step,
    records: [...held, ...(step.records ?? [])],
    conflicts: [...conflicts, ...givenUpItems({ ...request, reference: made.reference }, lost)],
  }
}

function saidBy(request: PlanRequest, { image: { parts = [] } }: Identity, next: JsonObject) {
  return { next, parts, ...nowOf(request) }
}

function nowOf({ mapped: { eventTime }, message }: PlanRequest): Word {
  return { eventTime, message }
}

interface Subject extends PlanRequest {
  readonly identities: Identities
  readonly identity: Identity
  readonly reference: string
  readonly trace: string
  readonly before: LastImage | undefined
  readonly vault: Map<string, string>
  readonly times: ReadonlyMap<string, string>
  /** All that the message says. */
  readonly sent: JsonObject
  /** The feed has said something later, or something that counts more. */
  readonly isLate: boolean
}

function creation(subject: Subject, next: JsonObject): Step {
  const { identity, reference, trace, vault, times } = subject
  const { type, parts = [] } = identity.image
  const resource = withHistories({ resourceType: type, ...next }, { parts, times, was: {} })
  return {
    made: { reference, action: 'created' },
    trace,
    // A deleted resource that the feed speaks of again goes on under its id.
    draft: draftOf(
      { type: identity.image.type, id: identity.id ?? '', image: identity.image },
      withLongTexts(resource, vault),
      identity.isKnown ? { method: 'PUT' } : { method: 'POST', expected: 0 },
    ),
    records: [
      ...identity.confirms,
      ...identity.claims,
      ...contentOf(identity),
      ...keep(subject, withOwnHistories(next, { resource, was: {} }, parts), identity.image.cleared ?? []),
    ],
    was: {},
    is: resource,
  }
}

/** A content is written once, with the first version of its Binary. */
function contentOf({ id = '', isKnown, image: { content } }: Identity): readonly RecordChange[] {
  return content === undefined || isKnown ? [] : contentRecords({ id, version: 1 }, content)
}

function update(subject: Subject, sent: JsonObject, stored: Stored): Step {
  const { identity, reference, trace, before, times, isLate } = subject
  const { resource: was } = stored
  const { parts = [] } = identity.image
  const base = withAnew(before?.image, { current: was, next: sent }, parts)
  const said = { next: sent, cleared: isLate ? [] : (identity.image.cleared ?? []) }
  const { held, ...counted } = countedOf({ ...identity.image, isLate }, said, { ...base, ...was })
  const deleted = clearedBy(counted, subject.identities)
  const words = { base, next: counted.next, cleared: deleted, current: was }
  const { next, cleared } = withoutOtherVariants(withUnsentMembers(words, parts), base)
  const merged = mergeThreeWay({ base, next, cleared, current: was })
  const codes = { was, is: merged.resource }
  const placed = inPlace(merged.resource, parts, codes)
  const is = isLate ? withLateHistories(subject, placed) : withHistories(placed, { parts, times, was })
  const told = inPlace(nextImage({ base, next, cleared }), parts, codes)
  const image = withOwnHistories(told, { resource: is, was }, parts)
  const conflicts = [...held, ...merged.conflicts].map((conflict) => worklistItem(subject, conflict))
  if (isLate) conflicts.push(...lateItems(subject, was))
  const isChanged = !isSame(is, was)
  return {
    made: { reference, action: isChanged ? 'updated' : 'unchanged' },
    trace,
    records: [
      ...(isChanged ? identity.confirms : []),
      ...identity.claims,
      ...keep(subject, image, [...cleared, ...deleted]),
    ],
    was,
    is,
    ...(isChanged && changeOf(subject, is, stored)),
    conflicts,
  }
}

function keep(subject: Subject, image: JsonObject, cleared: readonly string[]): readonly RecordChange[] {
  const { identity, reference, trace, before, feed, message } = subject
  const { image: said } = identity
  const sources =
    before === undefined
      ? { [message]: trace }
      : sourcesOf(said.trace, message, { type: said.type, parts: said.parts ?? [], before, image })
  const deleted = deletedSince(before, cleared, { image, parts: said.parts ?? [] })
  return keepImage(
    { reference, feed, before },
    {
      image,
      sources,
      ...lastWord(before ?? {}, nowOf(subject)),
      ...(deleted.length === 0 ? {} : { deleted }),
    },
  )
}
