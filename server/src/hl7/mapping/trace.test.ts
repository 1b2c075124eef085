import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

import type { JsonValue } from '../../kernel/json.ts'
import { parseMessage } from '../message/parse-message.ts'
import { createMapper } from './mapper.ts'
import type { Mapped } from './model/image.ts'

const MAPPINGS = fileURLToPath(new URL('../../../../mappings/', import.meta.url))
const mapper = await createMapper(MAPPINGS)
const caseText = (name: string): string => readFileSync(`${MAPPINGS}tests/${name}/in.hl7`, 'utf8')

it.each(['admit', 'discharge', 'blood-count', 'result-values'])(
  'traces every primitive element of %s once',
  (name) => {
    for (const { key, type, resource, trace } of mapper.map(parseMessage(caseText(name)), 'default').images) {
      const { resourceType, ...content } = resource
      const elements = [...leavesOf(content, type).keys()]
      expect([key, trace.map(({ element }) => element).toSorted()]).toEqual([key, elements.toSorted()])
      expect(resourceType).toBe(type)
    }
  },
)

const FIELDS = ['admit', 'discharge', 'blood-count'].flatMap((name) => fieldsOf(name))

it.each(FIELDS)(
  'changes exactly the elements that are traced to it: $position of $name',
  ({ name, line, field, position }) => {
    const text = caseText(name)
    const before = facts(mapper.map(parseMessage(text), 'default'))
    const after = facts(mapper.map(parseMessage(changeField(text, line, field)), 'default'))
    const all = new Set([...before.values.keys(), ...after.values.keys()])
    const differing = [...all].filter((path) => before.values.get(path) !== after.values.get(path)).toSorted()

    const mayDiffer = new Set([...before.named(position), ...after.named(position)])
    expect(differing.filter((path) => !mayDiffer.has(path))).toEqual([])
    expect(before.from(position).filter((path) => !differing.includes(path))).toEqual([])
  },
)

function fieldsOf(name: string): { name: string; line: number; field: number; position: string }[] {
  const lines = caseText(name).split('\r')
  const labels = lines.map((line, index) => {
    const segment = line.slice(0, 3)
    const same = lines.map((one) => one.slice(0, 3)).flatMap((one, at) => (one === segment ? [at] : []))
    return same.length > 1 ? `${segment}[${same.indexOf(index) + 1}]` : segment
  })
  return lines.flatMap((text, line) =>
    text.split('|').flatMap((value, field) => {
      const isHeader = line === 0 || field === 0 || value === ''
      return isHeader ? [] : [{ name, line, field, position: `${labels[line]}-${field}` }]
    }),
  )
}

/** Codes change to another code of their table; else each number and each word becomes another one. */
const SWAP: Readonly<Record<string, string>> = {
  ISO: 'ISO',
  VN: 'VN',
  Internet: 'PH',
  MR: 'PI',
  SS: 'DL',
  L: 'D',
  F: 'M',
  H: 'B',
  PRN: 'WPN',
  WPN: 'PRN',
  PH: 'FX',
  M: 'S',
  UCUM: 'L',
  I: 'P',
  NPI: 'DEA',
  MED: 'SUR',
  SPO: 'SIB',
  DA: 'MC',
  SV: 'MI',
  I10: 'I9',
  LN: 'SCT',
  NM: 'ST',
  ST: 'TX',
  N: 'H',
  LL: 'HH',
  HM: 'CH',
  ISO639: 'LN',
  HL70487: 'HL70488',
}

function changeField(text: string, line: number, field: number): string {
  const lines = text.split('\r')
  const fields = (lines[line] ?? '').split('|')
  // The status of a report and of a result have the same letter in two tables.
  const swaps = /^(OBR-25|OBX-11)$/.test(`${fields[0]}-${field}`) ? { F: 'P' } : SWAP
  fields[field] = (fields[field] ?? '').replaceAll(
    /[^~^&]+/g,
    (part) => swaps[part as 'F'] ?? changeText(part),
  )
  lines[line] = fields.join('|')
  return lines.join('\r')
}

function changeText(text: string): string {
  const digits = text.replaceAll(/\d+/g, (number) => String((Number(number[0]) % 8) + 1) + number.slice(1))
  return digits === text ? `${text}x` : digits
}

interface Facts {
  readonly values: ReadonlyMap<string, JsonValue>
  /** Elements that were read from the field. */
  from(position: string): readonly string[]
  /** Those, and the ones that it decided about. */
  named(position: string): readonly string[]
}

/** Elements of all images by their path; references are compared by the identity of what they refer to. */
function facts({ images }: Mapped): Facts {
  const identities = new Map(images.map(({ key, aliases }) => [`#image:${key}`, JSON.stringify(aliases[0])]))
  const rows = images.flatMap(({ key, trace }) =>
    trace.map((row) => ({ ...row, path: `${key} ${row.element}` })),
  )
  const values = new Map<string, JsonValue>()
  for (const { key, type, resource } of images) {
    for (const [path, value] of leavesOf(resource, type)) {
      const literal = images.find((image) => image.key === key)?.literals?.get(path.slice(type.length + 1))
      values.set(`${key} ${path}`, literal ?? identities.get(typeof value === 'string' ? value : '') ?? value)
    }
  }
  return {
    values,
    from: (position) => rows.flatMap(({ source, path }) => (isFrom(source, position) ? [path] : [])),
    named: (position) =>
      rows.flatMap(({ source, also = [], path }) =>
        [source, ...also].some((one) => isFrom(one, position)) ? [path] : [],
      ),
  }
}

function isFrom(source: string, position: string): boolean {
  return fieldOf(source) === position
}

function fieldOf(source: string): string {
  return /^[A-Z0-9]{3}(?:\[\d+\])?-\d+/.exec(source)?.[0] ?? source
}

function leavesOf(value: JsonValue | undefined, path: string): Map<string, JsonValue> {
  const leaves = new Map<string, JsonValue>()
  const visit = (one: JsonValue | undefined, at: string): void => {
    if (one === undefined) return
    if (typeof one !== 'object' || one === null) leaves.set(at, one)
    else if (Array.isArray(one))
      for (const [index, item] of (one as JsonValue[]).entries()) visit(item, `${at}[${index}]`)
    else for (const [name, inner] of Object.entries(one)) visit(inner, `${at}.${name}`)
  }
  visit(value, path)
  return leaves
}
