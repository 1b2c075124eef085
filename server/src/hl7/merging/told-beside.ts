import type { JsonObject } from '../../kernel/json.ts'
import { keepImage, readLastImage } from '../record/last-image.ts'
import { lastWord } from '../record/word.ts'
import { wordOfDesk, type EffectDesk } from './effect-desk.ts'

/**
 * Changes what the message does not speak of itself. It is the word of the feed: what the feed says next is compared with it, and what it said
 * before says nothing any more.
 */
export async function tellBeside(
  desk: EffectDesk,
  reference: string,
  change: (resource: JsonObject) => JsonObject,
): Promise<void> {
  await desk.book.change(reference, change)
  const before = await readLastImage(desk.records, reference, desk.feed)
  if (before === undefined) return
  const word = lastWord(before, wordOfDesk(desk))
  const image = change(before.image)
  desk.changes.push(...keepImage({ reference, feed: desk.feed, before }, { ...before, ...word, image }))
}
