import { fault } from '../../kernel/fault.ts'
import type { Fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { ElementTable } from '../elements.ts'
import { parseFhirPath } from '../generate/fhirpath-parser.ts'
import type { PathNode } from '../generate/fhirpath-parser.ts'
import { isEqual, sizeOf, stringIn } from '../json/tree.ts'
import type { Tree } from '../json/tree.ts'
import { childrenOf, mayHave } from './located.ts'
import type { Located } from './located.ts'

type Items = readonly Located[]

/** The work that the paths of one patch may still make: a condition may ask everything of everything. */
export interface Steps {
  left: number
}

interface Scope {
  readonly table: ElementTable
  readonly root: Located
  readonly focus: Items
  readonly steps: Steps
}

/**
 * Finds the elements that a FHIRPath Patch is about: element names, indexes, and the functions that filter.
 *
 * @throws Fault `malformed` for what is no such path, `too-costly` for one that takes too long
 * @see FHIR R4, "FHIRPath Patch"
 */
export function select({ table, root, steps }: Omit<Scope, 'focus'>, path: string): Items {
  return evaluate(parsed(path), { table, root, steps, focus: [root] })
}

function parsed(path: string): PathNode {
  if (path.length > limits.fhir.patch.pathChars) throw notSupported('A path this long')
  try {
    return parseFhirPath(path)
  } catch {
    throw fault('malformed', {
      code: 'value',
      text: `"${path.slice(0, 200)}" is no FHIRPath that a patch can use`,
    })
  }
}

function notSupported(what: string): Fault {
  return fault('malformed', {
    code: 'not-supported',
    text: `${what.slice(0, 100)} cannot be used in the path of a patch`,
  })
}

function evaluate(node: PathNode, scope: Scope): Items {
  const found = walked(node, scope)
  spend(
    scope,
    found.reduce((sum, { tree }) => sum + (tree.kind === 'scalar' ? weightOf(tree) : 1), 1),
  )
  return found
}

/** @throws Fault `too-costly` */
function spend({ steps }: Scope, count: number): void {
  steps.left -= count
  if (steps.left >= 0) return
  throw fault('too-costly', {
    code: 'too-costly',
    text: 'The paths of the patch take too long in this resource: name elements by their place, or send several patches',
  })
}

const CHARS_A_STEP = 32

/** What looking at all of it takes. */
function weightOf(tree: Tree): number {
  return 1 + sizeOf(tree) / CHARS_A_STEP
}

function walked(node: PathNode, scope: Scope): Items {
  if (node.kind === 'literal') return [value(JSON.stringify(node.value))]
  if (node.kind === 'quantity') throw notSupported('A quantity')
  if (node.kind === 'empty') return []
  if (node.kind === 'this') return scope.focus
  if (node.kind === 'variable') return variable(node.name, scope)
  if (node.kind === 'index') return evaluate(node.on, scope).slice(node.at, node.at + 1)
  if (node.kind === 'member') return member(node, scope)
  return node.kind === 'binary' ? binary(node, scope) : call(node, scope)
}

function value(json: string): Located {
  return { tree: { kind: 'scalar', text: json }, type: 'System' }
}

function variable(name: string, { root }: Scope): Items {
  if (name === 'resource' || name === 'context' || name === 'rootResource') return [root]
  throw notSupported(`%${name}`)
}

function member({ on, name }: Extract<PathNode, { kind: 'member' }>, scope: Scope): Items {
  if (!on && (name === scope.root.type || name === 'Resource' || name === 'DomainResource')) {
    const own = scope.focus.filter(({ type }) => type === scope.root.type)
    if (own.length > 0) return own
  }
  const from = on ? evaluate(on, scope) : scope.focus
  // A misspelt name must not look like an element that is not there: to delete that is no error.
  const [strange] = from
  if (strange && from.every((each) => !mayHave(scope.table, each, name)))
    throw fault('unprocessable', {
      code: 'value',
      text: `R4 has no element "${name.slice(0, 64)}" in ${strange.type}: mend the path`,
    })
  return from.flatMap((each) => childrenOf(scope.table, each, name))
}

type Binary = Extract<PathNode, { kind: 'binary' }>

function binary({ op, left, right }: Binary, scope: Scope): Items {
  const a = evaluate(left, scope)
  if (op === 'and' || op === 'or' || op === 'xor' || op === 'implies')
    return truthItems(LOGIC[op](truth(a), () => truth(evaluate(right, scope))))
  const b = evaluate(right, scope)
  const [first] = a
  const [second] = b
  if (op === '|') return [...a, ...b]
  if (!first || !second) return []
  const equality = Object.hasOwn(EQUALITY, op) ? EQUALITY[op] : undefined
  if (!equality) return compared(op, first.tree, second.tree)
  spend(scope, weightOfAll(a) * b.length)
  return truthItems(equality(a, b))
}

function weightOfAll(items: Items): number {
  return items.reduce((sum, { tree }) => sum + weightOf(tree), 0)
}

const EQUALITY: Readonly<Record<string, (a: Items, b: Items) => boolean>> = {
  '=': areEqual,
  '~': areEqual,
  '!=': (a, b) => !areEqual(a, b),
  '!~': (a, b) => !areEqual(a, b),
  in: (a, b) => a.every((one) => b.some((each) => isEqual(each.tree, one.tree))),
  contains: (a, b) => b.every((one) => a.some((each) => isEqual(each.tree, one.tree))),
}

const LOGIC = {
  and: (a: boolean, b: () => boolean) => a && b(),
  or: (a: boolean, b: () => boolean) => a || b(),
  xor: (a: boolean, b: () => boolean) => a !== b(),
  implies: (a: boolean, b: () => boolean) => !a || b(),
} as const

function areEqual(a: Items, b: Items): boolean {
  return (
    a.length === b.length &&
    a.every(({ tree }, index) => {
      const other = b[index]
      return other !== undefined && isEqual(tree, other.tree)
    })
  )
}

function compared(op: string, a: Tree, b: Tree): Items {
  const left = scalarOf(a)
  const right = scalarOf(b)
  if (typeof left !== typeof right || left === undefined || right === undefined) return []
  if (op === '<') return truthItems(left < right)
  if (op === '<=') return truthItems(left <= right)
  if (op === '>') return truthItems(left > right)
  if (op === '>=') return truthItems(left >= right)
  throw notSupported(`The operator ${op}`)
}

function scalarOf(tree: Tree): string | number | undefined {
  if (tree.kind !== 'scalar') return undefined
  return stringIn(tree) ?? (/^[-\d]/.test(tree.text) ? Number(tree.text) : undefined)
}

function truthItems(holds: boolean): Items {
  return [value(String(holds))]
}

/** An empty collection is not true; one item that is no boolean is. */
function truth(items: Items): boolean {
  const [first] = items
  return first !== undefined && !(first.tree.kind === 'scalar' && first.tree.text === 'false')
}

type Call = Extract<PathNode, { kind: 'call' }>
type Run = (items: Items, args: readonly PathNode[], scope: Scope) => Items

function call({ on, name, args }: Call, scope: Scope): Items {
  const run = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined
  if (!run) throw notSupported(`${name}()`)
  return run(on ? evaluate(on, scope) : scope.focus, args, scope)
}

const FUNCTIONS: Readonly<Record<string, Run>> = {
  where: filtered,
  first: (items) => items.slice(0, 1),
  last: (items) => items.slice(-1),
  tail: (items) => items.slice(1),
  single: (items) => items,
  skip: (items, args, scope) => items.slice(numberOf(args, scope)),
  take: (items, args, scope) => items.slice(0, numberOf(args, scope)),
  ofType: (items, [type]) => items.filter((item) => item.type === typeName(type)),
  as: (items, [type]) => items.filter((item) => item.type === typeName(type)),
  is: (items, [type]) => truthItems(items.length === 1 && items[0]?.type === typeName(type)),
  extension: (items, args, scope) => {
    const url = textOf(args, scope)
    return items
      .flatMap((item) => childrenOf(scope.table, item, 'extension'))
      .filter(({ tree }) => tree.kind === 'object' && stringIn(tree.members.get('url')) === url)
  },
  exists: (items, args, scope) =>
    truthItems((args.length > 0 ? filtered(items, args, scope) : items).length > 0),
  all: (items, args, scope) => truthItems(filtered(items, args, scope).length === items.length),
  empty: (items) => truthItems(items.length === 0),
  not: (items) => (items.length === 0 ? [] : truthItems(!truth(items))),
  count: (items) => [value(String(items.length))],
  hasValue: (items) =>
    truthItems(items.length === 1 && items[0]?.tree.kind === 'scalar' && items[0].tree.text !== 'null'),
  startsWith: text((own, other) => own.startsWith(other)),
  endsWith: text((own, other) => own.endsWith(other)),
  contains: text((own, other) => own.includes(other)),
  lower: (items) => items.flatMap(({ tree }) => cased(tree, (own) => own.toLowerCase())),
  upper: (items) => items.flatMap(({ tree }) => cased(tree, (own) => own.toUpperCase())),
}

function filtered(items: Items, [condition]: readonly PathNode[], scope: Scope): Items {
  if (!condition) throw notSupported('where() without a condition')
  return items.filter((item) => truth(evaluate(condition, { ...scope, focus: [item] })))
}

function text(test: (own: string, other: string) => boolean): Run {
  return (items, args, scope) => {
    const own = stringIn(items[0]?.tree)
    return own === undefined ? [] : truthItems(test(own, textOf(args, scope)))
  }
}

function cased(tree: Tree, change: (own: string) => string): Items {
  const own = stringIn(tree)
  return own === undefined ? [] : [value(JSON.stringify(change(own)))]
}

function textOf([argument]: readonly PathNode[], scope: Scope): string {
  const [first] = argument ? evaluate(argument, scope) : []
  return stringIn(first?.tree) ?? ''
}

function numberOf([argument]: readonly PathNode[], scope: Scope): number {
  const [first] = argument ? evaluate(argument, scope) : []
  return first?.tree.kind === 'scalar' && /^\d{1,6}$/.test(first.tree.text) ? Number(first.tree.text) : 0
}

function typeName(node: PathNode | undefined): string {
  if (node?.kind !== 'member') throw notSupported('A type of this form')
  return node.name
}
