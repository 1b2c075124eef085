import { joinTexts } from '../model/element.ts'
import type { Effect, ImagePart, MappingWarning } from '../model/image.ts'
import type { Fields, Scope } from '../model/node.ts'
import { placesIn, type Place } from '../model/segment-places.ts'
import type { Occurrence } from '../model/structure.ts'
import type { FeedFile } from '../rules/rules.ts'
import type { Zone } from '../values/zone.ts'
import type { CompiledImage, CompiledMessage } from './compile-message.ts'
import type { CompiledRules } from './compile.ts'
import { createDraft, type Draft, type Target, type Work } from './draft.ts'
import { effectsOf } from './effects.ts'
import { completeHistories } from './histories.ts'
import { ITEMS, MEMBERS, type Identified, type IdentityDesk } from './identity.ts'
import { createIndex, type ImageIndex } from './image-index.ts'
import { isLaterWord, isOneThing, tellLast } from './last-word.ts'
import { numberPlace, outOfSequence, tie, unidentified, unknownText, type Filled } from './links.ts'
import { withoutEarlyEnds } from './soundness.ts'
import { createTaken, type Taken } from './taken.ts'
import { createTools } from './tools.ts'

export interface Reading {
  readonly compiled: CompiledRules
  readonly rules: CompiledMessage
  readonly feed: { readonly name: string; readonly file: FeedFile; readonly zone: Zone }
  readonly root: Occurrence
  readonly fields: Fields
}

/** Fills every image that the message's rules name, then ties them together. */
export function imagesOf(reading: Reading): {
  readonly drafts: readonly Draft[]
  readonly effects: readonly Effect[]
  readonly warnings: readonly MappingWarning[]
} {
  const desk = createDesk(reading)
  const filled: Filled[] = []
  const occurrences = occurrencesOf(desk)
  for (const image of reading.rules.images) {
    const places = placesOf(image, occurrences)
    const [from = ''] = image.from
    if (places.length === 0 && image.required && reading.rules.structure.demands(image.in))
      throw outOfSequence(from, `The segment ${from} is missing.`)
    for (const place of places) {
      const target = fill(desk, image, place)
      if (target === undefined) continue
      if (image.required && filled.some((one) => one.image === image && one.target.here === place.here))
        throw outOfSequence(
          desk.fields.labelOf(place.segment),
          `The message is about another ${image.key} before`,
        )
      filled.push({ image, target })
    }
  }
  for (const one of [...filled, ...desk.again]) tie(desk, one)
  for (const draft of desk.drafts) {
    completeHistories(draft)
    desk.warnings.push(...withoutEarlyEnds(draft))
  }
  const { drafts, warnings, index, fields } = desk
  const effects = effectsOf(reading.rules, { occurrences, index, fields, variables: desk.variables })
  return { drafts, effects, warnings }
}

function placesOf(
  image: CompiledImage,
  occurrences: ReadonlyMap<string, readonly Occurrence[]>,
): readonly Place[] {
  const places: Place[] = []
  for (const here of occurrences.get(image.in) ?? []) {
    const from = image.from.find((name) => here.segments.some((segment) => segment.name === name))
    for (const segment of here.segments) if (segment.name === from) places.push({ here, segment })
  }
  return places
}

/** By name, without what only comes along. */
function occurrencesOf(desk: Desk): ReadonlyMap<string, Occurrence[]> {
  const places = new Map<string, Occurrence[]>()
  const visit = (one: Occurrence): void => {
    if (isAside(desk, one)) return
    const same = places.get(one.name)
    if (same === undefined) places.set(one.name, [one])
    else same.push(one)
    for (const inner of one.inner) visit(inner)
  }
  visit(desk.root)
  return places
}

function isAside({ rules, fields, variables, warnings }: Desk, here: Occurrence): boolean {
  const condition = rules.aside.get(here.name)
  const [segment] = here.segments
  if (condition === undefined || segment === undefined) return false
  if (!condition.holds({ fields, variables, here, segment, node: undefined })) return false
  const text = 'This only comes along, it is told by a message of its own: nothing is made of it'
  warnings.push({ kind: 'unmapped-field', at: fields.labelOf(segment), text })
  return true
}

interface Desk extends Reading {
  readonly drafts: Draft[]
  /** Where the message names again what it has named. */
  readonly again: Filled[]
  readonly warnings: MappingWarning[]
  readonly index: ImageIndex
  readonly taken: Taken
  /** How many images have a key. */
  readonly counts: Map<string, number>
  readonly work: Work
  readonly identities: IdentityDesk
  /** Of the feed and of the event. */
  readonly variables: Readonly<Record<string, string>>
}

function createDesk(reading: Reading): Desk {
  const warnings: MappingWarning[] = []
  const referred = new Map<string, Draft | undefined>()
  const index = createIndex()
  const taken = createTaken()
  const { name: feedName, file } = reading.feed
  const desk: Desk = {
    ...reading,
    drafts: [],
    again: [],
    warnings,
    index,
    taken,
    counts: new Map(),
    identities: {
      feed: file,
      feedName,
      find: (key, { here, segment }) => index.nearest(key, here, segment),
    },
    variables: { ...file.variables, ...reading.rules.variables },
    work: {
      tools: createTools(reading.feed, reading.compiled, warnings),
      eventSource: reading.compiled.envelope.eventSource,
      refer: (datatype, node, target) => {
        const { home, component, subcomponent } = node
        const memory = `${datatype} ${component} ${subcomponent} ${home.raw}`
        if (!referred.has(memory)) referred.set(memory, makeReferred(desk, datatype, { ...target, node }))
        return referred.get(memory)
      },
    },
  }
  return desk
}

/** The resource that one value names, such as a person with a number; nothing when it cannot be told apart from others. */
function makeReferred(desk: Desk, datatype: string, scope: Scope): Draft | undefined {
  const rule = desk.compiled.referred.get(datatype)
  if (rule === undefined) return undefined
  const draft = createDraft(rule.type, rule.own)
  const target = targetOf(desk, draft, scope)
  rule.rows(target)
  const identity = rule.identify(target, desk.identities)
  if (identity === undefined) return undefined
  draft.likely = identity.likely
  const same = desk.taken.sameAs(draft, identity.aliases)
  if (same !== undefined) return same
  keep(desk, draft, { key: rule.key, identity })
  return draft
}

/** The resource itself, to be filled from there. */
function targetOf({ work }: Desk, draft: Draft, scope: Scope): Target {
  const { fields, variables, here, segment, node } = scope
  return {
    fields,
    variables,
    here,
    segment,
    node,
    work,
    draft,
    holder: draft.resource,
    outer: undefined,
    by: undefined,
    path: '',
  }
}

interface Named {
  readonly key: string
  readonly identity: Identified
}

/** Keys of images: `observation`, `observation/2`. */
function keep({ drafts, taken, counts }: Desk, draft: Draft, { key, identity }: Named): void {
  const number = (counts.get(key) ?? 0) + 1
  counts.set(key, number)
  draft.key = number === 1 ? key : `${key}/${number}`
  draft.aliases = identity.aliases
  draft.identity = identity.sources
  taken.add(draft)
  drafts.push(draft)
}

function fill(desk: Desk, image: CompiledImage, { here, segment }: Place): Target | undefined {
  const { fields, variables } = desk
  const scope: Scope = { fields, variables, here, segment, node: undefined }
  if (image.condition?.holds(scope) === false) return undefined
  const draft = createDraft(image.type, image.own, partsOf(image, scope))
  draft.owner = ownerOf(desk, image, scope)
  const target = targetOf(desk, draft, scope)
  fillFrom(image, target)
  const identity = image.identify(target, desk.identities)
  if (identity === undefined) {
    const at = fields.labelOf(segment)
    if (image.required) throw unidentified(image.key, numberPlace(image, segment.name, at), draft)
    desk.warnings.push({ kind: 'no-identity', at, text: unknownText(image.key) })
    return undefined
  }
  draft.target = target
  draft.item = identity.item
  draft.likely = identity.likely
  draft.whole = identity.whole
  draft.terms = image.terms
  draft.marks = image.marks(scope)
  const first = image.own === 'update' ? tellLast(desk.drafts, draft) : undefined
  if (first !== undefined && draft.whole === undefined) return said(desk, { image, target, known: first })
  const known = first === undefined ? desk.taken.sameAs(draft, identity.aliases) : undefined
  const distinct = known === undefined ? identity : toldApart(desk, { image, target, identity, known })
  if (distinct === undefined) return undefined
  keep(desk, draft, { key: image.key, identity: distinct })
  desk.index.add(image.key, here, draft)
  return target
}

/** Whose it is. */
function ownerOf({ index }: Desk, { links }: CompiledImage, { here, segment }: Scope): Draft | undefined {
  const link = links.find(({ to }) => OWNERS.has(to.top))
  return link && index.nearest(link.image, here, segment)
}

const OWNERS: ReadonlySet<string> = new Set(['subject', 'patient', 'beneficiary'])

function partsOf({ parts }: CompiledImage, scope: Scope): readonly ImagePart[] | undefined {
  return parts?.flatMap((one) => (one.condition?.holds(scope) === false ? [] : [one.part]))
}

/** Rows of each segment that the image is made of. */
function fillFrom({ maps, first }: CompiledImage, target: Target): void {
  for (const { segment: name, rows, isOwn } of maps) {
    if (target.segment.name === name) rows(target)
    else if (target.fields.has(name))
      for (const place of placesIn(target, { name, isOwn, brackets: first?.[name] ?? [] }))
        rows({ ...target, ...place })
  }
}

interface Candidate {
  readonly image: CompiledImage
  readonly target: Target
  readonly identity: Identified
  /** The thing of the message that has this identity. */
  readonly known: Draft
}

/** Two contents of a message that look the same are joined where they are texts, else told apart by their number. @returns `undefined` when they are one thing */
function toldApart(desk: Desk, candidate: Candidate): Identified | undefined {
  const { identity, image, target, known } = candidate
  const { item } = identity
  if (isOneThing(candidate, known, target.draft)) return said(desk, candidate)
  const isJoined = image.join !== undefined && joinTexts(known.resource, target.draft.resource, image.join)
  const text = `There is another ${image.key} of this identity before: ${isJoined ? 'joined to it' : 'numbered'}`
  if (image.own === 'update')
    desk.warnings.push({ kind: 'repeated', at: desk.fields.labelOf(target.segment), text })
  if (isJoined) return undefined
  if (item === undefined)
    return { ...identity, aliases: identity.aliases.map((one) => desk.taken.unique(target.draft, one)) }
  target.draft.item = undefined
  const aliases = identity.aliases.map((one) =>
    one.system === ITEMS || one.system === MEMBERS ? desk.taken.unique(target.draft, one) : one,
  )
  target.draft.item = { ...item, alias: aliases[0] ?? item.alias }
  return { ...identity, aliases }
}

/** Several parts of a message may name the same thing: the first one counts, the others refer to it. */
function said(
  { index, warnings, fields, again }: Desk,
  { image, target, known }: Omit<Candidate, 'identity'>,
): undefined {
  index.add(image.key, target.here, known)
  again.push({ image, target: { ...target, draft: known }, isAgain: true })
  const isSame = JSON.stringify(known.resource) === JSON.stringify(target.draft.resource)
  if (image.own === 'update' && !isSame && !isLaterWord(target.draft, known))
    warnings.push({
      kind: 'bad-value',
      at: fields.labelOf(target.segment),
      text: `The message says something else about this ${image.key} before`,
    })
}
