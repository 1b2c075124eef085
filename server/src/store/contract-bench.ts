import type { Clock } from '../kernel/clock.ts'
import type { Commit, ResourceWrite, Store } from './port.ts'

/** Where one test keeps its data: empty at first, opened again it has what was committed. */
export interface StorePlace {
  open(clock: Clock): Promise<Store>
  /** Everything is closed; the data goes away. */
  remove(): Promise<void>
}

/** What a contract test works with: the store of a fresh place, and the hand on its clock. */
export interface Bench {
  readonly store: Store
  now: number
  /** Closes the store and opens it again on the same data. */
  reopen(): Promise<Store>
}

export const START = Date.UTC(2026, 0, 15, 8, 30)

/** A commit of nothing but what a test names. */
export function commitOf(parts: Partial<Commit>): Commit {
  return { uuid: crypto.randomUUID(), time: START, writes: [], records: [], guards: [], ...parts }
}

/** A first version of a Patient; the body is the adapter's to keep byte by byte. */
export function writeOf(parts: Partial<ResourceWrite> & { id: string; body?: string }): ResourceWrite {
  const { body, ...rest } = parts
  const deleted = rest.method === 'DELETE'
  const type = rest.type ?? 'Patient'
  const expected = rest.expected ?? 0
  return {
    type,
    expected,
    method: expected === 0 ? 'POST' : 'PUT',
    lastUpdated: START,
    bytes: Buffer.from(
      deleted
        ? ''
        : (body ??
            JSON.stringify({ resourceType: type, id: rest.id, meta: { versionId: String(expected + 1) } })),
    ),
    keys: { k: [], r: [], n: [], date: START, patients: [] },
    ...rest,
  }
}

export function keysOf(parts: Partial<ResourceWrite['keys']>): ResourceWrite['keys'] {
  return { k: [], r: [], n: [], date: START, patients: [], ...parts }
}

export function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8')
}
