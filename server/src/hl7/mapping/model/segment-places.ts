import type { Segment } from '../../message/message.ts'
import type { Occurrence } from './structure.ts'

/** A segment in its bracket. */
export interface Place {
  readonly here: Occurrence
  readonly segment: Segment
}

interface Wanted {
  readonly name: string
  /** The bracket itself has the segment; otherwise it is looked for in the brackets inside. */
  readonly isOwn: boolean
  /** By preference: the first that has any. */
  readonly brackets: readonly string[]
}

/** Segments that belong to one: in its bracket, or inside it. */
export function placesIn(of: Place, { name, isOwn, brackets }: Wanted): readonly Place[] {
  const places = isOwn ? own(of, name) : below(of.here, name)
  for (const bracket of brackets) {
    const inside = places.filter(({ here }) => here.name === bracket)
    if (inside.length > 0) return inside
  }
  return places
}

/** Of several segments of one name what stands behind the next one is not of this one: the second part of a visit is not of both. */
function own({ here, segment }: Place, name: string): readonly Place[] {
  const isOf = ({ index }: Segment): boolean => {
    const last = here.segments.findLast((one) => one.name === segment.name && one.index < index)
    return last === undefined || last === segment
  }
  return here.segments.filter((one) => one.name === name && isOf(one)).map((one) => ({ here, segment: one }))
}

function below(here: Occurrence, name: string): readonly Place[] {
  return here.inner.flatMap((inner) => [
    ...inner.segments.filter((one) => one.name === name).map((segment) => ({ here: inner, segment })),
    ...below(inner, name),
  ])
}
