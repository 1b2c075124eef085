import type { JsonValue } from '../../kernel/json.ts'
import { isSame } from '../flow/exact-json.ts'
import { referenceOf } from '../flow/identity.ts'
import { worklistItem, type WorkItem } from '../flow/worklist.ts'
import type { Effect } from '../mapping/image.ts'
import type { EffectDesk } from './effect-desk.ts'
import { MERGING } from './merge-record.ts'
import { withdrawn } from './merged-resources.ts'

/** What was in the last snapshot of the feed and is missing now was withdrawn; what another feed still has in its own is for a person. */
export async function snapshot(desk: EffectDesk, { rule, image, of = [] }: Effect): Promise<void> {
  const owner = referenceOf(desk.identities.get(image))
  if (owner === undefined) return
  const items = of.flatMap((key) => referenceOf(desk.identities.get(key)) ?? [])
  const id = `${owner}|${desk.feed}|${rule}`
  const record = await desk.records.get(MERGING.snapshots, id)
  const earlier = record === undefined || record.value instanceof Uint8Array ? [] : record.value['items']
  const missing = (Array.isArray(earlier) ? (earlier as readonly string[]) : []).filter(
    (one) => !items.includes(one),
  )
  const others = missing.length === 0 ? new Set() : await inOtherSnapshots(desk, { owner, rule })
  for (const reference of missing) {
    if (others.has(reference)) desk.items.push(...(await doubted(desk, reference)))
    else await desk.book.change(reference, withdrawn)
  }
  const content = { collection: MERGING.snapshots, id, value: { items } }
  desk.changes.push(
    record === undefined
      ? { op: 'insert', ...content }
      : { op: 'replace', revision: record.revision, ...content },
  )
}

/** What feeds but that of the message have in their last snapshots. */
async function inOtherSnapshots(
  { records, feed }: EffectDesk,
  { owner, rule }: { readonly owner: string; readonly rule: string },
): Promise<ReadonlySet<JsonValue>> {
  const found = await records.range({
    collection: MERGING.snapshots,
    from: `${owner}|`,
    to: `${owner}}`,
    limit: MOST_SNAPSHOTS,
  })
  const others = found.filter(({ id }) => id.endsWith(`|${rule}`) && id !== `${owner}|${feed}|${rule}`)
  const items = others.flatMap(({ value }) => (value instanceof Uint8Array ? [] : (value['items'] ?? [])))
  return new Set(items.flat())
}

const MOST_SNAPSHOTS = 1000

/** What would change if it was withdrawn: whether it was is for a person. */
async function doubted(desk: EffectDesk, reference: string): Promise<readonly WorkItem[]> {
  const current = await desk.book.read(reference)
  if (current === undefined) return []
  const then = withdrawn(current)
  return [...new Set([...Object.keys(current), ...Object.keys(then)])].flatMap((element) => {
    const [now, incoming] = [current[element], then[element]]
    if (isSame(now, incoming)) return []
    return worklistItem(
      { ...desk, reference },
      { element, ...(now !== undefined && { current: now }), ...(incoming !== undefined && { incoming }) },
    )
  })
}
