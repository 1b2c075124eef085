import type { Segment } from '../../message/message.ts'
import type { Occurrence } from '../model/structure.ts'
import type { Draft } from './draft.ts'

/** Images by key and bracket; each is also known to the brackets around its own. */
export interface ImageIndex {
  add(key: string, here: Occurrence, draft: Draft): void
  inside(key: string, here: Occurrence): readonly Draft[]
  /**
   * The first in the bracket, else in the brackets around it; never of another occurrence of a bracket that was left: an order is not that of
   * the result beside it. Of several that stand in the bracket itself the last one before the segment.
   */
  nearest(key: string, here: Occurrence, segment: Segment): Draft | undefined
}

/** What a bracket knows of one key: its images, and for each the name of the inner bracket that it came from. */
interface Known {
  readonly drafts: Draft[]
  readonly from: (string | undefined)[]
}

const NONE: readonly Draft[] = []

export function createIndex(): ImageIndex {
  const byKey = new Map<string, Map<Occurrence, Known>>()
  return {
    inside: (key, here) => byKey.get(key)?.get(here)?.drafts ?? NONE,
    add: (key, here, draft) => {
      const known = byKey.get(key) ?? new Map<Occurrence, Known>()
      byKey.set(key, known)
      let from: string | undefined
      for (let around: Occurrence | undefined = here; around !== undefined; around = around.parent) {
        const same = known.get(around) ?? { drafts: [], from: [] }
        known.set(around, same)
        same.drafts.push(draft)
        same.from.push(from)
        from = around.name
      }
    },
    nearest: (key, here, segment) => {
      const byBracket = byKey.get(key)
      let left: string | undefined
      for (let around: Occurrence | undefined = here; around !== undefined; around = around.parent) {
        const known = byBracket?.get(around)
        const at = known?.from.findIndex((from) => from === undefined || from !== left) ?? -1
        if (known !== undefined && at !== -1) return lastBefore(segment, known, at)
        left = around.name
      }
      return undefined
    },
  }
}

/** A diagnosis is of the visit that stands before it. */
function lastBefore(segment: Segment, { drafts, from }: Known, at: number): Draft | undefined {
  const beside = from[at] === undefined ? drafts.filter((_, one) => from[one] === undefined) : []
  return (
    beside.findLast(({ target }) => target !== undefined && target.segment.index < segment.index) ??
    drafts[at]
  )
}
