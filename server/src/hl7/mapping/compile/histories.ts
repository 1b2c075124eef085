import type { Fragment } from '../model/element.ts'
import type { HistoryPart } from '../model/image.ts'
import type { Draft, Written, Target } from './draft.ts'
import { pathOf } from './target.ts'

/** Rows say when what the message says of an element began: the item of its history has the element itself, too, or there is none. */
export function completeHistories(draft: Draft): void {
  for (const part of draft.parts) {
    if (typeof part === 'string' || !('history' in part)) continue
    const { resource, written } = draft
    const [item] = (resource[part.history] ?? []) as readonly Fragment[]
    if (item === undefined) continue
    const value = resource[part.of]
    if (value !== undefined) {
      item[part.of] = structuredClone(value)
      written.push(...written.flatMap((one) => inHistory(one, part)))
      continue
    }
    delete resource[part.history]
    const others = written.filter((one) => !pathOf(one).startsWith(`${part.history}[`))
    written.splice(0, written.length, ...others)
  }
}

/** The element comes from the same fields there. */
function inHistory(one: Written, { of, history }: HistoryPart): readonly Written[] {
  const path = pathOf(one)
  if (path !== of && !path.startsWith(`${of}.`)) return []
  return [{ ...one, target: below(one.target, `${history}[0]`) }]
}

function below(target: Target, path: string): Target {
  const { outer } = target
  return outer === undefined ? { ...target, path } : { ...target, outer: below(outer, path) }
}
