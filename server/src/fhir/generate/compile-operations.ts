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

type Binary = Extract<PathNode, { kind: 'binary' }>
type Call = Extract<PathNode, { kind: 'call' }>

/** Operators that are one function of the run time over both collections. */
const TESTS: Readonly<Record<string, string>> = {
  in: 'isIn',
  '<': 'less',
  '<=': 'atMost',
  '>': 'more',
  '>=': 'atLeast',
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
    case '&':
    case '+':
      return { kind: 'value', js: `${node.op === '&' ? 'joined' : 'plus'}(${pair})` }
    default:
      throw new Error(`operator ${node.op} is not supported`)
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
    return { kind: 'path', parts: [...left.parts, ...right.parts] }
  return { kind: 'path', parts: [{ type: '*', js: `cat(${collectionOf(left)}, ${collectionOf(right)})` }] }
}

type Compiler = (on: Compiled, args: readonly PathNode[], scope: Scope) => Compiled

const test = (js: string, strict = true): Compiled => truthOf(js, strict)
const list = (type: string, js: string): Compiled => ({ kind: 'path', parts: [{ type, js }] })

/** A function of the run time that takes the collection and the argument's collections. */
function plain(name: string, kind: 'strict' | 'boolean' | 'value'): Compiler {
  return (on, args, scope) => {
    const js = `${name}(${[on, ...args.map((arg) => scope.compile(arg, scope))].map(collectionOf).join(', ')})`
    return kind === 'value' ? { kind, js } : test(js, kind === 'strict')
  }
}

const FUNCTIONS: Readonly<Record<string, Compiler>> = {
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
  select: (on, [projection], scope) => select(on, needed(projection), scope),
  iif: (on, args, scope) => iif(on, args, scope),
  is: (on, [type]) => typeTest(on, typeName(type)),
  as: (on, [type]) => narrowed(on, typeName(type)),
  ofType: (on, [type]) => narrowed(on, typeName(type)),
  first: (on) => eachPart(on, (js) => `at(${js}, 0)`),
  tail: (on) => eachPart(on, (js) => `${js}.slice(1)`),
  trace: (on) => on,
  combine: (on, [other], scope) =>
    list('*', `cat(${collectionOf(on)}, ${collectionOf(scope.compile(needed(other), scope))})`),
  intersect: (on, [other], scope) =>
    list('*', `intersect(${collectionOf(on)}, ${collectionOf(scope.compile(needed(other), scope))})`),
  children: (on) => list('*', `children(${collectionOf(on)})`),
  descendants: (on) => list('*', `descendants(${collectionOf(on)})`),
  resolve: (on) => list('*', `resolved(${collectionOf(on)}, ROOT)`),
  hasValue: (on) => {
    const [part, ...rest] = on.kind === 'path' ? on.parts : []
    return part?.value === undefined || rest.length > 0
      ? test(`hasValue(${collectionOf(on)})`)
      : test(`${part.value} !== undefined`)
  },
  isDistinct: plain('isDistinct', 'strict'),
  allFalse: plain('allFalse', 'strict'),
  count: (on) => ({ kind: 'value', js: `(${collectionOf(on)}).length` }),
  startsWith: plain('startsWith', 'boolean'),
  endsWith: plain('endsWith', 'boolean'),
  length: plain('lengthOf', 'value'),
  extension: (on, [url], scope) =>
    list(
      'Extension',
      `extensionsOf(${collectionOf(on)}, ${collectionOf(scope.compile(needed(url), scope))})`,
    ),
  matches: plain('matches', 'boolean'),
  contains: plain('containsText', 'boolean'),
  substring: plain('substring', 'value'),
  replaceMatches: plain('replaceMatches', 'value'),
  toInteger: plain('toInteger', 'value'),
  toString: plain('toText', 'value'),
  htmlChecks: () => test('true'),
}

export function callFunction({ on, name, args }: Call, scope: Scope): Compiled {
  const compiler = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined
  if (!compiler) throw new Error(`function ${name}() is not supported`)
  return compiler(on ? scope.compile(on, scope) : scope.focus, args, scope)
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
  return `(${item.name}) => ${testOf(item.scope.compile(condition, item.scope))}`
}

function select(on: Compiled, projection: PathNode, scope: Scope): Compiled {
  if (on.kind !== 'path') throw new Error('select() needs a path')
  const parts = on.parts.map((part) => {
    const item = itemScope(scope, part.type)
    return {
      type: '*',
      js: `${part.js}.flatMap((${item.name}) => ${collectionOf(item.scope.compile(projection, item.scope))})`,
    }
  })
  return { kind: 'path', parts }
}

function iif(on: Compiled, [condition, yes, no]: readonly PathNode[], scope: Scope): Compiled {
  const inner = { ...scope, focus: on }
  const chosen = no ? booleanOf(inner.compile(no, inner)).js : 'undefined'
  const chosenBy = testOf(inner.compile(needed(condition), inner))
  return test(`(${chosenBy} ? ${booleanOf(inner.compile(needed(yes), inner)).js} : ${chosen})`, false)
}

function narrowed(on: Compiled, type: string): Compiled {
  if (on.kind !== 'path') throw new Error(`as ${type} needs a path`)
  const parts = on.parts.flatMap((part): readonly Part[] => {
    if (part.type === type) return [part]
    if (part.type !== '*' && part.type !== 'Resource') return []
    return [{ type, js: `${part.js}.filter((t) => isType(t, ${JSON.stringify(type)}))` }]
  })
  return { kind: 'path', parts }
}

function typeTest(on: Compiled, type: string): Compiled {
  return test(`(${collectionOf(narrowed(on, type))}).length > 0`)
}

function eachPart(on: Compiled, code: (js: string) => string): Compiled {
  if (on.kind !== 'path') throw new Error('first() and tail() need a path')
  const [only, ...rest] = on.parts
  return only && !rest.length ? list(only.type, code(only.js)) : list('*', code(collectionOf(on)))
}

/** FHIRPath names System types with a capital (`Boolean`), FHIR its primitives without. */
function typeName(node: PathNode | undefined): string {
  if (node?.kind !== 'member' || node.on) throw new Error('is and as need the name of a type')
  if (node.name === 'DateTime') return 'dateTime'
  return node.name === 'Boolean' || node.name === 'String' || node.name === 'Integer'
    ? node.name.toLowerCase()
    : node.name
}

function needed(node: PathNode | undefined): PathNode {
  if (!node) throw new Error('an argument is missing')
  return node
}
