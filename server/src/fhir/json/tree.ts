import { elementsOf, membersOf } from './members.ts'
import { skipBlank, stringAt } from './walk.hot.ts'

/**
 * A JSON value that may be changed, with the exact text of everything that is not: numbers keep their digits, names their order.
 * Trees are never shared: what goes into one is copied before.
 */
export type Tree = ObjectTree | ListTree | ScalarTree

export interface ObjectTree {
  readonly kind: 'object'
  readonly members: Map<string, Tree>
}

export interface ListTree {
  readonly kind: 'list'
  readonly items: Tree[]
}

/** A string, number, boolean or null as JSON text. */
export interface ScalarTree {
  readonly kind: 'scalar'
  readonly text: string
}

/** @param text JSON that `parseObject` or `JSON.parse` has accepted. */
export function treeOf(text: string): Tree {
  const start = skipBlank(text, 0)
  const first = text[start]
  if (first === '{') {
    const members = membersOf(text).map(
      ({ name, valueStart, end }) => [name, treeOf(text.slice(valueStart, end))] as const,
    )
    return { kind: 'object', members: new Map(members) }
  }
  if (first === '[') return { kind: 'list', items: elementsOf(text).map(treeOf) }
  return { kind: 'scalar', text: text.trim() }
}

export function textOf(tree: Tree): string {
  if (tree.kind === 'scalar') return tree.text
  if (tree.kind === 'list') return `[${tree.items.map(textOf).join(',')}]`
  const members = [...tree.members].map(([name, value]) => `${JSON.stringify(name)}:${textOf(value)}`)
  return `{${members.join(',')}}`
}

export function copyOf(tree: Tree): Tree {
  if (tree.kind === 'scalar') return tree
  if (tree.kind === 'list') return { kind: 'list', items: tree.items.map(copyOf) }
  return {
    kind: 'object',
    members: new Map([...tree.members].map(([name, value]) => [name, copyOf(value)])),
  }
}

/** Whether there are more levels: what walks down by calling itself would have no room for all of them. */
export function isDeeperThan(most: number, tree: Tree): boolean {
  let level: readonly Tree[] = [tree]
  for (let depth = 0; depth <= most && level.length > 0; depth += 1) level = level.flatMap(below)
  return level.length > 0
}

function below(tree: Tree): readonly Tree[] {
  if (tree.kind === 'scalar') return []
  return tree.kind === 'list' ? tree.items : [...tree.members.values()]
}

/** What a part takes beside its text. */
const PART_BYTES = 16

/** About as many bytes as it takes. */
export function sizeOf(tree: Tree): number {
  if (tree.kind === 'scalar') return tree.text.length + PART_BYTES
  if (tree.kind === 'list') return tree.items.reduce((sum, item) => sum + sizeOf(item), PART_BYTES)
  return tree.members.entries().reduce((sum, [name, value]) => sum + name.length + sizeOf(value), PART_BYTES)
}

/** The string that a scalar holds; `undefined` for anything else. */
export function stringIn(tree: Tree | undefined): string | undefined {
  return tree?.kind === 'scalar' && tree.text.startsWith('"')
    ? stringAt(tree.text, 0, tree.text.length)
    : undefined
}

/** Equal as RFC 6902, section 4.6, says: numbers by their value, objects whatever their order. */
export function isEqual(a: Tree, b: Tree): boolean {
  if (a.kind === 'scalar' && b.kind === 'scalar') return isSameScalar(a, b)
  if (a.kind === 'list' && b.kind === 'list') {
    const { items } = b
    return (
      a.items.length === items.length &&
      a.items.every((item, index) => {
        const other = items[index]
        return other !== undefined && isEqual(item, other)
      })
    )
  }
  if (a.kind !== 'object' || b.kind !== 'object' || a.members.size !== b.members.size) return false
  return [...a.members].every(([name, value]) => {
    const other = b.members.get(name)
    return other !== undefined && isEqual(value, other)
  })
}

function isSameScalar(a: ScalarTree, b: ScalarTree): boolean {
  if (a.text === b.text) return true
  const text = stringIn(a)
  if (text !== undefined) return text === stringIn(b)
  const number = digitsOf(a.text)
  return number !== undefined && number === digitsOf(b.text)
}

const NUMBER = /^(?<sign>-?)(?<whole>\d+)(?:\.(?<fraction>\d+))?(?:[eE](?<exponent>[+-]?\d+))?$/

/** One writing for each number, however many digits it has. */
function digitsOf(text: string): string | undefined {
  const { sign = '', whole = '', fraction = '', exponent = '0' } = NUMBER.exec(text)?.groups ?? {}
  if (whole === '') return undefined
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const kept = digits.replace(/0+$/, '')
  if (kept === '') return '0'
  return `${sign}${kept}e${String(Number(exponent) - fraction.length + digits.length - kept.length)}`
}
