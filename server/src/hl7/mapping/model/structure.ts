import type { Segment } from '../../message/message.ts'

/** One part of a message structure: a segment, or a named bracket of parts. */
interface Part {
  readonly name: string
  readonly isRequired: boolean
  readonly repeats: boolean
  /** Only of a bracket. */
  readonly parts?: readonly Part[]
  /** Segments that may open it: up to and with the first that is required. */
  readonly openers: ReadonlySet<string>
  /** Those of them that begin another occurrence: a comment or participant that may come often belongs to the one that is being read. */
  readonly starters: ReadonlySet<string>
  /** Every segment that it may hold, at any depth. */
  readonly inside: ReadonlySet<string>
}

/** A bracket of the structure as it occurs in a message. */
export interface Occurrence {
  readonly name: string
  readonly parent?: Occurrence | undefined
  readonly segments: Segment[]
  readonly inner: Occurrence[]
}

export interface Structure {
  /** Arranges segments; what fits nowhere joins the bracket where the reading stands. */
  arrange(segments: readonly Segment[]): Occurrence
  /** Names of all brackets, the root (`message`) included. */
  readonly brackets: ReadonlySet<string>
  /** The bracket itself has the segment, not only a bracket inside it; so does every bracket of a segment that the structure does not name. */
  holds(bracket: string, segment: string): boolean
  /** Names of the bracket and of all inside it. */
  within(bracket: string): readonly string[]
  /** Every message has the bracket: neither it nor one around it may be left out. */
  demands(bracket: string): boolean
}

/**
 * Compiles the abstract syntax of the standard: `A [B] {C} [{D}]`, brackets that hold several segments carry a name: `{ RESULT: E [{F}] }`.
 * Reading is tolerant: missing parts are skipped, a segment out of order joins the nearest bracket that knows it, one whose bracket lacks its
 * first segment opens it all the same.
 *
 * @throws SyntaxError with the place
 */
export function compileStructure(text: string): Structure {
  const tokens = text.match(/[[\]{}]|[A-Z][A-Z0-9_]*:?|\S/g) ?? []
  const reader = { tokens, at: 0 }
  const root = bracket('message', readParts(reader, undefined))
  const own = new Map<string, Set<string>>()
  collect(root, own)
  const demanded = new Set(demandedIn(root))
  const brackets = new Map(bracketsIn(root).map((part) => [part.name, part]))
  return {
    brackets: new Set(own.keys()),
    within: (name) => bracketsIn(brackets.get(name) ?? root).map((part) => part.name),
    demands: (name) => demanded.has(name),
    holds: (name, segment) =>
      own.get(name)?.has(segment) === true || ![...own.values()].some((one) => one.has(segment)),
    arrange: (segments) => arrange(root, segments),
  }
}

interface Reader {
  readonly tokens: readonly string[]
  at: number
}

function readParts(reader: Reader, end: string | undefined): Part[] {
  const parts: Part[] = []
  for (;;) {
    const token = reader.tokens[reader.at]
    reader.at += 1
    if (token === end) return parts
    if (token === '[' || token === '{') parts.push(readBracket(reader, token))
    else if (token !== undefined && /^[A-Z][A-Z0-9]{2}$/.test(token)) parts.push(single(token))
    else throw new SyntaxError(`"${token ?? 'end'}" is not expected at token ${reader.at} of the structure`)
  }
}

/** `[X]`, `{X}`, `[{X}]`, `{[X]}` and `{ NAME: X Y }`. */
function readBracket(reader: Reader, sign: '[' | '{'): Part {
  const close = sign === '[' ? ']' : '}'
  const named = reader.tokens[reader.at]?.endsWith(':') === true
  const name = named ? (reader.tokens[reader.at]?.slice(0, -1) ?? '') : ''
  if (named) reader.at += 1
  const parts = readParts(reader, close)
  const [only] = parts
  const change = sign === '[' ? { isRequired: false } : { repeats: true }
  if (named) return { ...bracket(name, parts), ...change }
  if (only === undefined || parts.length > 1) throw new SyntaxError('A bracket of several parts needs a name')
  return { ...only, ...change }
}

function single(name: string): Part {
  const itself = new Set([name])
  return { name, isRequired: true, repeats: false, openers: itself, starters: itself, inside: itself }
}

function bracket(name: string, parts: readonly Part[]): Part {
  const first = parts.findIndex((part) => part.isRequired)
  const opening = first === -1 ? parts : parts.slice(0, first + 1)
  const leading = opening.filter((part) => part.isRequired || !part.repeats)
  const openers = union(opening.map((part) => part.openers))
  const starters = leading.length === 0 ? openers : union(leading.map((part) => part.starters))
  const inside = union(parts.map((part) => part.inside))
  return { name, isRequired: true, repeats: false, parts, openers, starters, inside }
}

function union(sets: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  const all = new Set<string>()
  for (const one of sets) for (const name of one) all.add(name)
  return all
}

function bracketsIn(part: Part): readonly Part[] {
  return part.parts === undefined ? [] : [part, ...part.parts.flatMap(bracketsIn)]
}

function demandedIn({ name, parts = [] }: Part): readonly string[] {
  const inner = parts.filter((part) => part.parts !== undefined && part.isRequired)
  return [name, ...inner.flatMap(demandedIn)]
}

function collect(part: Part, own: Map<string, Set<string>>): void {
  if (part.parts === undefined) return
  const segments = own.get(part.name) ?? new Set()
  own.set(part.name, segments)
  for (const inner of part.parts) {
    if (inner.parts === undefined) segments.add(inner.name)
    collect(inner, own)
  }
}

/** A bracket that is being read: the part that it has reached. */
interface Level {
  readonly part: Part
  readonly occurrence: Occurrence
  readonly above: Level | undefined
  at: number
  /** The bracket that was opened last. */
  inner?: Part
  /** Opened without its first segment, which may still come. */
  isHeadless: boolean
}

function arrange(root: Part, segments: readonly Segment[]): Occurrence {
  let level = open(root, undefined)
  const top = level.occurrence
  for (const segment of segments) {
    level = advance(level, segment.name) ?? strays(level, segment.name)
    level.occurrence.segments.push(segment)
  }
  return top
}

function open(part: Part, above: Level | undefined): Level {
  const parent = above?.occurrence
  const occurrence: Occurrence = { name: part.name, parent, segments: [], inner: [] }
  parent?.inner.push(occurrence)
  return { part, occurrence, above, at: 0, isHeadless: false }
}

/** The level that takes the segment when the structure is read on from `level`; inner brackets come before outer ones. */
function advance(level: Level, name: string): Level | undefined {
  for (let here: Level | undefined = level; here !== undefined; here = here.above) {
    const forward = enter(here, name)
    if (forward !== undefined) return forward
    if (here.isHeadless && here.part.openers.has(name)) return headed(here, name)
    if (here.part.repeats && here.part.starters.has(name)) return enter(open(here.part, here.above), name)
  }
  return undefined
}

/** What should have come first comes behind: it is of the same occurrence. */
function headed(level: Level, name: string): Level | undefined {
  level.isHeadless = false
  level.at = 0
  return enter(level, name)
}

/** Looks for the segment from the reached part on, down into brackets that it may open. */
function enter(level: Level, name: string): Level | undefined {
  const parts = level.part.parts ?? []
  for (let at = level.at; at < parts.length; at++) {
    const part = parts[at]
    if (part === undefined || !(part === level.inner ? part.starters : part.openers).has(name)) continue
    if (part.parts !== undefined) {
      level.at = part.repeats ? at : at + 1
      level.inner = part
      return enter(open(part, level), name)
    }
    level.at = part.repeats ? at : at + 1
    return level
  }
  return undefined
}

/**
 * A segment out of order: the nearest level that has it among its own parts or opens a bracket with it, whether that was passed already or not;
 * else a bracket ahead that lacks its first segment; else where the reading stands.
 */
function strays(level: Level, name: string): Level {
  for (let here: Level | undefined = level; here !== undefined; here = here.above) {
    const parts = here.part.parts?.filter((part) => part.openers.has(name)) ?? []
    if (parts.some((part) => part.parts === undefined)) return here
    const [part] = parts
    if (part !== undefined) return enter(open(part, here), name) ?? level
  }
  let reading: Part | undefined
  for (let here: Level | undefined = level; here !== undefined; here = here.above) {
    const inner = reach(here, name, reading)
    if (inner !== undefined) return inner
    reading = here.part
  }
  return level
}

/** The bracket ahead that holds the segment, at whatever depth, opened without what should stand before it; not another one of `reading`. */
function reach(level: Level, name: string, reading?: Part): Level | undefined {
  const parts = level.part.parts ?? []
  const at = parts.findIndex((part, place) => place >= level.at && part !== reading && part.inside.has(name))
  const part = parts[at]
  if (part === undefined) return undefined
  level.at = part.repeats ? at : at + 1
  if (part.parts === undefined) return level
  const inner = { ...open(part, level), isHeadless: true }
  return enter(inner, name) ?? reach(inner, name)
}
