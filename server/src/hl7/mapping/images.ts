import { aliasId, type Alias } from '../../fhir/aliases.ts'
import { fault } from '../../kernel/fault.ts'
import type { Segment } from '../message/message.ts'
import type { Work } from './body.ts'
import type { CompiledImage, CompiledMessage, CompiledRules } from './compile.ts'
import { createDraft, record, referenceOrigin, type Draft } from './draft.ts'
import { locate, place as put } from './element.ts'
import type { Tools } from './functions.ts'
import type { IdentityContext } from './identity.ts'
import type { MappingWarning } from './image.ts'
import { sourceOf, type Node, type Scope } from './node.ts'
import { within } from './path.ts'
import type { FeedFile } from './rules.ts'
import type { Occurrence } from './structure.ts'
import type { Zone } from './zone.ts'

export interface Reading {
  readonly compiled: CompiledRules
  readonly rules: CompiledMessage
  readonly feed: { readonly name: string; readonly file: FeedFile; readonly zone: Zone }
  readonly root: Occurrence
  readonly labels: readonly string[]
}

/** Fills every image that the message's rules name, then ties them together. */
export function imagesOf(reading: Reading): {
  readonly drafts: readonly Draft[]
  readonly warnings: readonly MappingWarning[]
} {
  const desk = createDesk(reading)
  const filled: Filled[] = []
  const occurrences = occurrencesOf(reading.root)
  for (const image of reading.rules.images) {
    for (const place of placesOf(image, occurrences)) {
      const draft = fill(desk, image, place)
      if (draft !== undefined) filled.push({ image, draft, here: place.here })
    }
  }
  for (const one of filled) tie(desk, one)
  return desk
}

interface Place {
  readonly here: Occurrence
  readonly segment: Segment
}

interface Filled {
  readonly image: CompiledImage
  readonly draft: Draft
  readonly here: Occurrence
}

function placesOf(
  image: CompiledImage,
  occurrences: ReadonlyMap<string, readonly Occurrence[]>,
): readonly Place[] {
  return (occurrences.get(image.in) ?? []).flatMap((here) =>
    here.segments.filter(({ name }) => name === image.from).map((segment) => ({ here, segment })),
  )
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
  readonly index: Index
  /** By identity: a thing that a message names twice is one image. */
  readonly taken: Map<string, Draft>
  /** How many images have a key. */
  readonly counts: Map<string, number>
  readonly work: Work
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
function makeReferred(
  desk: Desk,
  datatype: string,
  scope: Scope & { readonly node: Node },
): Draft | undefined {
  const rule = desk.compiled.referred.get(datatype)
  if (rule === undefined) return undefined
  const draft = createDraft(rule.type, rule.own)
  rule.rows(scope, { holder: draft.resource, path: '', draft }, desk.work)
  const identity = rule.identify(identityContext(desk, draft, scope))
  if (identity === undefined) return undefined
  const same = identity.aliases
    .map((alias) => desk.taken.get(aliasId(alias)))
    .find((one) => one !== undefined)
  if (same !== undefined) return same
  draft.aliases = identity.aliases
  draft.identitySources = identity.sources
  keep(desk, draft, rule.key)
  return draft
}

function identityContext({ feed, index }: Desk, draft: Draft, scope: Scope): IdentityContext {
  return {
    scope,
    draft,
    feed: feed.file,
    feedName: feed.name,
    find: (key, { here }) => index.nearest(key, here),
  }
}

/** Keys of images: `observation`, `observation/2`. */
function keep({ drafts, taken, counts }: Desk, draft: Draft, key: string): void {
  const number = (counts.get(key) ?? 0) + 1
  counts.set(key, number)
  draft.key = number === 1 ? key : `${key}/${number}`
  for (const alias of draft.aliases) taken.set(aliasId(alias), draft)
  drafts.push(draft)
}

function fill(desk: Desk, image: CompiledImage, { here, segment }: Place): Draft | undefined {
  const { labels, rules, warnings, taken } = desk
  const scope: Scope = { labels, variables: rules.variables, here, segment }
  if (image.condition?.holds(scope) === false) return undefined
  const draft = draftOf(desk, image, scope)
  const at = labels[segment.index] ?? segment.name
  const identity = image.identify(identityContext(desk, draft, scope))
  if (identity === undefined) {
    const text = `The message does not say which ${image.key} it is about`
    if (image.required) throw fault('unprocessable', { code: 'required', at, text })
    warnings.push({ kind: 'no-identity', at, text })
    return undefined
  }
  const aliases = identity.isComposed
    ? identity.aliases.map((alias) => unique(alias, taken))
    : identity.aliases
  const known = aliases.map((alias) => taken.get(aliasId(alias))).find((one) => one !== undefined)
  if (known !== undefined) {
    // Several parts of a message may name the same thing: the first one counts, the others refer to it.
    desk.index.add(image.key, here, known)
    const isSame = JSON.stringify(known.resource) === JSON.stringify(draft.resource)
    if (image.own === 'update' && !isSame)
      warnings.push({
        kind: 'bad-value',
        at,
        text: `The message says something else about this ${image.key} before`,
      })
    return undefined
  }
  draft.aliases = aliases
  draft.identitySources = identity.sources
  keep(desk, draft, image.key)
  desk.index.add(image.key, here, draft)
  return draft
}

function draftOf({ work }: Desk, image: CompiledImage, scope: Scope): Draft {
  const draft = createDraft(image.type, image.own)
  const target = { holder: draft.resource, path: '', draft }
  for (const { segment: name, rows } of image.maps) {
    for (const segment of segmentsFor(name, scope)) rows({ ...scope, segment }, target, work)
  }
  return draft
}

/** Writes the references that the message's rules name from one image to others. */
function tie({ index }: Desk, { image, draft, here }: Filled): void {
  for (const link of image.links) {
    const found = link.all ? index.inside(link.image, here) : [index.nearest(link.image, here)]
    for (const other of found) {
      const at = locate(draft.resource, link.to)
      if (other === undefined || other === draft || at.found !== undefined) continue
      put(draft.resource, link.to, { reference: `#image:${other.key}` })
      record(draft, `${at.path}.reference`, referenceOrigin(other, link.rule))
    }
  }
}

/** The rule's own segment, or those of that name in the same bracket, or the first one below it. */
function segmentsFor(name: string, { segment, here }: Scope): readonly Segment[] {
  if (segment.name === name) return [segment]
  const own = here.segments.filter((one) => one.name === name)
  if (own.length > 0) return own
  const first = within(here, name)
  return first === undefined ? [] : [first]
}

/** Two things of a message that look the same are told apart by their number. */
function unique(alias: Alias, taken: ReadonlyMap<string, Draft>): Alias {
  let found = alias
  for (let number = 2; taken.has(aliasId(found)); number++)
    found = { ...alias, value: `${alias.value}|#${number}` }
  return found
}

/** Images by key and bracket; each is also known to the brackets around its own. */
interface Index {
  add(key: string, here: Occurrence, draft: Draft): void
  inside(key: string, here: Occurrence): readonly Draft[]
  nearest(key: string, here: Occurrence): Draft | undefined
}

function createIndex(): Index {
  const byKey = new Map<string, Map<Occurrence, Draft[]>>()
  const inside = (key: string, here: Occurrence): readonly Draft[] => byKey.get(key)?.get(here) ?? []
  return {
    inside,
    add: (key, here, draft) => {
      const known = byKey.get(key) ?? new Map<Occurrence, Draft[]>()
      byKey.set(key, known)
      for (let around: Occurrence | undefined = here; around !== undefined; around = around.parent) {
        const same = known.get(around)
        if (same === undefined) known.set(around, [draft])
        else same.push(draft)
      }
    },
    nearest: (key, here) => {
      for (let around: Occurrence | undefined = here; around !== undefined; around = around.parent) {
        const [first] = inside(key, around)
        if (first !== undefined) return first
      }
      return undefined
    },
  }
}

function createTools(
  feed: Reading['feed'],
  { codeSystems }: CompiledRules,
  warnings: MappingWarning[],
): Tools {
  return {
    feedName: feed.name,
    feed: feed.file,
    zone: feed.zone,
    codeSystems,
    flaw: (node, text) => warnings.push({ kind: 'bad-value', at: sourceOf(node), text }),
    unmapped: (node, code) =>
      warnings.push({ kind: 'unmapped-code', at: sourceOf(node), text: `Code "${code}" is in no table` }),
  }
}
