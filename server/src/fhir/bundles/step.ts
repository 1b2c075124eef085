import type { Precondition } from '../resources.ts'
import type { Entry } from './entry.ts'

/** What one entry of a transaction comes down to once its criteria are resolved. */
export type Step =
  | {
      readonly kind: 'write'
      readonly entry: Entry
      readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
      readonly type: string
      readonly id: string
      readonly precondition?: Precondition
      /** Of a PATCH: the patched resource, and the version that it was made of. */
      readonly text?: string
      readonly read?: number
    }
  /** `ifNoneExist` found one: nothing is written, references go to it. */
  | { readonly kind: 'found'; readonly entry: Entry; readonly type: string; readonly id: string }
  /** A conditional deletion without match. */
  | { readonly kind: 'nothing'; readonly entry: Entry }
  | { readonly kind: 'read'; readonly entry: Entry }
