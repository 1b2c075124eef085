/** A value of an expected outcome that we do not have. */
export interface Unmet {
  readonly peer: string
  /** `ADT^A01` */
  readonly type: string
  /** `Patient.name.family`, of a message `PID-5.1`. */
  readonly path: string
  readonly value: string
  /** The resources that hold it, each with all of its values (`path=value`). */
  readonly holders?: readonly (readonly string[])[]
}

export type Kind = 'decided' | 'peer' | 'open'

export interface Decisions {
  /** The kind of the first pattern that covers the value, which is counted there; `undefined` when none does. */
  kindOf(unmet: Unmet): Kind | undefined
  /** Each pattern as it is written, with its hits. */
  hits(): readonly { readonly pattern: string; readonly kind: Kind; readonly hits: number }[]
}

/**
 * Reads the rows `| peer | messages | values | kind | why |` of `DECISIONS.md` below a heading. Values are patterns `path` or `path=value` in
 * backticks; `*` stands for anything, a path for all below it. `Type[path=value]` is a whole resource that holds such a value.
 */
export function readDecisions(text: string, heading: string): Decisions {
  const [, section = ''] = text.split(`## ${heading}\n`)
  const patterns = (section.split(/^## /m)[0] ?? '').split('\n').flatMap(patternsOf)
  return {
    kindOf(unmet) {
      const found = patterns.find((pattern) => pattern.covers(unmet))
      if (found !== undefined) found.hits += 1
      return found?.kind
    },
    hits: () => patterns.map(({ pattern, kind, hits }) => ({ pattern, kind, hits })),
  }
}

interface Pattern {
  readonly pattern: string
  readonly kind: Kind
  readonly covers: (unmet: Unmet) => boolean
  hits: number
}

function patternsOf(line: string): readonly Pattern[] {
  const [, peers = '', messages = '', values = '', kind = '', why = ''] = line
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim())
  if (!isKind(kind)) return []
  if (why.length < 10) throw new SyntaxError(`A decision needs a reason: ${line}`)
  const [isPeer, isMessage] = [matcherOf(peers), matcherOf(messages)]
  return [...values.matchAll(/`([^`]+)`/g)].map(([, text = '']) => {
    const isValue = text.includes('[') ? holderMatcher(text) : valueMatcher(text)
    return {
      pattern: `${peers} ${messages} ${text}`,
      kind,
      covers: (unmet) => isPeer(unmet.peer) && isMessage(unmet.type) && isValue(unmet),
      hits: 0,
    }
  })
}

function valueMatcher(text: string): (unmet: Unmet) => boolean {
  const [path = '', value] = text.split(/=(.*)/s)
  const [isPath, isValue] = [globOf(path, true), value === undefined ? undefined : globOf(value, false)]
  return (unmet) => isPath.test(unmet.path) && isValue?.test(unmet.value) !== false
}

/** Every resource that holds the value must be one of those. */
function holderMatcher(text: string): (unmet: Unmet) => boolean {
  const [, type = '', inner = ''] = /^(\w+)\[(.*)\]$/.exec(text) ?? []
  const isLeaf = globOf(`${type}.${inner}`, false)
  return ({ holders = [] }) =>
    holders.length > 0 && holders.every((leaves) => leaves.some((leaf) => isLeaf.test(leaf)))
}

function isKind(text: string): text is Kind {
  return text === 'decided' || text === 'peer' || text === 'open'
}

/** `any`, or names with `*`, one of which the text begins with. */
function matcherOf(cell: string): (text: string) => boolean {
  if (cell === 'any') return () => true
  const globs = cell.split(/,\s*/).map((name) => globOf(`${name}*`, false))
  return (text) => globs.some((glob) => glob.test(text))
}

function globOf(text: string, isPath: boolean): RegExp {
  const escaped = text.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')
  return new RegExp(`^${escaped}${isPath ? '(?:\\..*)?' : ''}$`, 's')
}
