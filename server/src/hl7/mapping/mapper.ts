import { aliasId } from '../../fhir/aliases.ts'
import type { ElementTable } from '../../fhir/elements.ts'
import { fault } from '../../kernel/fault.ts'
import { STANDARD_DELIMITERS } from '../message/delimiters.ts'
import type { Message } from '../message/message.ts'
import { LazySegment } from '../message/segment.ts'
import type { OutboundRules } from '../rules/outbound-rules.ts'
import type { FeedQuery, QueryRules } from '../rules/query-rules.ts'
import type { CompiledMessage } from './compile/compile-message.ts'
import { compileRules, type CompiledRules } from './compile/compile.ts'
import type { Draft } from './compile/draft.ts'
import { finish } from './compile/finish.ts'
import { systemOfAssigner } from './compile/functions.ts'
import { imagesOf } from './compile/images.ts'
import { unreadWarnings } from './compile/unread.ts'
import { elementProblems } from './element-problems.ts'
import type { Effect, Image, Mapped } from './model/image.ts'
import { Fields, type Node, type Scope } from './model/node.ts'
import { findNodes, type Path } from './model/path.ts'
import type { Occurrence } from './model/structure.ts'
import { loadRules, RulesError, type RuleSources } from './rules/load.ts'
import type { FeedFile, RuleFiles } from './rules/rules.ts'
import { compileOutbound } from './sent/outbound.ts'
import { readTimeStamp, toDateTime } from './values/time-stamp.ts'
import { createZone, fixedZone, type Zone } from './values/zone.ts'

/** The compiled rules of a `mappings/` folder. Mapping is pure: the same message gives the same images. */
export interface Mapper extends QueryRules {
  /** Version of the rule set: changes with every rule. */
  readonly rules: string
  /** Feed files by name, keys of the wire and the flow included. */
  readonly feeds: ReadonlyMap<string, FeedFile>
  /** What there are rules for: message code and trigger event joined by `^`. */
  readonly events: ReadonlySet<string>
  /** The same for one feed, its overlays included. */
  eventsOf(feed: string): ReadonlySet<string>
  /** The rules of one feed as its files say them, its overlays included. */
  filesOf(feed: string): RuleFiles
  /** Why the newest rule files are not in force; empty when they are. */
  readonly problems: readonly string[]
  /** What the hub sends of its own. */
  readonly outbound: OutboundRules
  /** There are rules for the message's type and event; the feed's overlays count. */
  accepts(message: Message, feed?: string): boolean
  /**
   * @param feed name of a file in `mappings/feeds`
   * @throws Fault `unsupported` for a type without rules, `unprocessable` when a required identity or code is missing; `at` is an HL7 position
   */
  map(message: Message, feed: string): Mapped
}

/**
 * Loads, checks and compiles the rules.
 *
 * @param keptAt files with what was checked, the first is ours: the same rules are not checked again
 * @param elements of R4: rules that name others are refused
 * @throws RulesError with every problem by file and row
 */
export async function createMapper(
  folder: string,
  keptAt: readonly string[] = [],
  elements?: () => ElementTable,
): Promise<Mapper> {
  const sources = await loadRules(folder, keptAt, elements === undefined ? [] : ['/elements'])
  const compiled = compileAll(sources)
  if (elements !== undefined && !sources.isKept) refuseUnknownElements(sources, elements())
  const feeds = new Map(
    [...sources.feeds].map(([name, file]): [string, Feed] => {
      const rules = compiled.get(layersOf(file)) ?? compileRules(sources.files(file.overlays ?? []))
      const events = new Set([...rules.messages.keys(), ...rules.queries.keys()])
      return [name, { name, file, zone: createZone(file.zone), compiled: rules, events }]
    }),
  )
  const outbound = outboundOf(sources)
  sources.keep()
  const feedOf = (name: string): Feed => {
    const feed = feeds.get(name)
    if (feed === undefined) throw new TypeError(`There is no feed "${name}"`)
    return feed
  }
  return {
    rules: sources.version,
    feeds: sources.feeds,
    outbound,
    events: eventsOf(compiled),
    eventsOf: (name) => feedOf(name).events,
    filesOf: (name) => sources.files(feedOf(name).file.overlays ?? []),
    queryOf: (name, event) => queryOf(feedOf(name), event),
    problems: [],
    accepts: (message, name = 'default') => rulesFor(feedOf(name).compiled, message) !== undefined,
    map: (message, name) => mapMessage({ message, feed: feedOf(name), version: sources.version }),
  }
}

/** One set of rules for each list of overlays that a feed names, the empty one included. */
function compileAll(sources: RuleSources): ReadonlyMap<string, CompiledRules> {
  return new Map([...listsOf(sources)].map(([id, list]) => [id, compileRules(sources.files(list))]))
}

function listsOf({ feeds, overlays }: RuleSources): ReadonlyMap<string, readonly string[]> {
  const lists = new Map([['', [] as readonly string[]]])
  for (const file of feeds.values()) lists.set(layersOf(file), file.overlays ?? [])
  for (const name of overlays) lists.set(name, [name])
  return lists
}

/** @throws RulesError */
function refuseUnknownElements(sources: RuleSources, elements: ElementTable): void {
  const problems = new Set(
    [...listsOf(sources).values()].flatMap((list) => elementProblems(sources.files(list), elements)),
  )
  if (problems.size > 0) throw new RulesError([...problems])
}

/** Each overlay is compiled at once, so that a wrong one is found before a destination names it; lists of several when they are first used. */
function outboundOf(sources: RuleSources): OutboundRules {
  const made = new Map<string, OutboundRules>()
  const laidOver = (overlays: readonly string[]): OutboundRules => {
    const key = overlays.join('+')
    const known = made.get(key) ?? { ...compiledOutbound(sources, overlays), laidOver }
    made.set(key, known)
    return known
  }
  for (const name of sources.overlays) laidOver([name])
  return laidOver([])
}

function compiledOutbound(
  sources: RuleSources,
  overlays: readonly string[],
): ReturnType<typeof compileOutbound> {
  try {
    return compileOutbound(sources.files(overlays))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    const where = overlays.length === 0 ? '' : `overlays/${overlays.join('+')}/`
    throw new RulesError([`${where}${error.message}`], { cause: error })
  }
}

function eventsOf(compiled: ReadonlyMap<string, CompiledRules>): ReadonlySet<string> {
  const events = new Set<string>()
  for (const { messages, queries } of compiled.values())
    for (const event of [...messages.keys(), ...queries.keys()]) events.add(event)
  return events
}

function layersOf({ overlays = [] }: FeedFile): string {
  return overlays.join('+')
}

interface Feed {
  readonly name: string
  readonly file: FeedFile
  readonly zone: Zone
  readonly compiled: CompiledRules
  readonly events: ReadonlySet<string>
}

function queryOf({ name, file, compiled }: Feed, event: string): FeedQuery | undefined {
  const rule = compiled.queries.get(event)
  if (rule === undefined) return undefined
  const names = new Map(Object.entries(file.assigners ?? {}).map(([called, system]) => [system, called]))
  return {
    rule,
    systemOf: (assigner) => systemOfAssigner(assigner, file) ?? file.noAssigner.replace('{feed}', name),
    nameOf: (system) => names.get(system),
  }
}

interface Job {
  readonly message: Message
  readonly feed: Feed
  readonly version: string
}

function mapMessage({ message, feed, version }: Job): Mapped {
  const { compiled } = feed
  const fields = new Fields(message.segments)
  const event = eventOf(compiled, message, fields)
  if (compiled.queries.has(event)) return nothing(feed, version)
  const rules = compiled.messages.get(event)
  if (rules === undefined)
    throw fault('unsupported', {
      code: 'not-supported',
      at: compiled.envelope.eventSource,
      text: 'There are no rules for this message type',
    })
  refuseFragments(compiled, message, fields)
  const root = rules.structure.arrange(message.segments)
  const scope = envelopeScope(root, fields)
  const zone = zoneOf(compiled.envelope.zone, scope, feed.zone)
  const { drafts, effects, warnings } = imagesOf({ compiled, rules, feed: { ...feed, zone }, root, fields })
  const subject = rules.partitions
    .map((key) => drafts.find((draft) => draft.key === key))
    .find((draft) => draft !== undefined)
  renamed(drafts, effects)
  const eventTime = timeOf(compiled.envelope.time, scope, zone)
  return {
    images: drafts.map(finish).map(marker(compiled, scope)),
    ...(effects.length > 0 && { effects }),
    partitions: partitionsOf(drafts, effects, subject) ?? [`feed|${feed.name}`],
    ...(eventTime !== undefined && { eventTime }),
    warnings: [...warnings, ...unreadWarnings(root, fields, rules)],
    rules: version,
  }
}

/** @throws Fault `unprocessable` for a message that is no whole */
function refuseFragments({ envelope }: CompiledRules, { segments }: Message, fields: Fields): void {
  const scope = envelopeScope({ name: 'message', segments: [...segments], inner: [] }, fields)
  for (const { at, text, condition } of envelope.refuse)
    if (condition.holds(scope)) throw fault('unprocessable', { code: 'structure', at, text })
}

/** What has another identity from now on is still found by the one of before. */
function renamed(drafts: readonly Draft[], effects: readonly Effect[]): void {
  for (const { kind, image, into } of effects) {
    const [before, now] = [image, into].map((key) => drafts.find((draft) => draft.key === key))
    if (kind === 'rename' && before && now) now.aliases = [...now.aliases, ...before.aliases]
  }
}

/** Of the subject, and of everything that an effect ties to it: sorted, so that two messages never wait for each other. */
function partitionsOf(
  drafts: readonly Draft[],
  effects: readonly Effect[],
  subject: Draft | undefined,
): readonly string[] | undefined {
  if (subject === undefined) return undefined
  const own = subject.aliases.map(aliasId)
  const two = effects.filter(({ kind }) => kind !== 'snapshot')
  if (two.length === 0) return own
  const keys = new Set(two.flatMap(({ image, into }) => [image, into]))
  const others = drafts.filter(({ key }) => keys.has(key)).flatMap(({ aliases }) => aliases.map(aliasId))
  return [...new Set([...own, ...others])].toSorted()
}

/** A query is answered when it comes; whoever replays it later changes nothing. */
function nothing({ name }: Feed, rules: string): Mapped {
  return { images: [], partitions: [`feed|${name}`], warnings: [], rules }
}

function rulesFor(compiled: CompiledRules, message: Message): CompiledMessage | undefined {
  return compiled.messages.get(eventOf(compiled, message, new Fields(message.segments)))
}

function eventOf({ envelope }: CompiledRules, message: Message, fields: Fields): string {
  const root: Occurrence = { name: 'message', segments: [...message.segments], inner: [] }
  const scope = envelopeScope(root, fields)
  return `${firstText(envelope.code, scope)}^${firstText(envelope.event, scope)}`
}

function envelopeScope(here: Occurrence, fields: Fields): Scope {
  const [segment = NO_SEGMENT] = here.segments
  return { fields, variables: {}, here, segment, node: undefined }
}

const NO_SEGMENT = new LazySegment('', 0, STANDARD_DELIMITERS)

/** What a message of a test system makes says so from the first version on. */
function marker({ envelope: { test } }: CompiledRules, scope: Scope): (image: Image) => Image {
  if (test === undefined || !test.values.includes(firstText(test.path, scope))) return (image) => image
  return (image) => {
    const marks = Object.keys(test.security).map((name) => ({
      element: `${image.type}.meta.security[0].${name}`,
      source: test.from,
      rule: 'envelope/test',
    }))
    return {
      ...image,
      resource: { meta: { security: [{ ...test.security }] }, ...image.resource },
      initial: [...(image.initial ?? []), 'meta'],
      trace: [...image.trace, ...marks],
    }
  }
}

function firstText(path: Path, scope: Scope): string {
  const [node] = findNodes(path, scope)
  return node === undefined ? '' : node.text.trim()
}

/** That of the feed, which knows when the clocks change, unless the message says that it is elsewhere. */
function zoneOf(path: Path | undefined, scope: Scope, zone: Zone): Zone {
  const stamp = path === undefined ? undefined : readTimeStamp(firstText(path, scope))
  if (stamp?.offset === undefined) return zone
  const own = fixedZone(stamp.offset)
  const localMs = Date.parse(`${stamp.date}T${stamp.time ?? '00:00:00'}Z`)
  return zone.offsetAt(localMs).minutes === own.offsetAt(localMs).minutes ? zone : own
}

/** The first time of the envelope that is exact to the minute. */
function timeOf(path: Path, scope: Scope, zone: Zone): number | undefined {
  const [node]: readonly (Node | undefined)[] = findNodes(path, scope)
  const stamp = node === undefined ? undefined : readTimeStamp(node.text.trim())
  return stamp?.time === undefined ? undefined : Date.parse(toDateTime(stamp, zone).value)
}
