import { fault } from '../../kernel/fault.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'

type Collection = readonly JsonValue[]
type Evaluate = (input: Collection) => Collection

/**
 * Compiles the part of FHIRPath that topics are written in: paths (a choice element by its short name), texts in single quotes, `|`, `in`,
 * `=`, `!=`, `and`, `or`, brackets, `where()`, `exists()`, `empty()`, `not()`.
 *
 * @returns gives the collection for a resource
 * @throws Fault `unprocessable` that names what could not be read
 * @see FHIRPath 2.0
 */
export function compileCriteria(text: string): (resource: JsonObject) => Collection {
  const parser = createParser(text)
  const evaluate = parser.expression()
  parser.end()
  return (resource) => evaluate([resource])
}

/** A criterion holds when its collection is the single `true`; empty means no. */
export function holds(collection: Collection): boolean {
  return collection.length === 1 && collection[0] === true
}

const TOKEN = /\s*(?:'([^']*)'|([A-Za-z_]\w*)|(!=|[.|()=]))/y

interface Token {
  readonly kind: 'text' | 'word' | 'sign' | 'end'
  readonly value: string
}

interface Parser {
  expression(): Evaluate
  end(): void
}

function createParser(source: string): Parser {
  const tokens = tokensOf(source)
  let place = 0
  const peek = (): Token => tokens[place] ?? { kind: 'end', value: '' }
  const accept = (value: string): boolean => {
    const found = peek().kind !== 'text' && peek().value === value
    if (found) place += 1
    return found
  }
  const expect = (value: string): void => {
    if (!accept(value)) throw unreadable(source, value)
  }
  const primary = (): Evaluate => {
    const { kind, value } = peek()
    if (kind === 'sign' && value === '(') {
      place += 1
      const inner = expression()
      expect(')')
      return inner
    }
    if (kind !== 'text' && kind !== 'word') throw unreadable(source, value)
    place += 1
    return kind === 'text' ? () => [value] : invocation(value, (input) => input)
  }
  const invocation = (name: string, on: Evaluate): Evaluate => {
    if (!accept('(')) return (input) => on(input).flatMap((item) => childrenOf(item, name))
    const condition = name === 'where' ? expression() : undefined
    expect(')')
    const apply = condition ? where(condition) : FUNCTIONS.get(name)
    if (!apply) throw unreadable(source, `${name}()`)
    return (input) => apply(on(input))
  }
  const path = (): Evaluate => {
    let evaluate = primary()
    while (accept('.')) {
      const { kind, value } = peek()
      if (kind !== 'word') throw unreadable(source, value)
      place += 1
      evaluate = invocation(value, evaluate)
    }
    return evaluate
  }
  const binary = (operators: ReadonlyMap<string, Operator>, operand: () => Evaluate) => (): Evaluate => {
    let left = operand()
    for (;;) {
      const operator = peek().kind === 'text' ? undefined : operators.get(peek().value)
      if (!operator) return left
      place += 1
      const [before, right] = [left, operand()]
      left = (input) => operator(before(input), right(input))
    }
  }
  const expression = LEVELS.reduce<() => Evaluate>((operand, operators) => binary(operators, operand), path)
  return {
    expression,
    end: () => {
      if (peek().kind !== 'end') throw unreadable(source, peek().value)
    },
  }
}

type Operator = (left: Collection, right: Collection) => Collection

/** From the tightest to the loosest, as in the FHIRPath grammar. */
const LEVELS: readonly ReadonlyMap<string, Operator>[] = [
  new Map([['|', (left, right) => [...new Set([...left, ...right])]]]),
  new Map<string, Operator>([
    ['=', (left, right) => compare(left, right, (a, b) => a === b)],
    ['!=', (left, right) => compare(left, right, (a, b) => a !== b)],
  ]),
  new Map([
    [
      'in',
      (left, right) => (left.length === 0 ? [] : [left.length === 1 && right.includes(left[0] ?? null)]),
    ],
  ]),
  new Map([['and', (left, right) => [holds(left) && holds(right)]]]),
  new Map([['or', (left, right) => [holds(left) || holds(right)]]]),
]

const FUNCTIONS: ReadonlyMap<string, Evaluate> = new Map<string, Evaluate>([
  ['exists', (input) => [input.length > 0]],
  ['empty', (input) => [input.length === 0]],
  ['not', (input) => (input.length === 0 ? [] : [!holds(input)])],
])

function where(condition: Evaluate): Evaluate {
  return (input) => input.filter((item) => holds(condition([item])))
}

/** Empty in, empty out: a comparison with something absent is neither true nor false. */
function compare(
  left: Collection,
  right: Collection,
  isMet: (a: JsonValue, b: JsonValue) => boolean,
): Collection {
  const [a, b] = [left[0], right[0]]
  return a === undefined || b === undefined ? [] : [left.length === 1 && right.length === 1 && isMet(a, b)]
}

function childrenOf(item: JsonValue, name: string): Collection {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return []
  const found = Object.entries(item).find(([key]) => key === name || isChoice(key, name))?.[1]
  if (found === undefined) return []
  return Array.isArray(found) ? found : [found]
}

/** `valueQuantity` is the element `value`. */
function isChoice(key: string, name: string): boolean {
  return key.startsWith(name) && /^[A-Z]/.test(key.slice(name.length))
}

function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  const text = source.trimEnd()
  while (TOKEN.lastIndex < text.length) {
    const start = TOKEN.lastIndex
    const [, quoted, word, sign] = TOKEN.exec(text) ?? []
    if (quoted !== undefined) tokens.push({ kind: 'text', value: quoted })
    else if (word !== undefined) tokens.push({ kind: 'word', value: word })
    else if (sign !== undefined) tokens.push({ kind: 'sign', value: sign })
    else throw unreadable(source, text.slice(start, start + 10))
  }
  return tokens
}

function unreadable(source: string, at: string) {
  return fault('unprocessable', {
    code: 'invalid',
    text: `The criteria "${source}" cannot be read at "${at}".`,
  })
}
