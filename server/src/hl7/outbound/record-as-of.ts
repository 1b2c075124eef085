import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import type { LoggedCommit, Store, StoredVersion } from '../../store/port.ts'
import { parseForText } from '../mapping/values/written-numbers.ts'

export interface PastDeps {
  readonly resources: Store['resources']
  /** The commits behind one, as far as they are looked at. */
  readonly later: (commit: number) => Promise<readonly LoggedCommit[]>
  /** Whether a search by this key (`beneficiary=Patient/1`) would have found the version. */
  readonly isFoundBy: (version: StoredVersion, key: string) => Promise<boolean>
}

/** The record as it was when a commit had been written. */
export interface RecordAsOf {
  read(type: string, id: string): Promise<StoredVersion | undefined>
  /** What has the key, the last written `limits.hl7.referringMost` of it, the oldest first. */
  referring(type: string, key: string): Promise<readonly StoredVersion[]>
}

/**
 * A message says what was true when its change was written, however much later it is built: else an order goes astray with a patient who is
 * deleted meanwhile, and each step of a burst tells the last one. What is written behind the commit is looked at within bounds.
 */
export function recordAsOf({ resources, later, isFoundBy }: PastDeps, commit: number): RecordAsOf {
  const read = async (type: string, id: string) => versionAt(resources, { type, id, commit })
  const writtenLater = async (type: string) => {
    const commits = await later(commit)
    return commits.flatMap(({ changes }) => changes.filter((change) => change.type === type))
  }
  return {
    read,
    async referring(type, key) {
      const limit = limits.hl7.referringMost
      const places = await resources.scan({ type, key, order: 'updated', direction: 'desc', limit })
      const rows = await resources.fetch(
        type,
        places.map(({ id }) => id),
      )
      const there = rows.flatMap((row) => row ?? [])
      const same = there.filter((row) => row.commit <= commit)
      const newer = there.filter((row) => row.commit > commit)
      const changed = new Set([...newer, ...(await writtenLater(type))].map(({ id }) => id))
      const before = await Promise.all([...changed].map(async (id) => read(type, id)))
      const found = await Promise.all(
        before.map(async (one) =>
          one !== undefined && !one.deleted && (await isFoundBy(one, key)) ? [one] : [],
        ),
      )
      return [...same.filter(({ id }) => !changed.has(id)), ...found.flat()]
        .toSorted((a, b) => a.commit - b.commit)
        .slice(-limit)
    },
  }
}

interface Place {
  readonly type: string
  readonly id: string
  readonly commit: number
}

/** Versions of a resource are written by ever later commits, so halving finds the one of a time. */
async function versionAt(
  resources: Store['resources'],
  { type, id, commit }: Place,
): Promise<StoredVersion | undefined> {
  const current = await resources.read(type, id)
  if (current === undefined || current.commit <= commit) return current
  let found: StoredVersion | undefined
  for (let [low, high] = [1, current.version - 1]; low <= high;) {
    const middle = Math.floor((low + high) / 2)
    const version = await resources.vread(type, id, middle)
    const isBefore = version === undefined || version.commit <= commit
    if (isBefore) low = middle + 1
    else high = middle - 1
    if (isBefore && version !== undefined) found = version
  }
  return found
}

/**
 * @param address `Patient/1`, or `Coverage?beneficiary=Patient/1`
 * @param isEnd what is told of is deleted: what it refers to may be, too, and has its last version
 */
export async function resourcesAt(
  past: RecordAsOf,
  resources: Store['resources'],
  { address, isEnd }: { readonly address: string; readonly isEnd: boolean },
): Promise<readonly JsonObject[]> {
  const [type = '', key] = address.split('?')
  if (key !== undefined) return (await past.referring(type, key)).map(({ bytes }) => parseForText(bytes))
  const [of = '', id = ''] = address.split('/').slice(-2)
  const found = await past.read(of, id)
  const kept = isEnd && found?.deleted ? await resources.vread(of, id, found.version - 1) : found
  return kept === undefined || kept.deleted ? [] : [parseForText(kept.bytes)]
}
