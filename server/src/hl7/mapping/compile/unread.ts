import { decodeEscapes, switchesByEscapes } from '../../message/escapes.ts'
import type { Segment } from '../../message/message.ts'
import { hasDoubtfulLine } from '../../message/parse-message.ts'
import type { MappingWarning } from '../model/image.ts'
import type { Fields } from '../model/node.ts'
import type { Occurrence } from '../model/structure.ts'
import type { CompiledMessage } from './compile-message.ts'

const DOUBTFUL = 'A line of a text begins like a segment that no version has; it was taken for text'

const SWITCHES =
  'The text switches by escape sequences to a character set that it is not in, or that is not supported; it stays as it was sent'

/** Valued fields that no rule reads and no file names as ignored; a whole segment when no rule reads any of it, or none in that bracket. */
export function unreadWarnings(
  root: Occurrence,
  fields: Fields,
  { read, mapped }: Pick<CompiledMessage, 'read' | 'mapped'>,
): MappingWarning[] {
  const warnings: MappingWarning[] = []
  const visit = ({ name, segments, inner }: Occurrence): void => {
    for (const segment of segments) {
      const known = read.get(segment.name)
      // The header belongs to the envelope and the wire.
      if (segment.index === 0) continue
      const label = fields.labelOf(segment)
      if (hasDoubtfulLine(segment)) warnings.push({ kind: 'bad-value', at: label, text: DOUBTFUL })
      warnings.push(...charsetWarnings(segment, label), ...controlWarnings(segment, label))
      if (known === 'all') continue
      if (known === undefined) warnings.push(unmapped(label, 'this segment'))
      else if (mapped.get(segment.name)?.has(name) === false)
        warnings.push(unmapped(label, `this segment in the bracket ${name}`))
      else
        for (const field of unreadFields(segment, known))
          warnings.push(unmapped(`${label}-${field}`, 'this field'))
    }
    for (const one of inner) visit(one)
  }
  visit(root)
  return warnings
}

function charsetWarnings(segment: Segment, label: string): MappingWarning[] {
  if (!switchesByEscapes(segment.raw, segment.delimitersOf(1))) return []
  const switching = fieldsWith(segment, (raw, field) => switchesByEscapes(raw, segment.delimitersOf(field)))
  return switching.map((field) => ({ kind: 'bad-value', at: `${label}-${field}`, text: SWITCHES }))
}

const CONTROLS = 'The text holds control characters, which the record cannot hold: they are left out'

// oxlint-disable-next-line no-control-regex
const CONTROL = /[\0-\x08\v\f\x0e-\x1f]/
/** As they are, or as sequences of HL7 spell them (`\X00\`). */
const MAY_HOLD = new RegExp(`${CONTROL.source}|X[01][\\dA-Fa-f]`)

function controlWarnings(segment: Segment, label: string): MappingWarning[] {
  if (!MAY_HOLD.test(segment.raw)) return []
  const held = fieldsWith(segment, (raw, field) =>
    CONTROL.test(decodeEscapes(raw, segment.delimitersOf(field))),
  )
  return held.map((field) => ({ kind: 'bad-value', at: `${label}-${field}`, text: CONTROLS }))
}

function fieldsWith(segment: Segment, has: (raw: string, field: number) => boolean): number[] {
  const fields = Array.from({ length: segment.fieldCount }, (_, at) => at + 1)
  return fields.filter((field) => has(segment.rawField(field), field))
}

function unmapped(at: string, what: string): MappingWarning {
  return { kind: 'unmapped-field', at, text: `No rule reads ${what}` }
}

function unreadFields(segment: Segment, known: ReadonlySet<number>): number[] {
  const unread: number[] = []
  for (let field = 1; field <= segment.fieldCount; field++) {
    if (segment.rawField(field) !== '' && !known.has(field)) unread.push(field)
  }
  return unread
}
