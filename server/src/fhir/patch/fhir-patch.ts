import { counted } from '../../kernel/counted.ts'
import { fault } from '../../kernel/fault.ts'
import type { Fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { createPace } from '../../kernel/pace.ts'
import { elementRow, repeats } from '../elements.ts'
import type { ElementTable } from '../elements.ts'
import { parseObject } from '../json/parse.ts'
import { stringIn, treeOf } from '../json/tree.ts'
import type { ObjectTree, Tree } from '../json/tree.ts'
import { companionOf } from './located.ts'
import type { Located, Place } from './located.ts'
import { readPairs, writePairs } from './pairs.ts'
import { patchValue, propertyFor, valuePair } from './patch-value.ts'
import type { PatchValue } from './patch-value.ts'
import { select } from './select.ts'

/** One operation of a FHIRPath Patch; numbers are absent where the operation has none. */
export interface PathOperation {
  readonly type: 'add' | 'insert' | 'delete' | 'replace' | 'move'
  readonly path: string
  readonly name?: string
  readonly value?: PatchValue
  readonly index?: number
  readonly source?: number
  readonly destination?: number
  /** Where it stands, for messages. */
  readonly at: string
}

const TYPES = ['add', 'insert', 'delete', 'replace', 'move'] as const
const NEEDS: Readonly<Record<PathOperation['type'], readonly string[]>> = {
  add: ['name', 'value'],
  insert: ['value', 'index'],
  delete: [],
  replace: ['value'],
  move: ['source', 'destination'],
}

/** Reads a Parameters resource with operations. @throws Fault `malformed` @see FHIR R4, "FHIRPath Patch" */
export function readFhirPatch(text: string): readonly PathOperation[] {
  if (parseObject(text)['resourceType'] !== 'Parameters')
    throw fault('malformed', {
      code: 'invalid',
      text: 'A FHIRPath Patch is a Parameters resource; for a JSON Patch send application/json-patch+json',
    })
  const root = treeOf(text)
  const parameters = root.kind === 'object' ? listAt(root, 'parameter', 'Parameters') : []
  if (parameters.length > limits.fhir.patch.operations)
    throw fault('too-large', {
      code: 'too-long',
      text: `A patch may have ${String(limits.fhir.patch.operations)} operations at most`,
    })
  return parameters.map(readOperation)
}

function readOperation(parameter: Tree, index: number): PathOperation {
  const at = `Parameters.parameter[${String(index)}]`
  if (parameter.kind !== 'object' || stringIn(parameter.members.get('name')) !== 'operation')
    throw broken(at, 'must be an "operation"')
  const parts = partsOf(listAt(parameter, 'part', at), at)
  const text = (name: string): string | undefined =>
    stringIn(parts.get(name) && patchValue(given(parts, name)).pair.value)
  const type = TYPES.find((each) => each === text('type'))
  const path = text('path')
  if (!type) throw broken(at, `needs a type: ${TYPES.join(', ')}`)
  if (path === undefined) throw broken(at, 'needs a path')
  const missing = NEEDS[type].find((name) => !parts.has(name))
  if (missing !== undefined) throw broken(at, `needs a ${missing} to ${type}`)
  const name = text('name')
  return {
    type,
    path,
    at: `${at} (${type} ${path.slice(0, 200)})`,
    ...(name === undefined ? {} : { name }),
    ...(parts.has('value') ? { value: patchValue(given(parts, 'value')) } : {}),
    ...Object.fromEntries(
      COUNTS.flatMap((each) => (parts.has(each) ? [[each, count(parts, each, at)]] : [])),
    ),
  }
}

const COUNTS = ['index', 'source', 'destination']

const PARTS: ReadonlySet<string> = new Set(['type', 'path', 'name', 'value', ...COUNTS])

/** A misspelt part, or one of two of a name, must not look like one that is not there. */
function partsOf(items: readonly Tree[], at: string): ReadonlyMap<string, ObjectTree> {
  const parts = new Map<string, ObjectTree>()
  for (const part of items) {
    const name = part.kind === 'object' ? stringIn(part.members.get('name')) : undefined
    if (part.kind !== 'object' || name === undefined || !PARTS.has(name))
      throw broken(at, `has a part that is none of ${[...PARTS].join(', ')}`)
    if (parts.has(name)) throw broken(at, `has two parts of the name ${name}`)
    parts.set(name, part)
  }
  return parts
}

function listAt(holder: ObjectTree, name: string, at: string): readonly Tree[] {
  const list = holder.members.get(name)
  if (list === undefined || list.kind === 'list') return list?.items ?? []
  throw broken(at, `must have a list as ${name}`)
}

function given(parts: ReadonlyMap<string, ObjectTree>, name: string): ObjectTree {
  const part = parts.get(name)
  if (!part) throw broken(name, 'is missing')
  return part
}

function count(parts: ReadonlyMap<string, ObjectTree>, name: string, at: string): number {
  const { value } = patchValue(given(parts, name)).pair
  if (value?.kind === 'scalar' && /^\d{1,6}$/.test(value.text)) return Number(value.text)
  throw broken(at, `needs a whole number of at least 0 as ${name}`)
}

function broken(at: string, what: string): Fault {
  return fault('malformed', { code: 'structure', text: `${at} ${what}`, at })
}

/** Applies all operations in order to the resource, which is changed. @throws Fault `unprocessable` at the first that does not fit, `too-costly` */
export async function applyFhirPatch(
  table: ElementTable,
  tree: Tree,
  operations: readonly PathOperation[],
): Promise<Tree> {
  const type = tree.kind === 'object' ? (stringIn(tree.members.get('resourceType')) ?? '') : ''
  const { pathSteps, steps: allSteps } = limits.fhir.patch
  const pace = createPace()
  let left: number = allSteps
  for (const operation of operations) {
    const steps = { left: Math.min(pathSteps, left) }
    left -= steps.left
    const found = select({ table, root: { tree, type }, steps }, operation.path)
    left += steps.left
    ACTS[operation.type](table, operation, found)
    const slice = pace()
    if (slice) await slice
  }
  return tree
}

type Act = (table: ElementTable, operation: PathOperation, found: readonly Located[]) => void

const ACTS: Readonly<Record<PathOperation['type'], Act>> = { add, insert, delete: remove, replace, move }

function add(table: ElementTable, operation: PathOperation, found: readonly Located[]): void {
  const target = onlyOne(operation, found)
  const { name = '', value = { pair: {} } } = operation
  const isObject = target.tree.kind === 'object'
  const holder =
    target.tree.kind === 'object' ? target.tree : (companionOf(target) ?? newCompanion(table, target))
  const { property, row } = propertyFor(table, isObject ? target.type : 'Element', { name, given: value })
  const pairs = readPairs(holder, property)
  if (!repeats(row) && pairs.length > 0) throw misfit(operation, `there is a ${name} already: replace it`)
  writePairs(holder, property, {
    items: [...pairs, valuePair(table, row[0], value)],
    isList: repeats(row),
  })
}

/** A primitive gets the object that holds its extensions. */
function newCompanion(table: ElementTable, target: Located): ObjectTree {
  const companion: ObjectTree = { kind: 'object', members: new Map() }
  const { place } = target
  if (!place) throw new Error('a primitive that stands nowhere')
  edit(table, place, (pairs) =>
    pairs.with(place.index ?? 0, { ...pairs[place.index ?? 0], beside: companion }),
  )
  return companion
}

function insert(table: ElementTable, operation: PathOperation, found: readonly Located[]): void {
  const place = listPlace(operation, found)
  const { index = 0, value = { pair: {} } } = operation
  edit(table, place, (pairs) => {
    if (index > pairs.length) throw misfit(operation, `the list has ${counted(pairs.length, 'item')} only`)
    return pairs.toSpliced(index, 0, valuePair(table, typeAt(table, place), value))
  })
}

function remove(table: ElementTable, operation: PathOperation, found: readonly Located[]): void {
  if (found.length === 0) return
  removeAt(table, placeOf(operation, onlyOne(operation, found)))
}

/** What becomes empty by it goes, too: FHIR has no empty objects. */
function removeAt(table: ElementTable, place: Place): void {
  const { parent, holder, index = 0 } = place
  edit(table, place, (pairs) => pairs.toSpliced(index, 1))
  if (holder.members.size > 0 || !parent.place) return
  if (holder === parent.tree) removeAt(table, parent.place)
  else removeBeside(table, parent.place)
}

function removeBeside(table: ElementTable, place: Place): void {
  edit(table, place, (pairs) => {
    const { value } = pairs[place.index ?? 0] ?? {}
    return pairs.with(place.index ?? 0, value ? { value } : {})
  })
}

function replace(table: ElementTable, operation: PathOperation, found: readonly Located[]): void {
  const place = placeOf(operation, onlyOne(operation, found))
  const { value = { pair: {} } } = operation
  const { parent, holder, property, index = 0 } = place
  const type = holder === parent.tree ? parent.type : 'Element'
  const choice = elementRow(table, type, property)?.[2]
  const target = propertyFor(table, type, { name: choice ?? property, given: value })
  if (target.property !== property) writePairs(holder, property, { items: [], isList: false })
  const pairs = readPairs(holder, target.property)
  const pair = valuePair(table, target.row[0], value)
  writePairs(holder, target.property, {
    items: pairs.length === 0 ? [pair] : pairs.with(index, pair),
    isList: repeats(target.row),
  })
}

function move(table: ElementTable, operation: PathOperation, found: readonly Located[]): void {
  const place = listPlace(operation, found)
  const { source = 0, destination = 0 } = operation
  edit(table, place, (pairs) => {
    const moved = pairs[source]
    if (!moved || destination >= pairs.length)
      throw misfit(operation, `the list has ${counted(pairs.length, 'item')} only`)
    return pairs.toSpliced(source, 1).toSpliced(destination, 0, moved)
  })
}

function edit(
  table: ElementTable,
  { parent, holder, property }: Place,
  change: (pairs: ReturnType<typeof readPairs>) => ReturnType<typeof readPairs>,
): void {
  const row = elementRow(table, holder === parent.tree ? parent.type : 'Element', property)
  writePairs(holder, property, {
    items: change(readPairs(holder, property)),
    isList: row !== undefined && repeats(row),
  })
}

function typeAt(table: ElementTable, { parent, holder, property }: Place): string {
  return elementRow(table, holder === parent.tree ? parent.type : 'Element', property)?.[0] ?? ''
}

function onlyOne(operation: PathOperation, found: readonly Located[]): Located {
  const [first] = found
  if (first && found.length === 1) return first
  throw misfit(
    operation,
    first ? 'the path finds several elements, it must find one' : 'the path finds nothing',
  )
}

function placeOf(operation: PathOperation, { place }: Located): Place {
  if (!place) throw misfit(operation, 'the path must find an element of the resource')
  return place
}

function listPlace(operation: PathOperation, found: readonly Located[]): Place {
  const [first] = found
  if (!first) throw misfit(operation, 'the path finds nothing')
  const place = placeOf(operation, first)
  const isOne = found.every(
    (each) => each.place?.holder === place.holder && each.place.property === place.property,
  )
  if (place.index === undefined || !isOne) throw misfit(operation, 'the path must find the items of one list')
  return place
}

function misfit({ at }: PathOperation, what: string): Fault {
  return fault('unprocessable', { code: 'processing', text: `${at}: ${what}` })
}
