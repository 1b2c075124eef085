import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import type { Lookup } from '../../rules/outbound-rules.ts'
import { compileResourceExpression, type View } from './resource-expression.ts'

/** `#1` is inside of the resource itself. */
export function withContained({ contained }: JsonObject, lookup: Lookup): Lookup {
  const inside = (contained ?? []) as readonly JsonObject[]
  return async (address, when) =>
    address.startsWith('#') ? inside.filter(({ id }) => id === address.slice(1)) : lookup(address, when)
}

/** The record as it was before the change. */
export function before(lookup: Lookup): Lookup {
  return async (address) => lookup(address, 'before')
}

type StepTo = (view: View, lookup: Lookup) => Promise<readonly JsonValue[]>

/** An expression, or a type and a search parameter with `?` between them: what refers to what the step before has found. */
export function compileStep(text: string): StepTo {
  if (!/^[A-Z]\w*\?[a-z-]+$/.test(text)) {
    const step = compileResourceExpression(text)
    return (view) => Promise.resolve(step(view))
  }
  return async ({ focus }, lookup) => {
    const { resourceType, id } = focus as JsonObject
    const isResource = typeof resourceType === 'string' && typeof id === 'string'
    return isResource ? lookup(`${text}=${resourceType}/${id}`) : []
  }
}

/** What the steps lead to, one after the other: references are followed at each. */
export async function walk(
  view: View,
  steps: readonly StepTo[],
  lookup: Lookup,
): Promise<readonly JsonValue[]> {
  let found: readonly JsonValue[] = [view.focus]
  for (const step of steps) {
    const next = await Promise.all(found.map((focus) => step({ ...view, focus }, lookup)))
    const followed = await Promise.all(next.flat().map((value) => follow(value, lookup)))
    found = followed.filter((value) => value !== undefined)
  }
  return found
}

/** How others refer to what a segment is about. */
export function referenceTo(focus: JsonValue): { readonly reference?: string } {
  if (typeof focus !== 'object' || focus === null || Array.isArray(focus)) return {}
  const { resourceType, id, reference } = focus as JsonObject
  if (typeof resourceType === 'string' && typeof id === 'string')
    return { reference: `${resourceType}/${id}` }
  return typeof reference === 'string' ? { reference } : {}
}

/** A reference becomes the resource that it names; without one it stays what it is, for its display and identifier. */
export async function follow(value: JsonValue, lookup: Lookup): Promise<JsonValue | undefined> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const { reference } = value as JsonObject
  return typeof reference === 'string' ? ((await lookup(reference))[0] ?? value) : value
}
