import type { ObjectTree, Tree } from '../json/tree.ts'

/** One item of an element: its value and, of a primitive, the object of `_name` beside it. */
export interface Pair {
  readonly value?: Tree
  readonly beside?: Tree
}

const NULL: Tree = { kind: 'scalar', text: 'null' }

/** The items of a property, one for an element that does not repeat. */
export function readPairs(holder: ObjectTree, property: string): Pair[] {
  const value = holder.members.get(property)
  const beside = holder.members.get(`_${property}`)
  if (value?.kind !== 'list' && beside?.kind !== 'list') return (value ?? beside) ? [pair(value, beside)] : []
  const values = value?.kind === 'list' ? value.items : []
  const besides = beside?.kind === 'list' ? beside.items : []
  const count = Math.max(values.length, besides.length)
  return Array.from({ length: count }, (_, index) => pair(values[index], besides[index]))
}

function pair(value: Tree | undefined, beside: Tree | undefined): Pair {
  return { ...(isNull(value) ? {} : { value }), ...(isNull(beside) ? {} : { beside }) }
}

function isNull(tree: Tree | undefined): tree is undefined {
  return tree === undefined || (tree.kind === 'scalar' && tree.text === 'null')
}

/** Sets the items; a property without items is removed, since FHIR has no empty lists. @param pairs a list, or the one item */
export function writePairs(holder: ObjectTree, property: string, pairs: Pairs): void {
  const { items, isList } = pairs
  const values = items.map(({ value }) => value)
  const besides = items.map(({ beside }) => beside)
  put(holder, property, isList ? listOf(values) : values[0])
  put(holder, `_${property}`, isList ? listOf(besides) : besides[0])
}

interface Pairs {
  readonly items: readonly Pair[]
  readonly isList: boolean
}

function listOf(trees: readonly (Tree | undefined)[]): Tree | undefined {
  if (trees.every((tree) => tree === undefined)) return undefined
  return { kind: 'list', items: trees.map((tree) => tree ?? NULL) }
}

function put(holder: ObjectTree, name: string, tree: Tree | undefined): void {
  if (tree) holder.members.set(name, tree)
  else holder.members.delete(name)
}
