import { fault } from '../../kernel/fault.ts'
import type { Fault } from '../../kernel/fault.ts'
import type { JsonValue } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import { elementsOf, memberText } from '../json/members.ts'
import { isObject, parseJson } from '../json/parse.ts'
import { copyOf, isDeeperThan, isEqual, sizeOf, treeOf } from '../json/tree.ts'
import type { ListTree, ObjectTree, Tree } from '../json/tree.ts'

/** One operation of a JSON Patch; `at` says where it stands, for messages. */
export interface JsonOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test'
  readonly path: readonly string[]
  readonly from?: readonly string[]
  readonly value?: Tree
  readonly at: string
}

const OPS = ['add', 'remove', 'replace', 'move', 'copy', 'test'] as const
const WITH_VALUE = new Set(['add', 'replace', 'test'])
const WITH_FROM = new Set(['move', 'copy'])

/** Reads a JSON Patch document. @throws Fault `malformed` @see RFC 6902 */
export function readJsonPatch(text: string): readonly JsonOperation[] {
  const patch = parseJson(text)
  if (!Array.isArray(patch))
    throw fault('malformed', { code: 'structure', text: 'A JSON Patch is a list of operations' })
  if (patch.length > limits.fhir.patch.operations)
    throw fault('too-large', {
      code: 'too-long',
      text: `A patch may have ${String(limits.fhir.patch.operations)} operations at most`,
    })
  const texts = elementsOf(text)
  return (patch as readonly JsonValue[]).map((each, index) => readOperation(each, texts[index] ?? '', index))
}

function readOperation(given: JsonValue, text: string, index: number): JsonOperation {
  const at = `operation ${String(index)}`
  if (!isObject(given)) throw broken(at, 'is no object with op and path')
  const op = OPS.find((each) => each === given['op'])
  if (!op) throw broken(at, `needs an op: ${OPS.join(', ')}`)
  const path = pointer(given['path'], `${at}: path`)
  const value = memberText(text, 'value')
  if (WITH_VALUE.has(op) && value === undefined) throw broken(at, `needs a value to ${op}`)
  return {
    op,
    path,
    at: `${at} (${op} /${path.join('/').slice(0, 200)})`,
    ...(WITH_FROM.has(op) ? { from: pointer(given['from'], `${at}: from`) } : {}),
    ...(value === undefined ? {} : { value: treeOf(value) }),
  }
}

/** @see RFC 6901 */
function pointer(value: JsonValue | undefined, at: string): readonly string[] {
  if (typeof value !== 'string' || (value !== '' && !value.startsWith('/')) || /~(?![01])/.test(value))
    throw broken(at, 'is no JSON Pointer such as /name/0/family')
  return value
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function broken(at: string, what: string): Fault {
  return fault('malformed', { code: 'structure', text: `${at} ${what}` })
}

/**
 * Applies all operations in order to the tree, which is changed.
 *
 * @throws Fault `unprocessable` at the first that does not fit, `too-costly` for copies of copies that are larger than any resource
 */
export function applyJsonPatch(tree: Tree, operations: readonly JsonOperation[]): Tree {
  let root = tree
  let room: number = limits.fhir.resourceBytes
  for (const operation of operations) {
    if (operation.op === 'copy') room -= roomFor(root, operation)
    if (room < 0) throw tooMuch(operation)
    root = apply(root, operation)
  }
  return shallow(root, 'the patch')
}

function roomFor(root: Tree, { from = [], at }: JsonOperation): number {
  return sizeOf(shallow(get(root, from, at), at))
}

/** Moves and copies put what is deep into what is deep. */
function shallow(tree: Tree, at: string): Tree {
  if (!isDeeperThan(limits.fhir.nesting, tree)) return tree
  throw misfit(at, `more than ${String(limits.fhir.nesting)} levels`)
}

function tooMuch({ at }: JsonOperation): Fault {
  const text = `${at}: the patch copies more than ${String(limits.fhir.resourceBytes)} bytes`
  return fault('too-costly', { code: 'too-costly', text })
}

function apply(root: Tree, operation: JsonOperation): Tree {
  const { op, path, from = [], value, at } = operation
  const given = value ?? { kind: 'scalar', text: 'null' }
  if (op === 'test') {
    if (isEqual(get(root, path, at), given)) return root
    throw misfit(at, 'the test failed: the value is another one')
  }
  if (op === 'add') return add(root, operation, copyOf(given))
  if (op === 'copy') return add(root, operation, copyOf(get(root, from, at)))
  if (op === 'remove') return remove(root, path, at)
  if (op === 'replace') return replace(root, operation, copyOf(given))
  if (isInside(from, path)) throw misfit(at, 'nothing can be moved into itself')
  const moved = get(root, from, at)
  return isSame(from, path) ? root : add(remove(root, from, at), operation, moved)
}

type Place = Pick<JsonOperation, 'path' | 'at'>

function add(root: Tree, { path, at }: Place, value: Tree): Tree {
  const name = path.at(-1)
  if (name === undefined) return value
  const parent = parentOf(root, path, at)
  if (parent.kind === 'object') parent.members.set(name, value)
  else {
    const index = name === '-' ? parent.items.length : indexIn(parent, name, 1)
    if (index === undefined) throw nothingAt(at)
    parent.items.splice(index, 0, value)
  }
  return root
}

function remove(root: Tree, path: readonly string[], at: string): Tree {
  const name = path.at(-1)
  if (name === undefined) throw misfit(at, 'the whole resource cannot be removed by a patch')
  get(root, path, at)
  const parent = parentOf(root, path, at)
  if (parent.kind === 'list') parent.items.splice(Number(name), 1)
  else parent.members.delete(name)
  return root
}

function replace(root: Tree, { path, at }: Place, value: Tree): Tree {
  const name = path.at(-1)
  if (name === undefined) return value
  get(root, path, at)
  const parent = parentOf(root, path, at)
  if (parent.kind === 'object') parent.members.set(name, value)
  else parent.items[Number(name)] = value
  return root
}

function parentOf(root: Tree, path: readonly string[], at: string): ObjectTree | ListTree {
  const parent = get(root, path.slice(0, -1), at)
  if (parent.kind === 'scalar') throw nothingAt(at)
  return parent
}

function get(root: Tree, path: readonly string[], at: string): Tree {
  let tree: Tree = root
  for (const name of path) {
    const next = childOf(tree, name)
    if (!next) throw nothingAt(at)
    tree = next
  }
  return tree
}

function childOf(tree: Tree, name: string): Tree | undefined {
  if (tree.kind === 'object') return tree.members.get(name)
  const index = tree.kind === 'list' ? indexIn(tree, name, 0) : undefined
  return tree.kind === 'list' && index !== undefined ? tree.items[index] : undefined
}

/** @param beyond 1 where the place behind the last item counts, too. @returns `undefined` for what is no place of the list */
function indexIn({ items }: ListTree, name: string, beyond: 0 | 1): number | undefined {
  const index = /^(?:0|[1-9]\d{0,8})$/.test(name) ? Number(name) : -1
  return index >= 0 && index < items.length + beyond ? index : undefined
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index])
}

function isInside(outer: readonly string[], inner: readonly string[]): boolean {
  return inner.length > outer.length && outer.every((name, index) => name === inner[index])
}

function nothingAt(at: string): Fault {
  return misfit(at, 'there is nothing at this path')
}

function misfit(at: string, what: string): Fault {
  return fault('unprocessable', { code: 'processing', text: `${at}: ${what}` })
}
