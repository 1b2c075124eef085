import { fault } from '../../kernel/fault.ts'
import type { Fault } from '../../kernel/fault.ts'
import { elementRow, propertiesOf, repeats } from '../elements.ts'
import type { ElementRow, ElementTable } from '../elements.ts'
import { copyOf, stringIn } from '../json/tree.ts'
import type { ObjectTree, Tree } from '../json/tree.ts'
import { writePairs } from './pairs.ts'
import type { Pair } from './pairs.ts'

/** What a part of a FHIRPath Patch brings: a value of a data type, a resource, or the parts of an anonymous type. */
export interface PatchValue {
  /** As in `value[x]`: `Code`, `HumanName`; absent for resources and parts. */
  readonly suffix?: string
  readonly pair: Pair
  readonly parts?: readonly ObjectTree[]
}

/** @param part an object with `name` and `value[x]`, `resource` or `part`. */
export function patchValue(part: ObjectTree): PatchValue {
  const resource = part.members.get('resource')
  if (resource) return { pair: { value: resource } }
  const nested = part.members.get('part')
  if (nested?.kind === 'list')
    return { pair: {}, parts: nested.items.filter((each) => each.kind === 'object') }
  const name = [...part.members.keys()]
    .map((key) => key.replace(/^_/, ''))
    .find((key) => /^value[A-Z]/.test(key))
  if (name === undefined)
    throw fault('malformed', { code: 'required', text: 'A patch value is missing its value' })
  const value = part.members.get(name)
  const beside = part.members.get(`_${name}`)
  return {
    suffix: name.slice('value'.length),
    pair: { ...(value ? { value } : {}), ...(beside ? { beside } : {}) },
  }
}

/** The property for an element name and a value: `deceasedBoolean` for `deceased` and a boolean. @throws Fault `unprocessable` */
export function propertyFor(
  table: ElementTable,
  type: string,
  { name, given }: { readonly name: string; readonly given: PatchValue },
): { readonly property: string; readonly row: ElementRow } {
  const properties = propertiesOf(table, type, name)
  const property =
    properties.length === 1
      ? properties[0]
      : properties.find((each) => each === `${name}${given.suffix ?? ''}`)
  const row = property === undefined ? undefined : elementRow(table, type, property)
  if (property === undefined || !row) throw noElement(type, name, given)
  return { property, row }
}

function noElement(type: string, name: string, { suffix = '' }: PatchValue): Fault {
  const text = `${type} has no element "${name.slice(0, 64)}" that takes this value (${suffix || 'no type'})`
  return fault('unprocessable', { code: 'structure', text })
}

/** The value as it will stand in the element; the parts of an anonymous type become an object of the element's type. */
export function valuePair(table: ElementTable, type: string, given: PatchValue): Pair {
  if (given.parts) return { value: objectOf(table, type, given.parts) }
  const { value, beside } = given.pair
  return { ...(value ? { value: copyOf(value) } : {}), ...(beside ? { beside: copyOf(beside) } : {}) }
}

function objectOf(table: ElementTable, type: string, parts: readonly ObjectTree[]): Tree {
  const object: ObjectTree = { kind: 'object', members: new Map() }
  for (const [name, group] of Map.groupBy(parts, (part) => stringIn(part.members.get('name')) ?? '')) {
    const values = group.map(patchValue)
    const [given] = values
    if (!given) continue
    const { property, row } = propertyFor(table, type, { name, given })
    const items = values.map((each) => valuePair(table, row[0], each))
    writePairs(object, property, { items, isList: repeats(row) })
  }
  return object
}
