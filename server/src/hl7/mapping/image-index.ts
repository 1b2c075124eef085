import type { Draft } from './draft.ts'
import type { Occurrence } from './structure.ts'

/** Images by key and bracket; each is also known to the brackets around its own. */
export interface ImageIndex {
  add(key: string, here: Occurrence, draft: Draft): void
  inside(key: string, here: Occurrence): readonly Draft[]
  /** The first in the bracket, else in the brackets around it. */
  nearest(key: string, here: Occurrence): Draft | undefined
}

const NONE: readonly Draft[] = []

export function createIndex(): ImageIndex {
  const byKey = new Map<string, Map<Occurrence, Draft[]>>()
  const inside = (key: string, here: Occurrence): readonly Draft[] => byKey.get(key)?.get(here) ?? NONE
  return {
    inside,
    add: (key, here, draft) => {
      const known = byKey.get(key) ?? new Map<Occurrence, Draft[]>()
      byKey.set(key, known)
      for (let around: Occurrence | undefined = here; around !== undefined; around = around.parent) {
        const same = known.get(around)
        if (same === undefined) known.set(around, [draft])
        else same.push(draft)
      }
    },
    nearest: (key, here) => {
      for (let around: Occurrence | undefined = here; around !== undefined; around = around.parent) {
        const [first] = inside(key, around)
        if (first !== undefined) return first
      }
      return undefined
    },
  }
}
