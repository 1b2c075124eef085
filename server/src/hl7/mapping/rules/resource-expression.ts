import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import { plainText } from '../values/quantity-words.ts'
import { samplesOf } from '../values/sampled-data.ts'

/** What an expression about a resource can see. */
export interface View {
  readonly focus: JsonValue
  /** `%previous`, `%resource`, …: absent ones are empty. */
  readonly variables: Readonly<Record<string, JsonValue | undefined>>
}

export type ResourceExpression = (view: View) => readonly JsonValue[]

const TOKEN = /\s*('(?:[^'\\]|\\.)*'|\d+|%\w+|\$this|[A-Za-z_]\w*|!=|[=.()[\],|&])/y

/**
 * Compiles an expression over a resource, a small subset of FHIRPath: paths, `[0]`, `where(…)`, `first()`, `exists()`, `empty()`, `not()`,
 * `skip(1)`, `join(', ')`, `distinct()`, `sort(…)` by the numbers of a path, `samples()` of a SampledData, `convertsToInteger()`, `startsWith('…')`, `contains('…')`, `=`, `!=`, `in ('…', '…')`, `in` a path, `and`, `or`, `&` of texts, `|` (the first that has a value) and `%variables`.
 *
 * @throws SyntaxError that quotes it
 */
export function compileResourceExpression(text: string): ResourceExpression {
  const parser: Parser = { text, tokens: tokenize(text), at: 0 }
  const expression = parseOr(parser)
  if (parser.at < parser.tokens.length) throw wrong(parser)
  return expression
}

/** Nothing, or anything but `false`. */
export function isTrue(found: readonly JsonValue[]): boolean {
  return found.length > 0 && found[0] !== false
}

interface Parser {
  readonly text: string
  readonly tokens: readonly string[]
  at: number
}

function tokenize(text: string): string[] {
  const tokens: string[] = []
  const trimmed = text.trimEnd()
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < trimmed.length) {
    const found = TOKEN.exec(trimmed)?.[1]
    if (found === undefined) throw new SyntaxError(`"${text}" is no expression`)
    tokens.push(found)
  }
  return tokens
}

function parseOr(parser: Parser): ResourceExpression {
  let left = parseAnd(parser)
  while (take(parser, 'or')) {
    const [a, b] = [left, parseAnd(parser)]
    left = (view) => [isTrue(a(view)) || isTrue(b(view))]
  }
  return left
}

function parseAnd(parser: Parser): ResourceExpression {
  let left = parseComparison(parser)
  while (take(parser, 'and')) {
    const [a, b] = [left, parseComparison(parser)]
    left = (view) => [isTrue(a(view)) && isTrue(b(view))]
  }
  return left
}

function parseComparison(parser: Parser): ResourceExpression {
  const left = parseUnion(parser)
  for (const [sign, wanted] of [
    ['=', true],
    ['!=', false],
  ] as const) {
    if (!take(parser, sign)) continue
    const right = parseUnion(parser)
    return (view) => {
      const [a, b] = [left(view), right(view)]
      return a.length === 0 || b.length === 0 ? [] : [(a[0] === b[0]) === wanted]
    }
  }
  return take(parser, 'in') ? membership(left, parser) : left
}

function membership(left: ResourceExpression, parser: Parser): ResourceExpression {
  if (!take(parser, '(')) {
    const right = parsePath(parser)
    return (view) => {
      const members = right(view)
      return [left(view).some((one) => members.includes(one))]
    }
  }
  const members = new Set<string>()
  do members.add(literal(next(parser), parser))
  while (take(parser, ','))
  expect(parser, ')')
  return (view) => [left(view).some((one) => typeof one === 'string' && members.has(one))]
}

function parseUnion(parser: Parser): ResourceExpression {
  const parts = [parseConcatenation(parser)]
  while (take(parser, '|')) parts.push(parseConcatenation(parser))
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return only
  return (view) => {
    for (const part of parts) {
      const found = part(view)
      if (found.length > 0) return found
    }
    return []
  }
}

/** What is not there is an empty text. */
function parseConcatenation(parser: Parser): ResourceExpression {
  const parts = [parsePath(parser)]
  while (take(parser, '&')) parts.push(parsePath(parser))
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return only
  return (view) => [parts.map((part) => plainText(part(view)[0] ?? '')).join('')]
}

function parsePath(parser: Parser): ResourceExpression {
  let path = parsePrimary(parser)
  for (;;) {
    const before = path
    if (take(parser, '[')) {
      const index = Number(next(parser))
      expect(parser, ']')
      path = (view) => before(view).slice(index, index + 1)
    } else if (take(parser, '.')) path = parseStep(before, next(parser), parser)
    else return path
  }
}

function parsePrimary(parser: Parser): ResourceExpression {
  if (take(parser, '(')) {
    const inner = parseOr(parser)
    expect(parser, ')')
    return inner
  }
  const token = next(parser)
  if (token.startsWith("'")) {
    const text = literal(token, parser)
    return () => [text]
  }
  if (token === '$this') return ({ focus }) => [focus]
  if (token.startsWith('%')) return ({ variables }) => listOf(variables[token.slice(1)])
  if (token === 'true' || token === 'false') return () => [token === 'true']
  if (/^\d+$/.test(token)) return () => [Number(token)]
  return parseStep(({ focus }) => [focus], token, parser)
}

function parseStep(before: ResourceExpression, name: string, parser: Parser): ResourceExpression {
  if (!/^[A-Za-z_]\w*$/.test(name)) throw wrong(parser)
  if (!take(parser, '(')) return (view) => before(view).flatMap((one) => childrenOf(one, name))
  if (take(parser, ')')) return simple(before, name, parser)
  const argument = parseOr(parser)
  expect(parser, ')')
  if (name === 'where') return (view) => before(view).filter((focus) => isTrue(argument({ ...view, focus })))
  if (name === 'sort')
    return (view) => sorted(before(view), (focus) => Number(argument({ ...view, focus })[0]))
  if (name === 'skip') return (view) => before(view).slice(Number(argument(view)[0]))
  if (name === 'join') return (view) => joined(before(view), argument(view))
  const test = TEXT_TESTS[name]
  if (test === undefined) throw wrong(parser)
  return (view) => {
    const [text] = before(view)
    const [part] = argument(view)
    return typeof text === 'string' && typeof part === 'string' ? [test(text, part)] : []
  }
}

/** Those without a number stay where they are. */
function sorted(values: readonly JsonValue[], numberOf: (value: JsonValue) => number): readonly JsonValue[] {
  return values.toSorted((a, b) => numberOf(a) - numberOf(b) || 0)
}

function distinct(values: readonly JsonValue[]): readonly JsonValue[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()]
}

function isInteger(value: JsonValue): boolean {
  return Number.isInteger(value) || (typeof value === 'string' && /^[+-]?\d{1,15}$/.test(value))
}

function joined(parts: readonly JsonValue[], [between = '']: readonly JsonValue[]): readonly string[] {
  const texts = parts.filter((part) => typeof part === 'string')
  return texts.length === 0 ? [] : [texts.join(between as string)]
}

const TEXT_TESTS: Readonly<Record<string, (text: string, part: string) => boolean>> = {
  startsWith: (text, start) => text.startsWith(start),
  contains: (text, part) => text.includes(part),
}

function simple(before: ResourceExpression, name: string, parser: Parser): ResourceExpression {
  switch (name) {
    case 'exists':
      return (view) => [before(view).length > 0]
    case 'empty':
      return (view) => [before(view).length === 0]
    case 'not':
      return (view) => [!isTrue(before(view))]
    case 'convertsToInteger':
      return (view) => before(view).map(isInteger)
    case 'distinct':
      return (view) => distinct(before(view))
    case 'samples':
      return (view) => before(view).flatMap(samplesOf)
    case 'first':
      return (view) => before(view).slice(0, 1)
    default:
      throw wrong(parser)
  }
}

function childrenOf(value: JsonValue, name: string): readonly JsonValue[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return listOf((value as JsonObject)[name])
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [value]
}

function next(parser: Parser): string {
  const token = parser.tokens[parser.at]
  if (token === undefined) throw wrong(parser)
  parser.at += 1
  return token
}

function literal(token: string, parser: Parser): string {
  if (!token.startsWith("'")) throw wrong(parser)
  return token.slice(1, -1).replaceAll(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter))
}

function take(parser: Parser, token: string): boolean {
  if (parser.tokens[parser.at] !== token) return false
  parser.at += 1
  return true
}

function expect(parser: Parser, token: string): void {
  if (!take(parser, token)) throw wrong(parser)
}

function wrong({ text, at }: Parser): SyntaxError {
  return new SyntaxError(`"${text}" is no expression, at token ${at + 1}`)
}
