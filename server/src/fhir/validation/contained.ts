import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { Check } from './check.ts'
import { isObject } from './collections.ts'

/**
 * Contained resources are referred to from somewhere in their container, or refer to it (dom-3). The fragments were noted on the way
 * down, so that this needs no second pass.
 */
export function checkContained(container: JsonObject, check: Check): void {
  const { contained } = container
  if (!Array.isArray(contained)) return
  for (const each of contained as readonly JsonValue[]) {
    const id = isObject(each) ? each['id'] : undefined
    if (typeof id !== 'string' || !check.fragments.includes(`#${id}`)) reportUnused(each, id, check)
  }
}

/** Contained resources are told apart by their ids. @param known those before */
export function checkContainedId({ id }: JsonObject, known: Set<JsonValue | undefined>, check: Check): void {
  if (id !== undefined && known.has(id))
    check.addAt('id', 'value', 'Two contained resources have this id: change one, and what refers to it.')
  known.add(id)
}

function reportUnused(resource: JsonValue, id: JsonValue | undefined, check: Check): void {
  if (refersToContainer(resource)) return
  check.fault(
    'invariant',
    typeof id === 'string'
      ? `dom-3: If the resource is contained in another resource, it SHALL be referred to from elsewhere in the resource or SHALL refer to the containing resource: refer to "#${id.slice(0, 64)}", or leave it out.`
      : 'dom-3: If the resource is contained in another resource, it SHALL be referred to from elsewhere in the resource: give each contained resource an id and refer to it.',
  )
}

function refersToContainer(value: JsonValue | undefined): boolean {
  if (value === '#') return true
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value as JsonObject).some(refersToContainer)
}
