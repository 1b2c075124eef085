import { Node } from '../model/node.ts'
import type { Draft, Origin, Output, Target, Written } from './draft.ts'
import { pathOf } from './target.ts'

export function originOf(one: Written): Origin {
  return one.output.origin(one)
}

export function valueOrigin(one: Written): Origin {
  const { from, output } = one
  return from instanceof Node ? told(from.source, alsoOf(output, one.target), output) : constantOrigin(one)
}

/** A constant comes with the segment, and with the value that it is tied to. */
export function constantOrigin({ from, target, output }: Written): Origin {
  const also = alsoOf(output, target)
  const source = target.fields.labelOf(target.segment)
  return told(source, from instanceof Node ? [fieldOf(from), ...(also ?? [])] : also, output)
}

/** What a table says comes with the value, not from it. */
export function tableOrigin({ from, target, output }: Written): Origin {
  if (!(from instanceof Node)) return told('', [], output)
  return told(from.home.label, [fieldOf(from), ...(alsoOf(output, target) ?? [])], output)
}

export function eventOrigin(one: Written): Origin {
  return { ...valueOrigin(one), source: one.target.work.eventSource }
}

/** A reference comes from what identifies the other image. */
export function referenceOrigin({ from, target, output }: Written): Origin {
  const referred = from as Draft
  referred.sources ??= [...new Set(sourcesOf(referred))]
  const [source = referred.type, ...others] = referred.sources
  const also = [...others, ...(alsoOf(output, target) ?? [])]
  return told(source, also.length > 0 ? also : undefined, output)
}

/** Positions that the identity was read from. */
function sourcesOf({ identity, written }: Draft): readonly string[] {
  return identity.flatMap((one) => {
    if (typeof one !== 'string') return one instanceof Node ? one.source : sourcesOf(one)
    const paths = new Set([`${one}.value`, `${one}.system`])
    return written.flatMap((element) => (paths.has(pathOf(element)) ? originOf(element).source : []))
  })
}

function told(source: string, also: readonly string[] | undefined, { rule }: Output): Origin {
  return also === undefined ? { source, rule } : { source, also, rule }
}

function fieldOf({ home: { label, field } }: Node): string {
  return `${label}-${field}`
}

/** Fields beside the value's own that decided about it, and about the objects that it is in. */
function alsoOf(
  { fields }: Output,
  { outer, by, segment, fields: message }: Target,
): readonly string[] | undefined {
  const around = outer === undefined || by === undefined ? undefined : alsoOf(by, outer)
  if (fields.length === 0) return around
  const own = fields.map(({ segment: name, field }) => {
    const label = segment.name === name ? message.labelOf(segment) : name
    return `${label}-${field}`
  })
  return around === undefined ? own : [...around, ...own]
}
