import { fault } from '../../kernel/fault.ts'
import { elementRow } from '../elements.ts'
import type { ElementTable } from '../elements.ts'
import { stringIn, textOf, treeOf } from '../json/tree.ts'
import type { ObjectTree, Tree } from '../json/tree.ts'
import { elementsOf } from '../search/parse-request.ts'
import type { Pair, Shape } from '../search/request.ts'
import { keepContainedInUse } from './contained-in-use.ts'

export const SUBSETTED = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  code: 'SUBSETTED',
} as const

const SUMMARIES = ['true', 'text', 'data'] as const

/**
 * What is asked for of one resource.
 *
 * @param others further values of `_summary` that say nothing about it
 * @throws Fault `malformed`
 */
export function shapeOf(query: readonly Pair[], others: readonly string[] = []): Shape {
  const summary = query.find(([name]) => name === '_summary')?.[1]
  const known = SUMMARIES.find((each) => each === summary)
  if (summary !== undefined && !known && !['false', ...others].includes(summary))
    throw fault('malformed', {
      code: 'value',
      text: `_summary must be one of: ${[...SUMMARIES, ...others, 'false'].join(', ')}`,
    })
  const elements = query.flatMap(([name, value]) => (name === '_elements' ? elementsOf(value) : []))
  return { ...(known ? { summary: known } : {}), ...(elements.length === 0 ? {} : { elements }) }
}

const ALWAYS = new Set(['resourceType', 'id', 'meta'])

export function isShaped({ summary, elements }: Shape): boolean {
  return (summary !== undefined && summary !== 'count') || elements !== undefined
}

export interface Shaped {
  readonly type: string
  readonly table: ElementTable
}

/** The resource with fewer elements and the tag that says so; what is left keeps its exact text. */
export function shaped(bytes: Uint8Array, shape: Shape, of: Shaped): Uint8Array {
  const tree = treeOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  if (tree.kind !== 'object') throw new Error('a stored resource that is no object')
  if (shape.summary === 'true') summarise(tree, of, true)
  else keepAsAsked(tree, keeping(shape, of))
  return Buffer.from(textOf(tagged(tree)), 'utf8')
}

type Keeps = (property: string) => boolean

function keepAsAsked(tree: ObjectTree, keeps: Keeps): void {
  keepOnly(tree, (name) => name === 'contained' || keeps(name))
  if (!keeps('contained')) keepContainedInUse(tree)
}

function keepOnly({ members }: ObjectTree, keeps: Keeps): void {
  for (const name of members.keys()) if (!keeps(name.replace(/^_/, ''))) members.delete(name)
}

function keeping({ summary, elements = [] }: Shape, { type, table }: Shaped): Keeps {
  if (summary === 'data') return (name) => name !== 'text'
  const wanted = new Set(summary === 'text' ? ['text'] : elements)
  return (name) => {
    const [, marks = '', choice = name] = elementRow(table, type, name) ?? []
    return ALWAYS.has(name) || marks.includes('m') || wanted.has(name) || wanted.has(choice)
  }
}

/** Elements that are marked for summaries, at every depth, and those that are mandatory or modify. */
function summarise(tree: Tree, { type, table }: Shaped, isResource: boolean): void {
  if (tree.kind === 'list') for (const item of tree.items) summarise(item, { type, table }, isResource)
  if (tree.kind !== 'object') return
  const own = isResource ? (stringIn(tree.members.get('resourceType')) ?? type) : type
  keepOnly(tree, (name) => {
    const row = elementRow(table, own, name)
    const isContained = isResource && name === 'contained'
    return ALWAYS.has(name) || isContained || row === undefined || /[sm]/.test(row[1])
  })
  for (const [name, value] of tree.members) {
    const row = elementRow(table, own, name)
    // Data types are given whole, as elsewhere; below them only what belongs to the resource's own structure is cut.
    if (row && (row[0].includes('.') || row[0] === 'Resource'))
      summarise(value, { type: row[0], table }, row[0] === 'Resource')
  }
  if (isResource) keepContainedInUse(tree)
}

function tagged(tree: ObjectTree): ObjectTree {
  const meta = tree.members.get('meta')
  const members: Map<string, Tree> = meta?.kind === 'object' ? meta.members : new Map<string, Tree>()
  const tag = members.get('tag')
  const tags = tag?.kind === 'list' ? tag.items : []
  members.set('tag', { kind: 'list', items: [...tags, treeOf(JSON.stringify(SUBSETTED))] })
  const { members: all } = tree
  const rest = [...all].filter(([name]) => !ALWAYS.has(name))
  const head = ['resourceType', 'id'].flatMap((name) => {
    const value = all.get(name)
    return value ? [[name, value] as const] : []
  })
  return { kind: 'object', members: new Map([...head, ['meta', { kind: 'object', members }], ...rest]) }
}
