import { elementRow, propertiesOf, repeats, type ElementRow, type ElementTable } from '../../fhir/elements.ts'
import { nameAdvice } from '../../fhir/validation/similar-names.ts'
import type { JsonValue } from '../../kernel/json.ts'
import { compileElement } from './model/element.ts'
import type { LinkRule, Row, RuleFiles, SharedImage, ImageRule } from './rules/rules.ts'

/**
 * What R4 says of the elements that rules of messages name: one that it does not have, a list written as one value, a text where an object belongs.
 * Each would refuse every message that the row has something to say about.
 *
 * @param files that compile
 * @returns one line for each problem, with its file and row
 */
export function elementProblems(files: RuleFiles, elements: ElementTable): readonly string[] {
  const problems = new Set<string>()
  const seen = new Set<string>()
  const walk: Walk = {
    elements,
    tell: (text) => problems.add(text),
    datatype(name, type) {
      if (seen.has(`${name} ${type}`)) return
      seen.add(`${name} ${type}`)
      const rows = files.datatypes.get(name)?.rows ?? []
      checkRows(rows, { ...walk, type, file: `datatypes/${name}.yaml` })
    },
  }
  for (const [name, { rows, type }] of files.segments)
    checkRows(rows, { ...walk, type, file: `segments/${name}.yaml` })
  for (const [name, { image }] of files.datatypes) if (image !== undefined) walk.datatype(name, image.type)
  for (const [name, image] of files.images) checkImage(image, `images/${name}.yaml`, { files, walk })
  for (const [name, { images }] of files.messages)
    for (const image of images) checkImage(image, `messages/${name}.yaml`, { files, walk })
  return [...problems]
}

interface Walk {
  readonly elements: ElementTable
  tell(problem: string): void
  /** Rows of a data type map that fills an object of this type. */
  datatype(name: string, type: string): void
}

interface Place extends Walk {
  /** What the rows write into: `Patient`, `HumanName`, `Patient.contact`. */
  readonly type: string
  readonly file: string
}

function checkImage(
  image: ImageRule | SharedImage,
  file: string,
  { files, walk }: { readonly files: RuleFiles; readonly walk: Walk },
): void {
  const shared = 'use' in image ? files.images.get(image.use) : undefined
  const [first = ''] = image.maps ?? shared?.maps ?? []
  const type = files.segments.get(first)?.type
  if (type === undefined) return
  for (const link of image.links ?? []) checkLink(link, { ...walk, type, file })
}

/** Rows of a link write beside the reference. */
function checkLink({ id, to, rows = [] }: LinkRule, place: Place): void {
  const tell = (text: string) => place.tell(`${place.file}: link ${id}: ${text}`)
  const found = find(to, place)
  if ('problem' in found) return tell(found.problem)
  if (found.type !== 'Reference') tell(`"${to}" is no reference`)
  const around = find(to.slice(0, Math.max(to.lastIndexOf('.'), 0)), place)
  if ('type' in around) checkRows(rows, { ...place, type: around.type })
}

function checkRows(rows: readonly Row[], place: Place): void {
  for (const row of rows) {
    const problem = problemOf(row, place)
    if (problem !== undefined) place.tell(`${place.file}: row ${row.id}: ${problem}`)
  }
}

/** What is deleted, or only spoken of, is named without its place in a list, a choice without its type. */
function problemOf(row: Row, place: Place): string | undefined {
  const isNamed = row.clear !== undefined || row.warn !== undefined
  const found = find(row.to, place, isNamed ? 'named' : 'written')
  if ('problem' in found) return found.problem
  const { type, isList } = found
  if (isNamed || type === ANY) return undefined
  if (isList && !Array.isArray(row.const)) return `"${row.to}" is a list: write [+] or [0] behind it`
  if (row.const !== undefined) return constantProblem(row.const, { ...place, type })
  const isFilled = row.type !== undefined || row.rows !== undefined || row.refer !== undefined
  return isFilled ? fillingProblem(row, { ...place, type }) : valueProblem(row, { ...place, type })
}

/** @param place what the rows of the object write into */
function fillingProblem({ to, type, rows = [], refer }: Row, place: Place): string | undefined {
  if (refer !== undefined && place.type !== 'Reference') return `"${to}" is no reference`
  if (!isObject(place)) return `"${to}" is a ${place.type}, which has no elements`
  if (type !== undefined) place.datatype(type, place.type)
  checkRows(rows, place)
  return undefined
}

function valueProblem({ to, table, as = 'code' }: Row, place: Place): string | undefined {
  const wanted = table === undefined ? undefined : CODED[as]
  if (wanted === place.type) return undefined
  if (wanted !== undefined) return `"${to}" is a ${place.type}, not a ${wanted}`
  return isObject(place) ? `"${to}" is a ${place.type}: its elements need \`type\` or \`rows\`` : undefined
}

function isObject({ elements, type }: Place): boolean {
  return Object.hasOwn(elements, type)
}

/** What a translated code becomes; the code alone is a text. */
const CODED: Readonly<Record<string, string>> = { coding: 'Coding', concept: 'CodeableConcept' }

/** Of any type: its elements are not known here. */
const ANY = 'Resource'

function constantProblem(value: JsonValue | undefined, place: Place): string | undefined {
  if (Array.isArray(value))
    return value.map((one: JsonValue) => constantProblem(one, place)).find((text) => text !== undefined)
  const hasElements = typeof value === 'object' && value !== null
  if (hasElements !== isObject(place)) return `the constant is no ${place.type}`
  if (!hasElements) return undefined
  for (const [name, inner] of Object.entries(value)) {
    const found = find(name, place, 'named')
    if ('problem' in found) return found.problem
    if (found.type !== ANY && found.isList !== Array.isArray(inner))
      return `"${name}" is ${found.isList ? 'a' : 'no'} list`
    const problem = found.type === ANY ? undefined : constantProblem(inner, { ...place, type: found.type })
    if (problem !== undefined) return problem
  }
  return undefined
}

interface Found {
  readonly type: string
  /** It repeats, and the path does not say which. */
  readonly isList: boolean
}

/** Follows a path from the type of the place; an empty one stays there. */
function find(
  path: string,
  { type, elements }: Pick<Place, 'type' | 'elements'>,
  as: 'written' | 'named' = 'written',
): Found | { readonly problem: string } {
  let here: Found = { type, isList: false }
  for (const { name, index } of path === '' ? [] : compileElement(path).steps) {
    if (here.type === ANY) return here
    if (here.isList && as === 'written')
      return { problem: `"${path}" leads through a list: write [+] or [0] before .${name}` }
    const row = rowOf(elements, here.type, { name, isNamed: as === 'named' })
    if (row === undefined) return { problem: unknown(elements, here.type, name) }
    const isMany = repeats(row)
    if (index !== undefined && !isMany) return { problem: `"${name}" of ${here.type} is no list` }
    here = { type: name.startsWith('_') ? 'Element' : row[0], isList: isMany && index === undefined }
  }
  return here
}

function rowOf(
  elements: ElementTable,
  type: string,
  { name, isNamed }: { readonly name: string; readonly isNamed: boolean },
): ElementRow | undefined {
  const plain = name.replace(/^_/, '')
  const row = elementRow(elements, type, plain)
  if (row !== undefined || !isNamed) return row
  const [first = ''] = propertiesOf(elements, type, plain)
  return elementRow(elements, type, first)
}

function unknown(elements: ElementTable, type: string, name: string): string {
  const known = Object.hasOwn(elements, type) ? Object.keys(elements[type] ?? {}) : []
  if (known.length === 0) return `a ${type} has no elements, "${name}" neither`
  return `R4 has no element "${name}" in ${type}: ${nameAdvice(name, known)}`
}
