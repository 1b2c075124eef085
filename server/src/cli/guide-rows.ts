import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { loadRules } from '../hl7/mapping/rules/load.ts'
import type { Row, RuleFiles } from '../hl7/mapping/rules/rules.ts'
import { readCsv } from '../hl7/mapping/rules/table.ts'

/** A row of the segment maps of the v2-to-FHIR guide that names an element, and whether rules of ours read its field. */
export interface GuideRow {
  /** `PID[Patient]` */
  readonly map: string
  /** `PID-5` */
  readonly field: string
  readonly attribute: string
  /** `met`: into the same element; `elsewhere`: into another one, or by rows of a data type; `missing`: no rule reads the field. */
  readonly state: 'met' | 'elsewhere' | 'missing'
}

interface Reading {
  /** Paths and conditions of a row and of those around it. */
  readonly text: string
  /** First part of the element. */
  readonly element: string
}

/**
 * Compares the guide's segment maps with our rules, field by field.
 *
 * @param guide folder `mappings` of the guide
 */
export async function compareWithGuide(guide: string, mappings: string): Promise<readonly GuideRow[]> {
  const folder = join(guide, 'segments')
  const rules = await loadRules(mappings)
  const readings = readingsOf(rules.files([]))
  const rows: GuideRow[] = []
  for (const name of (await readdir(folder)).toSorted()) {
    const [, map = ''] = /_ (\w+\[[\w-]+\]) - /.exec(name) ?? []
    if (map === '') continue
    const lines = readCsv((await readFile(join(folder, name), 'utf8')).replace(/^\uFEFF/, '')).slice(2)
    for (const cells of lines) {
      const [, field = '', , , , , , , , attribute = ''] = cells.map((cell) => cell.trim())
      if (field !== '' && attribute !== '')
        rows.push({ map, field, attribute, state: stateOf(field, attribute, readings) })
    }
  }
  return rows
}

function stateOf(field: string, attribute: string, readings: readonly Reading[]): GuideRow['state'] {
  const place = new RegExp(`(?<![\\w-])${field.replace('-', String.raw`(?:\[\*\])?-`)}(?!\\d)`)
  const reading = readings.filter(({ text }) => place.test(text))
  if (reading.length === 0) return 'missing'
  const wanted = topOf(attribute)
  return reading.some(({ element }) => element === wanted) ? 'met' : 'elsewhere'
}

/** `value` of `valueQuantity.unit`, `participant` of `participant[1].type`. */
function topOf(path: string): string {
  return (/^[a-z]+/.exec(path.trim()) ?? [''])[0]
}

function readingsOf({ segments, datatypes, images, messages }: RuleFiles): readonly Reading[] {
  const readings: Reading[] = []
  const gather = (rows: readonly Row[], outer: string, top: string): void => {
    for (const row of rows) {
      const text = [outer, row.from, row.when, row.plus].filter(Boolean).join(' ')
      const element = top === '' ? topOf(row.to) : top
      readings.push({ text, element })
      gather(row.rows ?? [], text, element)
    }
  }
  for (const { rows } of segments.values()) gather(rows, '', '')
  for (const { rows } of datatypes.values()) gather(rows, '', '')
  const made = [...images.values(), ...[...messages.values()].flatMap((message) => message.images)]
  for (const image of made)
    for (const { to, when = '', rows = [] } of image.links ?? []) {
      const element = topOf(to)
      readings.push({ text: when, element })
      gather(rows, when, element)
    }
  return readings
}
