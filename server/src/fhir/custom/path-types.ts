import { elementRow, propertiesOf, type ElementTable } from '../elements.ts'
import { VALUES } from '../generate/compile-operations.ts'
import { DefinitionError } from '../generate/definition-error.ts'
import type { PathNode } from '../generate/fhirpath-parser.ts'
import { dataType, isRootName, literalType } from './typed-path.ts'

type Call = Extract<PathNode, { kind: 'call' }>
type Operation = Extract<PathNode, { kind: 'binary' }>

interface Place {
  readonly table: ElementTable
  /** The resource type that is asked. */
  readonly root: string
  readonly focus: readonly string[]
  /** Types that an element may have beside others: what a choice such as `value[x]` leads to. */
  readonly choices: Set<string>
  /** What is asked further down need not have the elements that are looked for. */
  readonly mayMiss?: true
}

export interface FoundTypes {
  readonly types: readonly string[]
  /** Those among which an element has a choice. */
  readonly choices: ReadonlySet<string>
}

/** The data types that an expression can find in resources of a type. @throws DefinitionError that says what can not be used, and why */
export function typesAt(node: PathNode, table: ElementTable, root: string): FoundTypes {
  const choices = new Set<string>()
  return { types: [...new Set(walk(node, { table, root, focus: [root], choices }))], choices }
}

/** The same where values are looked for: an extension stands for its value. */
export function valueTypesAt(node: PathNode, table: ElementTable, root: string): FoundTypes {
  const { types, choices } = typesAt(node, table, root)
  const place = { table, root, focus: [root], choices: new Set(choices) }
  const values = types.flatMap((type) => (type === 'Extension' ? step([type], 'value', place) : type))
  return { types: [...new Set(values)], choices: place.choices }
}

function walk(node: PathNode, place: Place): readonly string[] {
  switch (node.kind) {
    case 'literal':
      return [literalType(node)]
    case 'quantity':
      return ['Quantity']
    case 'this':
      return place.focus
    case 'variable':
      return [variable(node.name, place)]
    case 'empty':
      return []
    case 'member':
      return node.on ? step(walk(node.on, place), node.name, place) : start(node.name, place)
    case 'index':
      return walk(node.on, place)
    case 'binary':
      return operation(node, place)
    case 'call':
    default:
      return call(node, place)
  }
}

function variable(name: string, { root }: Place): string {
  if (name === '$index') return 'integer'
  if (!ROOT_NAMES.has(name)) throw new DefinitionError(`%${name} is not supported`)
  return root
}

/** An expression of a parameter is asked of the resource itself. */
const ROOT_NAMES: ReadonlySet<string> = new Set(['context', 'resource', 'rootResource'])

function start(name: string, place: Place): readonly string[] {
  if (isRootName(name, place.root)) return [place.root]
  return /^[A-Z]/.test(name) ? [] : step(place.focus, name, place)
}

function step(types: readonly string[], name: string, { table, choices, mayMiss }: Place): readonly string[] {
  const rows = types.flatMap((type) =>
    propertiesOf(table, type, name).flatMap((property) => {
      const row = elementRow(table, type, property)
      return row ? [row] : []
    }),
  )
  for (const [type, , choice] of rows) if (choice !== undefined) choices.add(type)
  // Primitives have extensions, too.
  const found = rows.length === 0 && name === 'extension' ? ['Extension'] : rows.map(([type]) => type)
  if (types.length > 0 && found.length === 0 && !mayMiss)
    throw new DefinitionError(`${types.join(', ')} has no element ${name}`)
  return found
}

function operation({ op, left, right }: Operation, place: Place): readonly string[] {
  const types = [...walk(left, place), ...walk(right, place)]
  if (op === '|') return types
  if (op === '&') return ['string']
  if (!(op in VALUES)) return ['boolean']
  const isOf = (type: string): boolean => types.includes(type)
  if (['date', 'dateTime', 'instant', 'time'].some(isOf))
    throw new DefinitionError(`${op} with dates is not supported`)
  return [['Quantity', 'string'].find(isOf) ?? 'decimal']
}

function call(node: Call, place: Place): readonly string[] {
  const { name, on, args } = node
  const focus = on ? walk(on, place) : place.focus
  if (name === 'as' || name === 'ofType' || name === 'is') return narrowed(node, focus, place.table)
  const result = RESULTS.get(name)
  if (result === undefined) throw new DefinitionError(`the function ${name}() is not supported`)
  const inner = OF_EACH.has(name) ? { ...place, focus } : place
  // What is asked of nothing has no element of any name.
  const given = focus.length > 0 ? args.map((each) => walk(each, inner)) : []
  if (typeof result === 'string') return [result]
  return result({
    focus,
    place,
    node,
    given,
    again: (types) => args.flatMap((each) => walk(each, { ...place, focus: types, mayMiss: true })),
  })
}

function narrowed(
  { name, args: [argument] }: Call,
  types: readonly string[],
  table: ElementTable,
): readonly string[] {
  if (argument?.kind !== 'member') throw new DefinitionError(`${name} needs the name of a type`)
  if (name === 'is') return ['boolean']
  const wanted = dataType(argument.name)
  const isFound = types.some((type) => type === wanted || (type === 'Resource' && isResource(table, wanted)))
  return isFound ? [wanted] : []
}

/** Whether a type is a resource's: only they all have this element. */
export function isResource(table: ElementTable, type: string): boolean {
  return elementRow(table, type, 'implicitRules') !== undefined
}

interface Called {
  readonly node: Call
  readonly place: Place
  readonly focus: readonly string[]
  /** What each argument finds. */
  readonly given: readonly (readonly string[])[]
  /** What the arguments find in other types. */
  readonly again: (types: readonly string[]) => readonly string[]
}

/** Arguments are asked of each item. */
const OF_EACH: ReadonlySet<string> = new Set(['where', 'exists', 'all', 'select', 'repeat', 'iif'])

type Result = string | ((called: Called) => readonly string[])

const focusTypes: Result = ({ focus }) => focus
const allTypes: Result = ({ focus, given }) => [...focus, ...given.flat()]

/**
 * What a function gives. Left out are those that give another answer tomorrow (`now`), and those whose work cannot be told from the resource
 * (patterns).
 */
const RESULTS: ReadonlyMap<string, Result> = new Map([
  ...named(
    'boolean',
    'exists empty not all allTrue allFalse anyTrue anyFalse hasValue isDistinct subsetOf supersetOf',
  ),
  ...named('boolean', 'startsWith endsWith contains toBoolean'),
  ...named(
    'boolean',
    'convertsToBoolean convertsToDate convertsToDateTime convertsToDecimal convertsToInteger',
  ),
  ...named('boolean', 'convertsToQuantity convertsToString convertsToTime'),
  ...named('integer', 'count length indexOf toInteger'),
  ...named('decimal', 'abs ceiling exp floor ln log power round sqrt truncate toDecimal'),
  ...named('string', 'join lower replace split substring toChars toString trim upper'),
  ...named('date', 'toDate'),
  ...named('dateTime', 'toDateTime'),
  ...named('time', 'toTime'),
  ...named('Quantity', 'toQuantity'),
  ...named('Extension', 'extension'),
  // Of what is referred to only the type is known: it has no elements, and is nothing to search by.
  ...named('what is resolved', 'resolve'),
  ...named(whereTypes, 'where'),
  ...named(({ focus, place }) => childTypes(focus, place), 'children'),
  ...named(({ focus, place }) => descendantTypes(focus, place), 'descendants'),
  ...named(focusTypes, 'first last tail skip take single distinct intersect exclude getValue trace'),
  ...named(allTypes, 'union combine'),
  ...named(({ given }) => given.flat(), 'select'),
  ...named(({ given: [, ...branches] }) => branches.flat(), 'iif'),
  ...named(repeated, 'repeat'),
])

function named(result: Result, names: string): readonly (readonly [string, Result])[] {
  return names.split(' ').map((name) => [name, result])
}

/** `where($this is Quantity)` leaves one type, also of those that a resource may have. */
function whereTypes({
  focus,
  node: {
    args: [condition],
  },
  place: { table },
}: Called): readonly string[] {
  const isTypeTest = condition?.kind === 'call' && condition.name === 'is'
  return isTypeTest && (condition.on?.kind ?? 'this') === 'this'
    ? narrowed({ ...condition, name: 'as' }, focus, table)
    : focus
}

/** All of them count as a choice: somebody who asks for everything means what fits. */
function childTypes(types: readonly string[], { table, choices }: Place): readonly string[] {
  const found = new Set(types.flatMap((type) => Object.values(table[type] ?? {}).map(([child]) => child)))
  for (const type of found) choices.add(type)
  return [...found]
}

function descendantTypes(types: readonly string[], place: Place): readonly string[] {
  const found = new Set<string>()
  for (let level = types; level.length > 0;) {
    level = childTypes(level, place).filter((type) => !found.has(type))
    for (const type of level) found.add(type)
  }
  return [...found]
}

/** Until nothing new is found. */
function repeated({ given, again }: Called): readonly string[] {
  const found = new Set<string>()
  for (let level = given.flat(); level.length > 0;) {
    const fresh = [...new Set(level)].filter((type) => !found.has(type))
    for (const type of fresh) found.add(type)
    level = fresh.length > 0 ? [...again(fresh)] : []
  }
  return [...found]
}
