import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { isSame, leavesOf } from './exact-json.ts'

export interface ElementChange {
  readonly reference: string
  readonly element: string
  readonly before?: JsonValue
  readonly after?: JsonValue
}

/** A resource before and behind. */
export interface Changed {
  readonly reference: string
  readonly was: JsonObject
  readonly is: JsonObject
}

/** What differs between two versions of a resource, element by element. */
export function elementChanges(
  reference: string,
  { was, is }: { readonly was: JsonObject; readonly is: JsonObject },
): readonly ElementChange[] {
  const [then, now] = [leavesOf(was), leavesOf(is)]
  return [...new Set([...then.keys(), ...now.keys()])].flatMap((element) => {
    const [before, after] = [then.get(element), now.get(element)]
    if (isSame(before, after)) return []
    return [
      {
        reference,
        element,
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { after }),
      },
    ]
  })
}
