import type { JsonObject } from '../../kernel/json.ts'
import type { Effect, Ends } from '../mapping/model/image.ts'
import { objectsIn } from '../mapping/model/objects.ts'
import { referenceOf } from '../record/identity.ts'
import { worklistItem } from '../record/worklist.ts'
import type { EffectDesk } from './effect-desk.ts'
import { tellBeside } from './told-beside.ts'

/**
 * What a thing holds is over with it: results that are not final when their order was cancelled. Those of which the message speaks itself are not
 * meant; a code that only a person may change is an item of the worklist. What was said before the last word about the thing ends nothing.
 */
export async function endWith(desk: EffectDesk, { image, of = [], ends }: Effect): Promise<void> {
  const owner = desk.identities.get(image)
  const reference = referenceOf(owner)
  const holder = reference === undefined ? undefined : await desk.book.read(reference)
  if (ends === undefined || owner === undefined || holder === undefined) return
  if (holder[ends.element] !== owner.image.resource[ends.element]) return
  const told = new Set(of.map((key) => referenceOf(desk.identities.get(key))))
  const [list = '', ...members] = ends.list.split('.')
  const all = members.reduce(
    (items, member) => items.flatMap((one) => objectsIn(one[member])),
    objectsIn(holder[list]),
  )
  for (const { reference: held } of all)
    if (typeof held === 'string' && !told.has(held)) await endOne(desk, held, ends)
}

async function endOne(
  desk: EffectDesk,
  reference: string,
  { element, codes = {}, asks = {} }: Ends,
): Promise<void> {
  const current = (await desk.book.read(reference))?.[element]
  if (typeof current !== 'string') return
  const [code, asked] = [codes[current], asks[current]]
  if (asked !== undefined)
    desk.items.push(worklistItem({ ...desk, reference }, { element, current, incoming: asked }))
  if (code !== undefined)
    await tellBeside(desk, reference, (resource: JsonObject) => ({ ...resource, [element]: code }))
}
