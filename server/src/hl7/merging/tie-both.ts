import type { JsonObject } from '../../kernel/json.ts'
import type { Effect } from '../mapping/model/image.ts'
import { referenceOf } from '../record/identity.ts'
import { MERGING } from '../record/merge-record.ts'
import { isBefore, lastWord, wordOf } from '../record/word.ts'
import { wordOfDesk, type EffectDesk } from './effect-desk.ts'

/** Links two, or takes their link away. What was said of the two before the last word about them says nothing any more. */
export async function tieBoth(
  desk: EffectDesk,
  { image, into }: Effect,
  change: (resource: JsonObject, other: string) => JsonObject,
): Promise<void> {
  const { identities, book, records, feed } = desk
  const [one, two] = [referenceOf(identities.get(image)), referenceOf(identities.get(into ?? ''))]
  if (one === undefined || two === undefined || one === two) return
  const id = `${[one, two].toSorted().join('|')}|${feed}`
  const last = wordOf((await records.get(MERGING.links, id))?.value)
  if (isBefore(wordOfDesk(desk), last)) return
  await book.change(one, (resource) => change(resource, two))
  await book.change(two, (resource) => change(resource, one))
  desk.changes.push({
    op: 'put',
    collection: MERGING.links,
    id,
    value: { ...lastWord(last, wordOfDesk(desk)) },
  })
}
