import type { JsonValue } from '../../kernel/json.ts'
import type { StoredRecord } from '../../store/port.ts'
import type { Effect } from '../mapping/model/image.ts'
import { isSame } from '../record/exact-json.ts'
import { referenceOf } from '../record/identity.ts'
import { MERGING } from '../record/merge-record.ts'
import { isBefore, lastWord, wordOf, type KeptWord } from '../record/word.ts'
import { worklistItem, type WorkItem } from '../record/worklist.ts'
import { wordOfDesk, type EffectDesk } from './effect-desk.ts'
import { withdrawn } from './merged-resources.ts'
import { tellBeside } from './told-beside.ts'

/**
 * What was in the last snapshot of the feed and is missing now was withdrawn; what another feed still has in its own is for a person. So is what
 * an earlier one has that comes behind it: it withdraws nothing.
 */
export async function snapshot(desk: EffectDesk, { rule, image, of = [] }: Effect): Promise<void> {
  const owner = referenceOf(desk.identities.get(image))
  if (owner === undefined) return
  const items = of.flatMap((key) => referenceOf(desk.identities.get(key)) ?? [])
  const id = `${owner}|${desk.feed}|${rule}`
  const record = await desk.records.get(MERGING.snapshots, id)
  const { earlier, last } = keptIn(record)
  if (isBefore(wordOfDesk(desk), last))
    return askOf(
      desk,
      items.filter((one) => !earlier.includes(one)),
    )
  const missing = earlier.filter((one) => !items.includes(one))
  const others = missing.length === 0 ? new Set() : await inOtherSnapshots(desk, { owner, rule })
  for (const reference of missing) {
    if (others.has(reference)) await askOf(desk, [reference])
    else await tellBeside(desk, reference, (resource) => withdrawn(resource, reference))
  }
  const content = { collection: MERGING.snapshots, id, value: { items, ...lastWord(last, wordOfDesk(desk)) } }
  desk.changes.push(
    record === undefined
      ? { op: 'insert', ...content }
      : { op: 'replace', revision: record.revision, ...content },
  )
}

function keptIn(record: StoredRecord | undefined): {
  readonly earlier: readonly string[]
  readonly last: KeptWord
} {
  const value = record === undefined || record.value instanceof Uint8Array ? {} : record.value
  const { items } = value
  return { earlier: Array.isArray(items) ? (items as readonly string[]) : [], last: wordOf(value) }
}

async function askOf(desk: EffectDesk, references: readonly string[]): Promise<void> {
  for (const reference of references) desk.items.push(...(await doubted(desk, reference)))
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
  const then = withdrawn(current, reference)
  return [...new Set([...Object.keys(current), ...Object.keys(then)])].flatMap((element) => {
    const [now, incoming] = [current[element], then[element]]
    if (isSame(now, incoming)) return []
    return worklistItem(
      { ...desk, reference },
      { element, ...(now !== undefined && { current: now }), ...(incoming !== undefined && { incoming }) },
    )
  })
}
