import type { Message, Segment } from '../message/message.ts'
import type { MappingWarning } from './image.ts'
import type { Fields } from './node.ts'

/** Valued fields that no rule reads and no file names as ignored; a whole segment when no rule reads any of it. */
export function unreadWarnings(
  message: Message,
  fields: Fields,
  read: ReadonlyMap<string, ReadonlySet<number> | 'all'>,
): MappingWarning[] {
  const warnings: MappingWarning[] = []
  // The header belongs to the envelope and the wire.
  for (const segment of message.segments.slice(1)) {
    const known = read.get(segment.name)
    const label = fields.labelOf(segment)
    if (known === 'all') continue
    if (known === undefined)
      warnings.push({ kind: 'unmapped-field', at: label, text: 'No rule reads this segment' })
    else
      for (const field of unreadFields(segment, known))
        warnings.push({ kind: 'unmapped-field', at: `${label}-${field}`, text: 'No rule reads this field' })
  }
  return warnings
}

function unreadFields(segment: Segment, known: ReadonlySet<number>): number[] {
  const unread: number[] = []
  for (let field = 1; field <= segment.fieldCount; field++) {
    if (!known.has(field) && segment.rawField(field) !== '') unread.push(field)
  }
  return unread
}
