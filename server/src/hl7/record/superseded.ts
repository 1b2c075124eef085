import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { AgainPart, ImagePart } from '../mapping/model/image.ts'
import { isElements, isSame } from './exact-json.ts'
import type { LastImage } from './last-image.ts'
import { hasCode } from './list-parts.ts'
import type { Conflict } from './merge.ts'
import { untoldOf } from './untold.ts'
import { isBefore, type Word } from './word.ts'

interface Said extends Word {
  readonly next: JsonObject
  readonly parts: readonly ImagePart[]
}

/**
 * The feed has said something later, or something that counts more. What comes late may still fill what was never told.
 *
 * @returns what counts of it; `undefined` when nothing does
 */
export function countingOf(before: LastImage | undefined, said: Said): JsonObject | undefined {
  const { next, parts } = said
  if (before === undefined) return next
  if (!isBefore(said, before))
    return parts.some((part) => isOutranked(before.image, next, part)) ? undefined : next
  return untoldOf(before, next, parts)
}

function isOutranked(before: JsonObject, next: JsonObject, part: ImagePart): boolean {
  if (typeof part === 'string' || !('rank' in part)) return false
  const [last, now] = [before[part.rank], next[part.rank]].map((code) =>
    part.codes.findIndex((codes) => codes.some((one) => one === code)),
  )
  return last !== undefined && now !== undefined && now !== -1 && now < last
}

/**
 * What is over begins again only behind its end, or where that is unknown behind its start. A beginning of before, such as an admission that
 * is sent again behind the discharge, says nothing any more.
 *
 * @returns codes that it would change: somebody has to look; `undefined` when the image counts
 */
export function toldBefore(
  current: JsonObject,
  { next, parts, eventTime }: Said,
): readonly Conflict[] | undefined {
  const part = parts.find(
    (one): one is AgainPart => typeof one === 'object' && 'again' in one && hasCode(current, one.over),
  )
  if (part === undefined) return undefined
  const [was, is] = [current[part.again], next[part.again]]
  const known = timeIn(was, 'end') ?? timeIn(was, 'start')
  const begins = timeIn(is, 'start') ?? eventTime
  if (known === undefined || begins === undefined || begins > known) return undefined
  return Object.keys(part.over).flatMap((element) => {
    const [now, incoming] = [current[element], next[element]]
    if (now === undefined || incoming === undefined || isSame(now, incoming)) return []
    return [{ element, current: now, incoming }]
  })
}

/** What the feed said before; of what it tells anew that is what the record has. */
export function withAnew(
  base: JsonObject | undefined,
  { current, next }: { readonly current: JsonObject; readonly next: JsonObject },
  parts: readonly ImagePart[],
): JsonObject | undefined {
  const names = parts.flatMap((part) => {
    if (typeof part !== 'object' || !('anew' in part)) return []
    if (part.while !== undefined && !hasCode(current, part.while)) return []
    const isNews = (name: string) => part.once !== true || !isSame(base?.[name], next[name])
    return part.anew.filter(isNews)
  })
  if (names.length === 0) return base
  return { ...base, ...Object.fromEntries(names.map((name) => [name, current[name]])) }
}

function timeIn(period: JsonValue | undefined, member: 'start' | 'end'): number | undefined {
  const text = isElements(period) ? period[member] : undefined
  const time = typeof text === 'string' ? Date.parse(text) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}
