import { elementRow, propertiesOf } from '../elements.ts'
import type { ElementTable } from '../elements.ts'
import { stringIn } from '../json/tree.ts'
import type { ObjectTree, Tree } from '../json/tree.ts'

/** An element of a resource and where it stands, so that it can be changed there. */
export interface Located {
  readonly tree: Tree
  /** FHIR type, or path of a backbone element. */
  readonly type: string
  /** Absent for the resource itself and for values that stand nowhere. */
  readonly place?: Place
}

export interface Place {
  readonly parent: Located
  readonly holder: ObjectTree
  /** As in JSON: `deceasedBoolean`. */
  readonly property: string
  /** Absent for elements that do not repeat. */
  readonly index?: number
}

const NULL: Tree = { kind: 'scalar', text: 'null' }

/** The elements of one name below an element; `extension` and `id` of a primitive stand beside it. */
export function childrenOf(table: ElementTable, parent: Located, name: string): readonly Located[] {
  const holder = parent.tree.kind === 'object' ? parent.tree : companionOf(parent)
  if (!holder) return []
  const type = parent.tree.kind === 'object' ? parent.type : 'Element'
  return propertiesOf(table, type, name).flatMap((property) => {
    const row = elementRow(table, type, property)
    return row ? itemsOf({ parent, holder, property }, row[0]) : []
  })
}

/** Whether R4 has such an element there; of choices and of resources in others some have it. */
export function mayHave(table: ElementTable, { tree, type, place }: Located, name: string): boolean {
  const row = place && elementRow(table, place.parent.type, place.property)
  if (row?.[0] === 'Resource' || row?.[2] !== undefined) return true
  return propertiesOf(table, tree.kind === 'object' ? type : 'Element', name).length > 0
}

function itemsOf(place: Place, type: string): readonly Located[] {
  const value = place.holder.members.get(place.property)
  const beside = place.holder.members.get(`_${place.property}`)
  const found = value ?? beside
  if (found?.kind !== 'list') return found ? [{ tree: value ?? NULL, type: typeOf(found, type), place }] : []
  const items = value?.kind === 'list' ? value.items : []
  return found.items.map((item, index) => ({
    tree: items[index] ?? NULL,
    type: typeOf(item, type),
    place: { ...place, index },
  }))
}

function typeOf(tree: Tree, type: string): string {
  const own =
    type === 'Resource' && tree.kind === 'object' ? stringIn(tree.members.get('resourceType')) : undefined
  return own ?? type
}

/** The object with id and extensions of a primitive. */
export function companionOf({ place }: Located): ObjectTree | undefined {
  if (!place) return undefined
  const beside = place.holder.members.get(`_${place.property}`)
  const own = beside?.kind === 'list' ? beside.items[place.index ?? 0] : beside
  return own?.kind === 'object' ? own : undefined
}
