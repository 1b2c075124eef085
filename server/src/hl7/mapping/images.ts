import type { Alias } from '../../fhir/aliases.ts'
import type { Segment } from '../message/message.ts'
import type { CompiledImage, CompiledMessage } from './compile-message.ts'
import type { CompiledRules } from './compile.ts'
import { createDraft, type Draft } from './draft.ts'
import { effectsOf } from './effects.ts'
import { joinTexts } from './element.ts'
import type { Tools } from './functions.ts'
import type { IdentityContext } from './identity.ts'
import { createIndex, type ImageIndex } from './image-index.ts'
import type { Effect, MappingWarning } from './image.ts'
import { outOfSequence, tie, unidentified, unknownText, type Filled } from './links.ts'
import type { Fields, Node, Scope } from './node.ts'
import type { FeedFile } from './rules.ts'
import { withoutEarlyEnds } from './soundness.ts'
import type { Work } from './step.ts'
import type { Occurrence } from './structure.ts'
import type { Zone } from './zone.ts'

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
  const occurrences = occurrencesOf(reading.root)
  for (const image of reading.rules.images) {
    const places = placesOf(image, occurrences)
    const [from = ''] = image.from
    if (places.length === 0 && image.required && reading.rules.structure.demands(image.in))
      throw outOfSequence(from, `The segment ${from} is missing.`)
    for (const place of places) {
      const draft = fill(desk, image, place)
      if (draft === undefined) continue
      const other = filled.find((one) => image.required && one.image === image && one.here === place.here)
      if (other !== undefined)
        throw outOfSequence(
          desk.fields.labelOf(place.segment),
          `The message is about another ${image.key} before`,
        )
      filled.push({ image, draft, here: place.here })
    }
  }
  for (const one of filled) tie(desk, one)
  for (const draft of desk.drafts) desk.warnings.push(...withoutEarlyEnds(draft))
  const { drafts, warnings, index, fields } = desk
  const effects = effectsOf(reading.rules, { occurrences, index, fields, variables: desk.variables })
  return { drafts, effects, warnings }
}

interface Place {
  readonly here: Occurrence
  readonly segment: Segment
}

function placesOf(
  image: CompiledImage,
  occurrences: ReadonlyMap<string, readonly Occurrence[]>,
): readonly Place[] {
  return (occurrences.get(image.in) ?? []).flatMap((here) => {
    const from = image.from.find((name) => here.segments.some((segment) => segment.name === name))
    return here.segments.filter(({ name }) => name === from).map((segment) => ({ here, segment }))
  })
}

function occurrencesOf(root: Occurrence): ReadonlyMap<string, Occurrence[]> {
  const places = new Map<string, Occurrence[]>()
  const visit = (one: Occurrence): void => {
    const same = places.get(one.name)
    if (same === undefined) places.set(one.name, [one])
    else same.push(one)
    for (const inner of one.inner) visit(inner)
  }
  visit(root)
  return places
}

interface Desk extends Reading {
  readonly drafts: Draft[]
  readonly warnings: MappingWarning[]
  readonly index: ImageIndex
  /** By identity: a thing that a message names twice is one image. */
  readonly taken: Map<string, Draft>
  /** How many images have a key. */
  readonly counts: Map<string, number>
  readonly work: Work
  /** Of the feed and of the event. */
  readonly variables: Readonly<Record<string, string>>
}

function createDesk(reading: Reading): Desk {
  const warnings: MappingWarning[] = []
  const referred = new Map<string, Draft | undefined>()
  const desk: Desk = {
    ...reading,
    drafts: [],
    warnings,
    index: createIndex(),
    taken: new Map(),
    counts: new Map(),
    variables: { ...reading.feed.file.variables, ...reading.rules.variables },
    work: {
      tools: createTools(reading.feed, reading.compiled, warnings),
      eventSource: reading.compiled.envelope.eventSource,
      refer: (datatype, node, scope) => {
        const memory = `${datatype} ${node.component} ${node.subcomponent} ${node.repetition.raw}`
        if (!referred.has(memory)) referred.set(memory, makeReferred(desk, datatype, { ...scope, node }))
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
  rule.rows(scope, { holder: draft.resource, path: '', draft, by: undefined }, desk.work)
  const identity = rule.identify(identityContext(desk, draft, scope))
  if (identity === undefined) return undefined
  const same = identity.aliases.map((alias) => desk.taken.get(keyOf(alias))).find((one) => one !== undefined)
  if (same !== undefined) return same
  draft.aliases = identity.aliases
  draft.identitySources = identity.sources
  keep(desk, draft, rule.key)
  return draft
}

function identityContext({ feed, index, taken }: Desk, draft: Draft, scope: Scope): IdentityContext {
  return {
    scope,
    draft,
    feed: feed.file,
    feedName: feed.name,
    find: (key, { here }) => index.nearest(key, here),
    isTaken: (alias) => taken.has(keyOf(alias)),
  }
}

/** Keys of images: `observation`, `observation/2`. */
function keep({ drafts, taken, counts }: Desk, draft: Draft, key: string): void {
  const number = (counts.get(key) ?? 0) + 1
  counts.set(key, number)
  draft.key = number === 1 ? key : `${key}/${number}`
  for (const alias of draft.aliases) taken.set(keyOf(alias), draft)
  drafts.push(draft)
}

function fill(desk: Desk, image: CompiledImage, { here, segment }: Place): Draft | undefined {
  const { fields, variables } = desk
  const scope: Scope = { fields, variables, here, segment, node: undefined }
  if (image.condition?.holds(scope) === false) return undefined
  const draft = draftOf(desk, image, scope)
  draft.scope = scope
  const at = fields.labelOf(segment)
  const identity = image.identify(identityContext(desk, draft, scope))
  if (identity === undefined) {
    if (image.required) throw unidentified(image.key, at)
    desk.warnings.push({ kind: 'no-identity', at, text: unknownText(image.key) })
    return undefined
  }
  const aliases = identity.isComposed ? toldApart(desk, { image, draft, at, identity }) : identity.aliases
  if (aliases === undefined || isKnown(desk, { image, draft, at, identity: { aliases } })) return undefined
  draft.aliases = aliases
  draft.identitySources = identity.sources
  keep(desk, draft, image.key)
  desk.index.add(image.key, here, draft)
  return draft
}

interface Candidate {
  readonly image: CompiledImage
  readonly draft: Draft
  readonly at: string
  readonly identity: { readonly aliases: readonly Alias[] }
}

/** Two things of a message that look the same are joined where they are texts, else told apart by their number. @returns `undefined` when joined */
function toldApart(
  { taken, warnings }: Desk,
  { image, draft, at, identity: { aliases } }: Candidate,
): readonly Alias[] | undefined {
  const [alias] = aliases
  const double = alias === undefined ? undefined : taken.get(keyOf(alias))
  if (double === undefined) return aliases
  const isJoined = image.join !== undefined && joinTexts(double.resource, draft.resource, image.join)
  const text = `There is another ${image.key} of this identity before: ${isJoined ? 'joined to it' : 'numbered'}`
  if (image.own === 'update') warnings.push({ kind: 'repeated', at, text })
  return isJoined ? undefined : aliases.map((one) => unique(one, taken))
}

/** Several parts of a message may name the same thing: the first one counts, the others refer to it. */
function isKnown(
  { taken, index, warnings }: Desk,
  { image, draft, at, identity: { aliases } }: Candidate,
): boolean {
  const known = aliases.map((alias) => taken.get(keyOf(alias))).find((one) => one !== undefined)
  if (known === undefined) return false
  if (draft.scope !== undefined) index.add(image.key, draft.scope.here, known)
  const isSame = JSON.stringify(known.resource) === JSON.stringify(draft.resource)
  if (image.own === 'update' && !isSame)
    warnings.push({
      kind: 'bad-value',
      at,
      text: `The message says something else about this ${image.key} before`,
    })
  return true
}

function draftOf({ work }: Desk, image: CompiledImage, scope: Scope): Draft {
  const parts = image.parts?.filter(
    (part) => typeof part === 'string' || scope.variables[part.unless ?? ''] === undefined,
  )
  const draft = createDraft(image.type, image.own, parts)
  const target = { holder: draft.resource, path: '', draft, by: undefined }
  for (const { segment: name, rows, isOwn } of image.maps) {
    if (scope.segment.name === name) rows(scope, target, work)
    else if (scope.fields.has(name))
      for (const place of isOwn ? own(scope, name) : below(scope.here, name))
        rows({ ...scope, here: place.here, segment: place.segment }, target, work)
  }
  return draft
}

function own({ here }: Scope, name: string): readonly Place[] {
  return here.segments.filter((one) => one.name === name).map((segment) => ({ here, segment }))
}

function below(here: Occurrence, name: string): readonly Place[] {
  return here.inner.flatMap((inner) => [
    ...inner.segments.filter((one) => one.name === name).map((segment) => ({ here: inner, segment })),
    ...below(inner, name),
  ])
}

/** Of an identity, inside one message. */
function keyOf({ type, system, value }: Alias): string {
  return `${type}\n${system}\n${value}`
}

/** Two things of a message that look the same are told apart by their number. */
function unique(alias: Alias, taken: ReadonlyMap<string, Draft>): Alias {
  let found = alias
  for (let number = 2; taken.has(keyOf(found)); number++)
    found = { ...alias, value: `${alias.value}|#${number}` }
  return found
}

function createTools(
  feed: Reading['feed'],
  { codeSystems, mediaTypes }: CompiledRules,
  warnings: MappingWarning[],
): Tools {
  const told = new Set<string>()
  // Several rows may read the same field: what is wrong with it counts once.
  const tell = (
    kind: MappingWarning['kind'],
    node: Node,
    what: Omit<MappingWarning, 'kind' | 'at'>,
  ): void => {
    const at = node.source
    const size = told.size
    if (told.add(`${kind} ${at} ${what.text}`).size > size) warnings.push({ kind, at, ...what })
  }
  return {
    feedName: feed.name,
    feed: feed.file,
    zone: feed.zone,
    codeSystems,
    mediaTypes,
    flaw: (node, text) => tell('bad-value', node, { text }),
    unmapped: (node, value, table) =>
      tell('unmapped-code', node, { text: `Code "${value}" is in no table`, code: { table, value } }),
  }
}
