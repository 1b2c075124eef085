import type { ElementTable } from '../../elements.ts'
import { repeats } from '../../elements.ts'
import type { Element, ElementType } from '../../generate/model.ts'
import type { ElementModel } from '../../generate/profiles/tree.ts'
import { PRIMITIVES } from '../../validation/primitives.ts'

/** R4's elements as the running hub knows them: which are there, of which types, and whether they repeat; of primitives what stands in `_name`. */
export function tableModel(table: ElementTable): ElementModel {
  const made = new Map<string, { readonly elements: ReadonlyMap<string, Element> }>()
  return {
    get: (type) => {
      const owner = Object.hasOwn(PRIMITIVES, type) ? 'Element' : type
      if (!Object.hasOwn(table, owner)) return undefined
      const known = made.get(type) ?? { elements: elementsOf(table, owner) }
      made.set(type, known)
      return known
    },
  }
}

function elementsOf(table: ElementTable, type: string): ReadonlyMap<string, Element> {
  const elements = new Map<string, Element & { readonly types: ElementType[] }>()
  for (const [property, row] of Object.entries(table[type] ?? {})) {
    const [valueType, , choice] = row
    const name = choice ?? property
    const element = elements.get(name) ?? {
      name,
      choice: choice !== undefined,
      // What R4 itself requires is checked before any profile.
      required: false,
      repeats: repeats(row),
      types: [],
      constraints: [],
      summary: false,
      modifier: false,
    }
    element.types.push({ type: valueType, property, targets: [] })
    elements.set(name, element)
  }
  return elements
}
