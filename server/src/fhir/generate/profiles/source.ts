import type { Bindings } from '../bindings.ts'
import type { InvariantSource } from '../emit-invariants.ts'
import type { Element } from '../model.ts'
import type { ProfileSources } from './definitions.ts'

export interface ProfileSource extends InvariantSource {
  readonly sources: ProfileSources
  readonly bindings: Bindings
}

/** Where a node stands: its element (absent for the profile's own root) and the types that it may have there. */
export interface Spot {
  readonly element?: Element
  readonly types: readonly string[]
  /** The type of which the profile is one. */
  readonly root: string
  /** Slices count their items themselves. */
  readonly isSlice?: boolean
}

/** JavaScript of an object from that of its members. */
export function object(members: Readonly<Record<string, string>>): string {
  return `{ ${Object.entries(members)
    .map(([name, js]) => `${name}: ${js}`)
    .join(', ')} }`
}
