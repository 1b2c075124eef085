import { elementRow, propertiesOf, type ElementTable } from '../elements.ts'
import type { PathNode } from '../generate/fhirpath-parser.ts'
import { dataType, isRootName } from './typed-path.ts'

const OPERATORS = new Set(['|', '=', '!=', 'and', 'or'])
const TESTS = new Set(['exists', 'empty', 'not'])
const TYPED = new Set(['as', 'ofType', 'is'])
const FUNCTION_NAMES = new Set([...TESTS, ...TYPED, 'where', 'first', 'extension', 'resolve'])

type Call = Extract<PathNode, { kind: 'call' }>

interface Place {
  readonly table: ElementTable
  /** The resource type that is asked. */
  readonly root: string
  readonly focus: readonly string[]
  /** Types that an element may have beside others: what a choice such as `value[x]` leads to. */
  readonly choices: Set<string>
}

export interface FoundTypes {
  readonly types: readonly string[]
  /** Those among which an element has a choice. */
  readonly choices: ReadonlySet<string>
}

/** The data types that an expression can find in resources of a type. @throws Error that says what can not be used, and why */
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
      return [typeof node.value]
    case 'quantity':
      return ['Quantity']
    case 'this':
      return place.focus
    case 'variable':
      if (node.name !== 'resource') throw new Error(`%${node.name} is not supported`)
      return [place.root]
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

function start(name: string, place: Place): readonly string[] {
  if (isRootName(name, place.root)) return [place.root]
  return /^[A-Z]/.test(name) ? [] : step(place.focus, name, place)
}

function step(types: readonly string[], name: string, { table, choices }: Place): readonly string[] {
  const rows = types.flatMap((type) =>
    propertiesOf(table, type, name).flatMap((property) => {
      const row = elementRow(table, type, property)
      return row ? [row] : []
    }),
  )
  for (const [type, , choice] of rows) if (choice !== undefined) choices.add(type)
  // Primitives have extensions, too.
  const found = rows.length === 0 && name === 'extension' ? ['Extension'] : rows.map(([type]) => type)
  if (types.length > 0 && found.length === 0) throw new Error(`${types.join(', ')} has no element ${name}`)
  return found
}

function operation(node: Extract<PathNode, { kind: 'binary' }>, place: Place): readonly string[] {
  if (!OPERATORS.has(node.op)) throw new Error(`the operator ${node.op} is not supported`)
  const types = [...walk(node.left, place), ...walk(node.right, place)]
  return node.op === '|' ? types : ['boolean']
}

function call(node: Call, place: Place): readonly string[] {
  if (!FUNCTION_NAMES.has(node.name)) throw new Error(`the function ${node.name}() is not supported`)
  const on = node.on ? walk(node.on, place) : place.focus
  const [argument] = node.args
  if (TYPED.has(node.name)) return narrowed(node, on)
  if (node.name === 'extension') return ['Extension']
  if (node.name === 'resolve') return ['Resource']
  if (argument && on.length > 0) walk(argument, { ...place, focus: on })
  return TESTS.has(node.name) ? ['boolean'] : on
}

function narrowed({ name, args: [argument] }: Call, types: readonly string[]): readonly string[] {
  if (argument?.kind !== 'member') throw new Error(`${name} needs the name of a type`)
  const wanted = dataType(argument.name)
  return name === 'is' ? ['boolean'] : types.filter((type) => type === wanted)
}
