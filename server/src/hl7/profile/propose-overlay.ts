import { stringify } from 'yaml'

import type { MappingWarning } from '../mapping/model/image.ts'
import type { ImageRule, Row, RuleFiles, SharedImage, TableRow } from '../mapping/rules/rules.ts'
import { writeTable } from '../mapping/rules/table.ts'
import type { Message } from '../message/message.ts'
import { nameOf, placeOf, type Place } from './place.ts'
import { FieldShape } from './shape.ts'

/** A file of the overlay, by its path in `mappings/`. */
export interface ProposedFile {
  readonly path: string
  readonly text: string
}

interface LooseField {
  readonly at: string
  readonly count: number
}

interface LooseCode {
  readonly table: string
  readonly code: string
  /** What the sender calls it, when it says so. */
  readonly text: string
  readonly count: number
}

export interface Proposal {
  readonly files: ProposedFile[]
  /** Fields that no rule reads, and for which no place was found. */
  readonly fields: LooseField[]
  /** Codes that no table has, and that the tables do not say by their text: a person decides. */
  readonly codes: LooseCode[]
}

interface SegmentDraft {
  readonly segment: string
  readonly place: Place
  readonly fields: Map<number, FieldShape>
}

/** Different fields and codes that one proposal speaks of. */
const MOST = 500
const POSITION = /^([A-Z][A-Z0-9]{2})(?:\[\d+\])?(?:-(\d+))?$/

/**
 * Makes of what the rules of a feed did not take a proposal for an overlay: rows that keep fields nobody reads as extensions, and code rows
 * where the sender's text is that of a code which the table knows. Nothing of it counts before a person has put it into `mappings/`.
 */
export class OverlayProposal {
  readonly #rules: RuleFiles
  readonly #name: string
  readonly #segments = new Map<string, SegmentDraft>()
  readonly #fields = new Map<string, number>()
  readonly #codes = new Map<string, { table: string; code: string; text: string; count: number }>()

  /**
   * @param rules those of the feed, its overlays included
   * @param name of the overlay: a folder name
   */
  constructor(rules: RuleFiles, name: string) {
    this.#rules = rules
    this.#name = name
  }

  /** Takes what the mapping of one message reported. */
  note(message: Message, warnings: readonly MappingWarning[]): void {
    for (const { kind, at, code } of warnings) {
      if (code !== undefined) this.#noteCode(code, textOfCode(message, at))
      if (kind !== 'unmapped-field') continue
      const [, segment = '', field] = POSITION.exec(at) ?? []
      if (segment !== '') this.#noteFields(message, segment, field === undefined ? undefined : Number(field))
    }
  }

  finish(): Proposal {
    const codes = [...this.#codes.values()].toSorted((a, b) => b.count - a.count)
    const rows = codes.map((code) => ({ code, row: this.#rowOf(code) }))
    return {
      files: [...this.#messageFiles(), ...this.#segmentFiles(), ...tableFiles(this.#name, rows)],
      fields: [...this.#fields].map(([at, count]) => ({ at, count })).toSorted((a, b) => b.count - a.count),
      codes: rows.flatMap(({ code, row }) => (row === undefined ? [code] : [])),
    }
  }

  #noteCode({ table, value }: NonNullable<MappingWarning['code']>, text: string): void {
    const key = `${table}\n${value}`
    const known = this.#codes.get(key)
    if (known) known.count++
    else if (this.#codes.size < MOST) this.#codes.set(key, { table, code: value, text, count: 1 })
  }

  /** @param field absent when no rule reads any field of the segment */
  #noteFields(message: Message, segment: string, field: number | undefined): void {
    const place = placeOf(this.#rules, message, segment)
    if (place === undefined) return this.#noteLoose(field === undefined ? segment : `${segment}-${field}`)
    const { fields } = this.#draftFor(segment, place)
    for (const one of message.segments) {
      if (one.name !== segment) continue
      for (let number = field ?? 1; number <= (field ?? one.fieldCount); number++) {
        const shape = fields.get(number) ?? new FieldShape()
        fields.set(number, shape)
        shape.note(one.field(number))
      }
    }
  }

  #noteLoose(at: string): void {
    const count = this.#fields.get(at) ?? 0
    if (count > 0 || this.#fields.size < MOST) this.#fields.set(at, count + 1)
  }

  #draftFor(segment: string, place: Place): SegmentDraft {
    const key = `${place.message} ${nameOf(place.image)} ${place.map}`
    const draft = this.#segments.get(key) ?? { segment, place, fields: new Map<number, FieldShape>() }
    if (this.#segments.size < MOST) this.#segments.set(key, draft)
    return draft
  }

  #segmentFiles(): ProposedFile[] {
    const files = new Map<string, { readonly segment: string; readonly type: string; readonly rows: Row[] }>()
    for (const { segment, place, fields } of this.#segments.values()) {
      const file = files.get(place.map) ?? { segment, type: place.type, rows: [] }
      files.set(place.map, file)
      for (const [number, shape] of [...fields].toSorted(([a], [b]) => a - b)) {
        const id = `${segment}-${number}`
        const value = shape.row
        if (value === undefined || file.rows.some((row) => row.id === id)) continue
        file.rows.push(this.#rowFor(id, value))
      }
    }
    return [...files].map(([map, file]) => this.#file(`segments/${map}.yaml`, stringify(file)))
  }

  #rowFor(id: string, value: Pick<Row, 'to' | 'fn' | 'type'>): Row {
    return {
      id,
      from: id,
      to: 'extension[+]',
      rows: [
        { id: `${id}.url`, to: 'url', const: `urn:mogran:site:${this.#name}:${id.toLowerCase()}` },
        { id: `${id}.value`, from: '$this', ...value },
      ],
    }
  }

  /** Images that take a map which they did not take before. */
  #messageFiles(): ProposedFile[] {
    const files = new Map<string, Map<string, { readonly place: Place; readonly added: Set<string> }>>()
    for (const { place } of this.#segments.values()) {
      if (place.maps.includes(place.map)) continue
      const images = files.get(place.message) ?? new Map<string, { place: Place; added: Set<string> }>()
      files.set(place.message, images)
      const image = images.get(nameOf(place.image)) ?? { place, added: new Set<string>() }
      images.set(nameOf(place.image), image)
      image.added.add(place.map)
    }
    return [...files].map(([message, images]) => {
      const changed = [...images.values()].map(({ place, added }) => addition(place.image, added))
      return this.#file(`messages/${message}.yaml`, stringify({ images: changed }))
    })
  }

  /** By the text of the sender, which must be that of one known meaning. */
  #rowOf({ table, code, text }: LooseCode): TableRow | undefined {
    const wanted = text.trim().toLowerCase()
    if (wanted === '') return undefined
    const alike = (this.#rules.tables.get(table) ?? []).filter(
      (row) => row.to !== '' && [row.text, row.display].some((name) => name.toLowerCase() === wanted),
    )
    const [first] = alike
    if (first === undefined || alike.some(({ to }) => to !== first.to)) return undefined
    const system = `urn:mogran:site:${this.#name}:${table}`
    return { ...first, code, text, system, origin: 'own' }
  }

  #file(path: string, text: string): ProposedFile {
    return { path: `overlays/${this.#name}/${path}`, text }
  }
}

/** An image by the name that an overlay calls it, with the maps that join those which it has. */
function addition(image: ImageRule | SharedImage, added: Iterable<string>): object {
  const adds = [...added]
  return image.key === undefined && 'use' in image ? { use: image.use, adds } : { key: nameOf(image), adds }
}

function tableFiles(
  name: string,
  rows: readonly { readonly code: LooseCode; readonly row: TableRow | undefined }[],
): ProposedFile[] {
  const tables = new Map<string, TableRow[]>()
  for (const { code, row } of rows)
    if (row !== undefined) tables.set(code.table, [...(tables.get(code.table) ?? []), row])
  return [...tables].map(([table, found]) => ({
    path: `overlays/${name}/tables/${table}.csv`,
    text: writeTable(found),
  }))
}

/** The second component of a coded value: `PV1-2`, `OBX[2]-5[1].1`. */
function textOfCode(message: Message, at: string): string {
  const [, field, component = '1'] =
    /^([A-Z][A-Z0-9]{2}(?:\[\d+\])?-\d+(?:\[\d+\])?)(?:\.(\d+))?$/.exec(at) ?? []
  return field === undefined || component !== '1' ? '' : message.get(`${field}.2`)
}
