import { calendarWord } from '../validation/quantities.ts'
import { DefinitionError } from './definition-error.ts'
import { checkArguments } from './fhirpath-arguments.ts'
import { fhirPathTokens, type Token } from './fhirpath-lexer.ts'

/** Of a literal whose value does not show it. */
type LiteralType = 'date' | 'dateTime' | 'time' | 'decimal'

/** The part of FHIRPath that SearchParameters and invariants of R4 are written in. */
export type PathNode =
  | { readonly kind: 'literal'; readonly value: string | number | boolean; readonly type?: LiteralType }
  | { readonly kind: 'quantity'; readonly value: number; readonly unit: string }
  | { readonly kind: 'empty' }
  | { readonly kind: 'this' }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'member'; readonly on?: PathNode; readonly name: string }
  | {
      readonly kind: 'call'
      readonly on?: PathNode
      readonly name: string
      readonly args: readonly PathNode[]
    }
  | { readonly kind: 'index'; readonly on: PathNode; readonly at: number }
  | { readonly kind: 'binary'; readonly op: string; readonly left: PathNode; readonly right: PathNode }

/** From weakest to strongest; see FHIRPath, "Precedence". `is` and `as` become calls. */
const LEVELS: readonly (readonly string[])[] = [
  ['implies'],
  ['or', 'xor'],
  ['and'],
  ['in', 'contains'],
  ['=', '!=', '~', '!~'],
  ['<', '<=', '>', '>='],
  ['|'],
  ['is', 'as'],
  ['+', '-', '&'],
  ['*', '/', 'div', 'mod'],
]

interface Reader {
  readonly text: string
  readonly tokens: readonly Token[]
  next: number
  /** Parentheses that are open. */
  depth: number
}

/** @throws DefinitionError with the position, when the text is no expression of the supported part. */
export function parseFhirPath(text: string): PathNode {
  const reader: Reader = { text, tokens: fhirPathTokens(text), next: 0, depth: 0 }
  const node = binary(reader, 0)
  if (peek(reader).kind !== 'end') throw unexpected(reader)
  return node
}

const DEPTH_MOST = 50

/** What stands in parentheses. */
function nested(reader: Reader): PathNode {
  reader.depth++
  if (reader.depth > DEPTH_MOST) throw new DefinitionError('FHIRPath: too many parentheses in one another')
  const node = binary(reader, 0)
  reader.depth--
  return node
}

function binary(reader: Reader, level: number): PathNode {
  const operators = LEVELS[level]
  if (!operators) return signed(reader)
  let left = binary(reader, level + 1)
  for (;;) {
    const { kind, text } = peek(reader)
    if ((kind !== 'symbol' && kind !== 'name') || !operators.includes(text)) return left
    reader.next++
    const right = binary(reader, level + 1)
    left =
      text === 'is' || text === 'as'
        ? { kind: 'call', on: left, name: text, args: [right] }
        : { kind: 'binary', op: text, left, right }
  }
}

/** `-1`, `-(a + b)` */
function signed(reader: Reader): PathNode {
  const isNegative = took(reader, '-')
  if (!isNegative) took(reader, '+')
  const node = postfix(reader)
  if (!isNegative) return node
  if (node.kind === 'quantity') return { ...node, value: -node.value }
  return { kind: 'binary', op: '-', left: { kind: 'literal', value: 0 }, right: node }
}

function postfix(reader: Reader): PathNode {
  let node = term(reader)
  for (;;) {
    if (took(reader, '.')) {
      node = invocation(reader, isModel(node, peek(reader)) ? undefined : node)
    } else if (took(reader, '[')) {
      const at = peek(reader)
      if (at.kind !== 'number') throw unexpected(reader)
      reader.next++
      expect(reader, ']')
      node = { kind: 'index', on: node, at: Number(at.text) }
    } else {
      return node
    }
  }
}

/** `FHIR.Patient` is the type `Patient`. */
function isModel(node: PathNode, { kind, text }: Token): boolean {
  const isNamed = node.kind === 'member' && !node.on && node.name === 'FHIR'
  return isNamed && kind === 'name' && /^[A-Z]/.test(text)
}

function term(reader: Reader): PathNode {
  const token = peek(reader)
  if (token.kind === 'name' && (token.text === 'true' || token.text === 'false')) {
    reader.next++
    return { kind: 'literal', value: token.text === 'true' }
  }
  if (token.kind === 'name') return invocation(reader, undefined)
  if (took(reader, '(')) {
    const inner = nested(reader)
    expect(reader, ')')
    return inner
  }
  if (took(reader, '{')) {
    expect(reader, '}')
    return { kind: 'empty' }
  }
  reader.next++
  const value = valueOf(reader, token)
  if (value) return value
  reader.next--
  throw unexpected(reader)
}

function valueOf(reader: Reader, { kind, text }: Token): PathNode | undefined {
  switch (kind) {
    case 'string':
      return { kind: 'literal', value: text }
    case 'date':
    case 'dateTime':
    case 'time':
      return { kind: 'literal', value: text, type: kind }
    case 'number':
      return number(reader, text)
    case 'variable':
      return variable(text)
    case 'this':
      return { kind: 'this' }
    case 'name':
    case 'symbol':
    case 'end':
    default:
      return undefined
  }
}

const CONSTANTS: ReadonlyMap<string, string> = new Map([
  ['loinc', 'http://loinc.org'],
  ['sct', 'http://snomed.info/sct'],
  ['ucum', 'http://unitsofmeasure.org'],
])
const PREFIXES: readonly (readonly [prefix: string, base: string])[] = [
  ['ext-', 'http://hl7.org/fhir/StructureDefinition/'],
  ['vs-', 'http://hl7.org/fhir/ValueSet/'],
]

/** Some are short for an address. @see FHIR R4, "FHIRPath", variables */
function variable(name: string): PathNode {
  const [prefix = '', base = ''] = PREFIXES.find(([each]) => name.startsWith(each)) ?? []
  const value = CONSTANTS.get(name) ?? (base && base + name.slice(prefix.length))
  return value === '' ? { kind: 'variable', name } : { kind: 'literal', value }
}

/** Alone, or with a unit: `4 'mg'`, `7 days`. */
function number(reader: Reader, digits: string): PathNode {
  const { kind, text } = peek(reader)
  const value = Number(digits)
  if (kind !== 'string' && !(kind === 'name' && calendarWord(text) !== undefined))
    return { kind: 'literal', value, ...(digits.includes('.') ? { type: 'decimal' } : {}) }
  reader.next++
  return { kind: 'quantity', value, unit: text }
}

function invocation(reader: Reader, on: PathNode | undefined): PathNode {
  const { kind, text: name } = peek(reader)
  if (kind === 'this' && on) throw unexpected(reader)
  if (kind !== 'name') throw unexpected(reader)
  reader.next++
  const target = on ? { on } : {}
  if (!took(reader, '(')) return { kind: 'member', name, ...target }
  const args: PathNode[] = []
  if (!took(reader, ')')) {
    do args.push(nested(reader))
    while (took(reader, ','))
    expect(reader, ')')
  }
  checkArguments(name, args.length)
  return { kind: 'call', name, args, ...target }
}

function peek(reader: Reader): Token {
  const token = reader.tokens[reader.next]
  if (!token) throw new DefinitionError(`FHIRPath: unexpected end of ${reader.text}`)
  return token
}

function took(reader: Reader, symbol: string): boolean {
  const { kind, text } = peek(reader)
  if (kind !== 'symbol' || text !== symbol) return false
  reader.next++
  return true
}

function expect(reader: Reader, symbol: string): void {
  if (!took(reader, symbol)) throw unexpected(reader)
}

function unexpected(reader: Reader): Error {
  const { text, at } = peek(reader)
  return new DefinitionError(`FHIRPath: unexpected "${text}" at ${at + 1} of ${reader.text}`)
}
