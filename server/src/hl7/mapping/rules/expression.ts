import type { Node, Scope } from '../model/node.ts'
import { compilePath, fieldsOf, findNodes, type FieldName, type Path } from '../model/path.ts'
import { FORMS } from './text-forms.ts'

export interface Predicate {
  readonly holds: (scope: Scope) => boolean
  readonly fields: readonly FieldName[]
  readonly asks: Asked | undefined
}

/** What holds only where a path finds one of these texts; of several values at a path nothing is said. */
export interface Asked {
  readonly path: Path
  readonly texts: ReadonlySet<string>
}

/** What a part of an expression gives: texts (a path, a literal, a variable) or a truth. */
type Part =
  | {
      readonly kind: 'texts'
      readonly texts: (scope: Scope) => readonly string[]
      readonly path?: Path
      /** Of a literal. */
      readonly value?: string
    }
  | Test

interface Test {
  readonly kind: 'test'
  readonly holds: (scope: Scope) => boolean
  readonly asks: Asked | undefined
}

function test(holds: Test['holds'], asks?: Asked): Test {
  return { kind: 'test', holds, asks }
}

const TOKEN =
  /\s*(?:('(?:[^'\\]|\\.)*')|(\d+(?:\.\d+)?)|(%\w+)|(\$this(?:\[[<#]\])?(?:\.\d+)*|(?:[A-Z_]{4,}\.)?[A-Z][A-Z0-9]{1,2}(?:\[(?:[*<]|\d+!?=[\w,-]+)\])?(?:-\d+(?:\[\d+\])?)?(?:\.\d+)*)|(\.?[a-zA-Z]+)|(<=|>=|!=|[=<>(),|]))/y

/**
 * Compiles a condition: a small subset of FHIRPath over the values of a message (`mappings/README.md` lists it).
 *
 * @throws SyntaxError that quotes the expression
 */
export function compileCondition(text: string): Predicate {
  const parser: Parser = { text, tokens: tokenize(text), at: 0, fields: [] }
  const part = parseOr(parser)
  if (parser.at < parser.tokens.length) throw wrong(parser)
  return { holds: asTest(part), fields: parser.fields, asks: asksOf(part) }
}

interface Parser {
  readonly text: string
  readonly tokens: readonly string[]
  at: number
  readonly fields: FieldName[]
}

function tokenize(text: string): string[] {
  const tokens: string[] = []
  const trimmed = text.trimEnd()
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < trimmed.length) {
    const found = TOKEN.exec(trimmed)
    if (found === null) throw new SyntaxError(`"${text}" is not a condition`)
    tokens.push(found[0].trim())
  }
  return tokens
}

function parseOr(parser: Parser): Part {
  let left = parseAnd(parser)
  while (take(parser, 'or')) {
    const right = parseAnd(parser)
    const [a, b] = [asTest(left), asTest(right)]
    left = test((scope) => a(scope) || b(scope))
  }
  return left
}

function parseAnd(parser: Parser): Part {
  let left = parseComparison(parser)
  while (take(parser, 'and')) {
    const right = parseComparison(parser)
    const [a, b] = [asTest(left), asTest(right)]
    left = test((scope) => a(scope) && b(scope), asksOf(left) ?? asksOf(right))
  }
  return left
}

const NUMERIC: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
}

function parseComparison(parser: Parser): Part {
  const left = parsePostfix(parser)
  const operator = parser.tokens[parser.at] ?? ''
  if (!['=', '!=', 'in'].includes(operator) && !(operator in NUMERIC)) return left
  parser.at += 1
  const a = asTexts(left, parser)
  if (operator === 'in') return membership(left, a, parser)
  const right = parsePostfix(parser)
  const b = asTexts(right, parser)
  const compare = NUMERIC[operator]
  if (compare !== undefined)
    return test((scope) => compare(Number(a(scope)[0] ?? NaN), Number(b(scope)[0] ?? NaN)))
  const wanted = operator === '='
  const holds = (scope: Scope): boolean => areEqual(a(scope), b(scope)) === wanted
  const isLiteral = wanted && left.kind === 'texts' && right.kind === 'texts'
  return isLiteral && left.path && right.value !== undefined
    ? asking(left.path, new Set([right.value]), holds)
    : test(holds)
}

/** As in FHIRPath: nothing compared with something is no truth, neither for = nor for !=. */
function areEqual(one: readonly string[], two: readonly string[]): boolean | undefined {
  if (one.length === 0 || two.length === 0) return undefined
  return one.length === two.length && one.every((text, index) => text === two[index])
}

/** A path against literals: by far the most frequent comparison. @param holds when the path finds none or several */
function asking(path: Path, texts: ReadonlySet<string>, holds: Test['holds']): Test {
  const isOne = (scope: Scope): boolean => {
    const found = findNodes(path, scope)
    const node = found[0]
    return node !== undefined && found.length === 1 ? texts.has(node.text) && !node.isNull : holds(scope)
  }
  return { kind: 'test', holds: isOne, asks: { path, texts } }
}

function membership(left: Part, texts: (scope: Scope) => readonly string[], parser: Parser): Part {
  expect(parser, '(')
  const members = new Set<string>()
  do members.add(literal(parser))
  while (take(parser, ','))
  expect(parser, ')')
  const holds = (scope: Scope): boolean => texts(scope).some((text) => members.has(text))
  return left.kind === 'texts' && left.path ? asking(left.path, members, holds) : test(holds)
}

function parsePostfix(parser: Parser): Part {
  let part = parsePrimary(parser)
  while (parser.tokens[parser.at]?.startsWith('.') === true) {
    const name = (parser.tokens[parser.at] ?? '').slice(1)
    parser.at += 1
    expect(parser, '(')
    const argument = parser.tokens[parser.at] === ')' ? NOTHING : parsePrimary(parser)
    expect(parser, ')')
    part = invoke(part, { name, argument, parser })
  }
  return part
}

function invoke(
  part: Part,
  call: { readonly name: string; readonly argument: Part; readonly parser: Parser },
): Part {
  const { name, parser } = call
  const argument = asTexts(call.argument, parser)
  if (name === 'not') {
    const holds = asTest(part)
    return test((scope) => !holds(scope))
  }
  const texts = asTexts(part, parser)
  const first = (scope: Scope): string => texts(scope)[0] ?? ''
  const compared = (holds: (text: string, other: string) => boolean): Test =>
    test((scope) => {
      const [text, other] = [texts(scope)[0], argument(scope)[0]]
      return text !== undefined && other !== undefined && holds(text, other)
    })
  const path = part.kind === 'texts' ? part.path : undefined
  switch (name) {
    case 'exists':
      return test(existence(path, texts))
    case 'empty': {
      const exists = existence(path, texts)
      return test((scope) => !exists(scope))
    }
    case 'startsWith':
      return compared((text, other) => text.startsWith(other))
    case 'contains':
      return compared((text, other) => text.includes(other))
    default: {
      const isOfForm = FORMS[name]
      if (isOfForm !== undefined)
        return test((scope) => isOfForm(first(scope)) || (scope.asksOfNull === true && isNullAt(path, scope)))
      const change = CHANGES[name]
      if (change === undefined)
        throw new SyntaxError(`"${name}" is no function of conditions, in "${parser.text}"`)
      return { kind: 'texts', texts: (scope) => change(texts(scope)) }
    }
  }
}

/** Functions that make texts of texts. */
const CHANGES: Readonly<Record<string, (texts: readonly string[]) => readonly string[]>> = {
  count: (texts) => [String(texts.length)],
  length: (texts) => texts.map((text) => String(text.length)),
  trim: (texts) => texts.flatMap((text) => text.trim() || []),
}

function isNullAt(path: Path | undefined, scope: Scope): boolean {
  const nodes = path === undefined ? [] : findNodes(path, scope)
  return nodes.length > 0 && nodes.every((node) => node.isNull)
}

function existence(
  path: Path | undefined,
  texts: (scope: Scope) => readonly string[],
): (scope: Scope) => boolean {
  if (path === undefined) return (scope) => texts(scope).length > 0
  return (scope) => {
    for (const node of findNodes(path, scope)) if (!node.isNull) return true
    return false
  }
}

function parsePrimary(parser: Parser): Part {
  if (take(parser, '(')) {
    const inner = parseOr(parser)
    expect(parser, ')')
    return inner
  }
  const token = parser.tokens[parser.at] ?? ''
  if (/^['\d]/.test(token)) {
    const value = [literal(parser)]
    return { kind: 'texts', texts: () => value, value: value[0] ?? '' }
  }
  parser.at += 1
  if (token.startsWith('%')) {
    const name = token.slice(1)
    return {
      kind: 'texts',
      texts: ({ variables }) => (variables[name] ? [variables[name]] : []),
    }
  }
  if (!/^[$A-Z]/.test(token)) throw wrong(parser)
  let source = token
  while (take(parser, '|')) source += `|${parser.tokens[parser.at++] ?? ''}`
  const path = compilePath(source)
  parser.fields.push(...fieldsOf(path))
  return {
    kind: 'texts',
    texts: (scope) => textsOf(findNodes(path, scope)),
    path,
  }
}

const NO_TEXTS: readonly string[] = []
const NOTHING: Part = { kind: 'texts', texts: () => NO_TEXTS }

function textsOf(nodes: readonly Node[]): readonly string[] {
  const only = nodes[0]
  if (only === undefined) return NO_TEXTS
  if (nodes.length === 1) return only.isNull ? NO_TEXTS : [only.text]
  return nodes.flatMap((node) => (node.isNull ? [] : node.text))
}

function literal(parser: Parser): string {
  const token = parser.tokens[parser.at] ?? ''
  parser.at += 1
  if (/^\d/.test(token)) return token
  if (!token.startsWith("'")) throw wrong(parser)
  return token.slice(1, -1).replaceAll(/\\(.)/g, '$1')
}

function take(parser: Parser, token: string): boolean {
  if (parser.tokens[parser.at] !== token) return false
  parser.at += 1
  return true
}

function expect(parser: Parser, token: string): void {
  if (!take(parser, token)) throw wrong(parser)
}

function asksOf(part: Part): Asked | undefined {
  return part.kind === 'test' ? part.asks : undefined
}

/** Texts stand for "there is one", as in FHIRPath. */
function asTest(part: Part): (scope: Scope) => boolean {
  return part.kind === 'test' ? part.holds : (scope) => part.texts(scope).length > 0
}

function asTexts(part: Part, parser: Parser): (scope: Scope) => readonly string[] {
  if (part.kind === 'test') throw wrong(parser)
  return part.texts
}

function wrong(parser: Parser): SyntaxError {
  return new SyntaxError(`"${parser.text}" is not a condition, at token ${parser.at + 1}`)
}
