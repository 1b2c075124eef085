import type { Message } from '../message/message.ts'
import type { Mapped } from './model/image.ts'

/** What became of the fields that messages of one type have filled. */
export interface FieldCoverage {
  readonly type: string
  readonly messages: number
  readonly refused: number
  /** Fields with a value, each segment for itself; the header belongs to the wire and is not counted. */
  readonly fields: number
  /** Of them: those that wrote an element or decided about one. */
  readonly mapped: number
  /** Of them: those that no rule reads and no file names, so that they are reported. */
  readonly unread: number
}

export interface CoverageCount {
  /** @param mapped absent for a message that was refused */
  add(type: string, message: Message, mapped: Mapped | undefined): void
  byType(): readonly FieldCoverage[]
}

/** Counts, by message type, which share of the fields that senders fill reaches the record. */
export function countCoverage(): CoverageCount {
  const counts = new Map<string, Mutable<FieldCoverage>>()
  return {
    add(type, message, mapped) {
      const count = counts.get(type) ?? { type, messages: 0, refused: 0, fields: 0, mapped: 0, unread: 0 }
      counts.set(type, count)
      count.messages += 1
      if (mapped === undefined) count.refused += 1
      else addFields(count, message, mapped)
    },
    byType: () => [...counts.values()].toSorted((a, b) => a.type.localeCompare(b.type)),
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

function addFields(count: Mutable<FieldCoverage>, message: Message, mapped: Mapped): void {
  const used = usedFields(mapped)
  const told = new Set(mapped.warnings.filter(({ kind }) => kind === 'unmapped-field').map(({ at }) => at))
  const places = new Map<string, number>()
  for (const segment of message.segments.slice(1)) {
    const place = (places.get(segment.name) ?? 0) + 1
    places.set(segment.name, place)
    const labels = [`${segment.name}[${place}]`, ...(place === 1 ? [segment.name] : [])]
    for (let field = 1; field <= segment.fieldCount; field++) {
      if (segment.rawField(field) === '') continue
      count.fields += 1
      if (labels.some((label) => used.has(`${label}-${field}`))) count.mapped += 1
      else if (labels.some((label) => told.has(`${label}-${field}`) || told.has(label))) count.unread += 1
    }
  }
}

/** `ABC-5`, `ABC[2]-3`: fields that some element came from or depends on. */
function usedFields({ images }: Mapped): ReadonlySet<string> {
  const used = new Set<string>()
  for (const { trace } of images)
    for (const { source, also = [] } of trace)
      for (const at of [source, ...also]) used.add(/^[A-Z][A-Z0-9]{2}(?:\[\d+\])?-\d+/.exec(at)?.[0] ?? '')
  return used
}
