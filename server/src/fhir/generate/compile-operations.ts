import { isResourceOf } from '../validation/collections.ts'
import { list, needed, PLAIN_FUNCTIONS, test, type Compiler } from './compile-functions.ts'
import { PROJECTIONS } from './compile-projections.ts'
import {
  booleanOf,
  collectionOf,
  itemScope,
  testOf,
  thereOf,
  truthOf,
  type Compiled,
  type Part,
  type Scope,
  type Truth,
} from './compiled-expression.ts'
import type { PathNode } from './fhirpath-parser.ts'
import type { Model } from './model.ts'

type Binary = Extract<PathNode, { kind: 'binary' }>
type Call = Extract<PathNode, { kind: 'call' }>

/** Operators that are one function of the run time over both collections. */
export const TESTS: Readonly<Record<string, string>> = {
  in: 'isIn',
  '<': 'less',
  '<=': 'atMost',
  '>': 'more',
  '>=': 'atLeast',
}

export const VALUES: Readonly<Record<string, string>> = {
  '&': 'joined',
  '+': 'plus',
  '-': 'minus',
  '*': 'times',
  '/': 'dividedBy',
  div: 'wholes',
  mod: 'rest',
}

function unknown(op: string): never {
  throw new Error(`operator ${op} is not supported`)
}

const LOGIC: ReadonlySet<string> = new Set(['and', 'or', 'xor', 'implies'])

export function operation(node: Binary, scope: Scope): Compiled {
  if (LOGIC.has(node.op)) return logic(node, scope)
  const left = scope.compile(node.left, scope)
  const right = scope.compile(node.right, scope)
  const pair = `${collectionOf(left)}, ${collectionOf(right)}`
  const testName = TESTS[node.op]
  if (testName !== undefined) return truthOf(`${testName}(${pair})`, false)
  switch (node.op) {
    case '=':
    case '!=':
      return equality(node.op, left, right)
    case '|':
      return union(left, right)
    case 'contains':
      return truthOf(`isIn(${collectionOf(right)}, ${collectionOf(left)})`, false)
    case '~':
      return test(`equivalent(${pair})`)
    case '!~':
      return test(`!equivalent(${pair})`)
    default:
      return { kind: 'value', js: `${VALUES[node.op] ?? unknown(node.op)}(${pair})` }
  }
}

function logic({ op, left, right }: Binary, scope: Scope): Compiled {
  const a = booleanOf(scope.compile(left, scope))
  const b = booleanOf(scope.compile(right, scope))
  const quick = quickLogic(op, a, b)
  if (a.strict && b.strict) return truthOf(quick.isTrue, true, quick)
  const name = { and: 'and3', or: 'or3', xor: 'xor3', implies: 'implies3' }[op] ?? ''
  return truthOf(`${name}(${a.js}, ${b.js})`, false, quick)
}

const both = (left: string, right: string) => `(${left} && ${right})`
const either = (left: string, right: string) => `(${left} || ${right})`

/** Short-circuiting code for the three-valued operators. */
function quickLogic(op: string, a: Truth, b: Truth): { isTrue: string; isFalse: string } {
  switch (op) {
    case 'and':
      return { isTrue: both(a.isTrue, b.isTrue), isFalse: either(a.isFalse, b.isFalse) }
    case 'or':
      return { isTrue: either(a.isTrue, b.isTrue), isFalse: both(a.isFalse, b.isFalse) }
    case 'implies':
      return { isTrue: either(a.isFalse, b.isTrue), isFalse: both(a.isTrue, b.isFalse) }
    default:
      return {
        isTrue: either(both(a.isTrue, b.isFalse), both(a.isFalse, b.isTrue)),
        isFalse: either(both(a.isTrue, b.isTrue), both(a.isFalse, b.isFalse)),
      }
  }
}

function equality(op: '=' | '!=', left: Compiled, right: Compiled): Compiled {
  const equal = equalTruth(left, right)
  return op === '=' ? equal : negated(equal)
}

function equalTruth(left: Compiled, right: Compiled): Truth {
  if (left.kind === 'boolean' && right.kind === 'boolean' && left.strict && right.strict)
    return truthOf(`((${left.js}) === (${right.js}))`, true)
  const js = `equal(${collectionOf(left)}, ${collectionOf(right)})`
  if (left.kind === 'boolean' && right.kind === 'boolean') {
    const { isTrue, isFalse } = quickLogic('xor', left, right)
    return truthOf(js, false, { isTrue: isFalse, isFalse: isTrue })
  }
  const [part, ...rest] = left.kind === 'path' ? left.parts : []
  if (part?.value === undefined || rest.length > 0 || right.kind !== 'value') return truthOf(js, false)
  return truthOf(js, false, {
    isTrue: `${part.value} === ${right.js}`,
    isFalse: `(${thereOf(left)} && ${part.value} !== ${right.js})`,
  })
}

function negated(truth: Truth): Truth {
  const quick = { isTrue: truth.isFalse, isFalse: truth.isTrue }
  return truth.strict ? truthOf(`!(${truth.js})`, true, quick) : truthOf(`not3(${truth.js})`, false, quick)
}

function union(left: Compiled, right: Compiled): Compiled {
  if (left.kind === 'path' && right.kind === 'path')
    return { kind: 'path', parts: [...left.parts, ...right.parts], isUnion: true }
  return list('*', `union(${collectionOf(left)}, ${collectionOf(right)})`)
}

const FUNCTIONS: Readonly<Record<string, Compiler>> = {
  ...PLAIN_FUNCTIONS,
  ...PROJECTIONS,
  exists: (on, args, scope) => test(thereOf(args[0] ? where(on, args[0], scope) : on)),
  empty: (on) => negated(truthOf(thereOf(on), true)),
  not: (on) => negated(booleanOf(on)),
  where: (on, [condition], scope) => where(on, needed(condition), scope),
  all: (on, [condition], scope) => {
    if (on.kind !== 'path') throw new Error('all() needs a path')
    return test(
      `(${on.parts.map((part) => every(part, lambda(part, needed(condition), scope))).join(' && ') || 'true'})`,
    )
  },
  is: (on, [type], { model }) => typeTest(on, typeName(type), model),
  as: (on, [type], { model }) => narrowed(on, typeName(type), model),
  ofType: (on, [type], { model }) => narrowed(on, typeName(type), model),
  first: (on) => eachPart(on, (js) => `at(${js}, 0)`),
  tail: (on) => eachPart(on, (js) => `${js}.slice(1)`),
  trace: (on) => on,
  combine: (on, [other], scope) =>
    list('*', `cat(${collectionOf(on)}, ${collectionOf(scope.compile(needed(other), scope))})`),
  resolve: (on) => list('*', `resolved(${collectionOf(on)}, ROOT)`),
  hasValue: (on) => {
    const [part, ...rest] = on.kind === 'path' ? on.parts : []
    return part?.value === undefined || rest.length > 0
      ? test(`hasValue(${collectionOf(on)})`)
      : test(`${part.value} !== undefined`)
  },
  count: (on) => ({ kind: 'value', js: `(${collectionOf(on)}).length` }),
  extension: (on, [url], scope) =>
    list('Extension', `extensionsOf(${extended(on)}, ${collectionOf(scope.compile(needed(url), scope))})`),
}

export function callFunction({ on, name, args }: Call, scope: Scope): Compiled {
  const compiler = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined
  if (!compiler) throw new Error(`function ${name}() is not supported`)
  return compiler(on ? scope.compile(on, scope) : scope.focus, args, scope)
}

/** What may have extensions: of a primitive that is what stands in `_name`. */
function extended(on: Compiled): string {
  if (on.kind !== 'path') return 'NONE'
  return collectionOf({
    ...on,
    parts: on.parts.map((part) => (part.extras === undefined ? part : { ...part, js: part.extras })),
  })
}

function where(on: Compiled, condition: PathNode, scope: Scope): Compiled {
  if (on.kind !== 'path') throw new Error('where() needs a path')
  const parts = on.parts.map((part) => {
    const meets = lambda(part, condition, scope)
    const some = `${part.js}.some(${meets})`
    return {
      type: part.type,
      js: `${part.js}.filter(${meets})`,
      there: part.there === undefined ? some : `(${part.there} && ${some})`,
    }
  })
  return { kind: 'path', parts }
}

/** Nothing is built where there is nothing. */
function every({ js, there }: Part, meets: string): string {
  return there === undefined ? `${js}.every(${meets})` : `(!${there} || ${js}.every(${meets}))`
}

function lambda(part: Part, condition: PathNode, scope: Scope): string {
  const item = itemScope(scope, part.type)
  return `(${item.name}, ${item.index}) => ${testOf(item.scope.compile(condition, item.scope))}`
}

function narrowed(on: Compiled, type: string, model: Model): Extract<Compiled, { kind: 'path' }> {
  if (on.kind !== 'path') throw new Error(`as ${type} needs a path`)
  const parts = on.parts.flatMap((part): readonly Part[] => {
    if (part.type === type) return [part]
    if (part.type !== '*' && part.type !== 'Resource') return isBelow(part.type, type, model) ? [part] : []
    return [{ type, js: `${part.js}.filter((t) => ${shownBy(type, model)})` }]
  })
  return { kind: 'path', parts }
}

/** JSON does not name data types: an object is of one when it has no other elements than that, and those with values where it has some. */
function shownBy(type: string, model: Model): string {
  const isSuch = `isType(t, ${JSON.stringify(type)})`
  const known = model.get(type)
  if (known?.kind !== 'complex' || type === 'Element' || type === 'BackboneElement') return isSuch
  const elements = [...known.elements.values()].flatMap(({ types }) =>
    types.map((each) => [each.property, model.get(each.type)?.kind === 'complex'] as const),
  )
  return `${isSuch} && hasOnly(t, ${JSON.stringify(Object.fromEntries(elements))})`
}

/** Whether an abstract type is what another one is made from. */
function isBelow(type: string, abstract: string, model: Model): boolean {
  const isResource = model.get(type)?.kind === 'resource'
  if (abstract === 'Element') return !isResource
  if (abstract === 'BackboneElement') return type.includes('.')
  return isResource && isResourceOf(type, abstract)
}

/** Also of the types that are made from it: a code is a string. */
function typeTest(on: Compiled, type: string, model: Model): Compiled {
  const types = [type, ...(SUBTYPES[type] ?? [])]
  if (on.kind === 'boolean') return test(String(type === 'boolean'))
  if (on.kind === 'value') return test(`${collectionOf(on)}.some((t) => isType(t, ${JSON.stringify(type)}))`)
  const parts = types.flatMap((each) => narrowed(on, each, model).parts)
  return test(`(${collectionOf({ kind: 'path', parts })}).length > 0`)
}

export const SUBTYPES: Readonly<Record<string, readonly string[]>> = {
  string: ['code', 'id', 'markdown'],
  uri: ['url', 'canonical', 'oid', 'uuid'],
  integer: ['positiveInt', 'unsignedInt'],
  Quantity: ['Age', 'Count', 'Distance', 'Duration'],
}

function eachPart(on: Compiled, code: (js: string) => string): Compiled {
  if (on.kind !== 'path') throw new Error('first() and tail() need a path')
  const [only, ...rest] = on.parts
  return only && !rest.length ? list(only.type, code(only.js)) : list('*', code(collectionOf(on)))
}

const SYSTEM_TYPES: ReadonlySet<string> = new Set(['Boolean', 'String', 'Integer', 'Decimal', 'Date', 'Time'])

/** FHIRPath names System types with a capital (`Boolean`), FHIR its primitives without. */
function typeName(node: PathNode | undefined): string {
  if (node?.kind !== 'member') throw new Error('is and as need the name of a type')
  const isQualified = node.on?.kind === 'member' && (node.on.name === 'FHIR' || node.on.name === 'System')
  if (node.on && !isQualified) throw new Error('is and as need the name of a type')
  if (node.name === 'DateTime') return 'dateTime'
  return SYSTEM_TYPES.has(node.name) ? node.name.toLowerCase() : node.name
}
