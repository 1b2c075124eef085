import { compileElement, type ElementPath } from '../model/element.ts'
import type { Ends, EffectKind, ImagePart, Own, Terms } from '../model/image.ts'
import type { Node, Scope } from '../model/node.ts'
import { compilePath, fieldsOf, findNodes, type FieldName } from '../model/path.ts'
import { compileStructure, type Structure } from '../model/structure.ts'
import { compileCondition, type Predicate } from '../rules/expression.ts'
import { numberFields } from '../rules/identity-rule.ts'
import { missing } from '../rules/load.ts'
import type { EffectRule, ImageRule, LinkRule, MessageFile, SharedImage } from '../rules/rules.ts'
import type { Output } from './draft.ts'
import { compileIdentity, type Identify } from './identity.ts'
import { referenceOrigin } from './origin.ts'
import { compileRows } from './row.ts'
import type { RowKit, Rows } from './target.ts'

export interface CompiledMessage {
  readonly id: string
  readonly variables: Readonly<Record<string, string>>
  readonly structure: Structure
  readonly images: readonly CompiledImage[]
  readonly effects: readonly CompiledEffect[]
  /** By bracket when it only comes along. */
  readonly aside: ReadonlyMap<string, Predicate>
  readonly partitions: readonly string[]
  /** Fields that some rule reads or that are known not to be mapped, by segment; `all` for a segment that is ignored. */
  readonly read: ReadonlyMap<string, ReadonlySet<number> | 'all'>
  /** Brackets in which images are made of a segment, by its name. */
  readonly mapped: ReadonlyMap<string, ReadonlySet<string>>
}

interface CompiledPart {
  readonly part: ImagePart
  readonly condition?: Predicate
}

export interface CompiledImage {
  readonly key: string
  readonly type: string
  readonly own: Own
  readonly terms?: Terms
  /** Texts that tell two of a message apart. */
  readonly marks: (scope: Scope) => readonly string[]
  readonly in: string
  /** Names of segments: the first that a bracket has makes the images. */
  readonly from: readonly string[]
  readonly condition?: Predicate
  readonly required: boolean
  readonly maps: readonly CompiledMap[]
  readonly identify: Identify
  /** By segment the field of the number that it is known by first. */
  readonly numbers: ReadonlyMap<string, number>
  readonly join?: ElementPath
  readonly first: ImageRule['first'] | undefined
  readonly parts?: readonly CompiledPart[]
  readonly links: readonly {
    readonly to: ElementPath
    readonly output: Output
    readonly image: string
    readonly all: boolean
    readonly required: boolean
    readonly expected: boolean
    readonly only: boolean
    readonly condition?: Predicate
    readonly rows?: Rows
  }[]
}

interface CompiledMap {
  readonly segment: string
  readonly rows: Rows
  /** The bracket itself has the segment; otherwise it is looked for in the brackets inside. */
  readonly isOwn: boolean
}

export interface CompiledEffect {
  readonly kind: EffectKind
  readonly rule: string
  readonly in: string
  readonly condition?: Predicate
  readonly image: string
  readonly into?: string
  readonly of?: readonly string[]
  readonly ends?: Ends
}

export interface CompiledSegment {
  readonly segment: string
  readonly type: string
  readonly rows: Rows
  readonly reads: readonly FieldName[]
  /** By element the first field that rows write it from. */
  readonly writers: ReadonlyMap<string, number>
}

export interface MessageKit {
  readonly rowKit: RowKit
  readonly name: string
  readonly segments: ReadonlyMap<string, CompiledSegment>
  readonly images: ReadonlyMap<string, ImageRule>
}

/** @throws SyntaxError that says what is wrong */
export function compileMessage(
  file: MessageFile,
  { name, segments, images: shared, rowKit }: MessageKit,
): Omit<CompiledMessage, 'id' | 'variables'> {
  const structure = compileStructure(file.structure)
  const reads: FieldName[] = []
  const rules = resolveImages(file.images, shared)
  const images = rules.map((rule) => compileImage(rule, { structure, segments, reads, rowKit }))
  const keys = new Set(images.map(({ key }) => key))
  const effects = (file.effects ?? []).map((rule) => compileEffect(rule, { name, structure, reads }))
  const aside = new Map(
    Object.entries(file.aside ?? {}).map(([bracket, when]) => [bracket, compileCondition(when)]),
  )
  for (const [bracket, { fields }] of aside) {
    if (!structure.brackets.has(bracket)) throw new SyntaxError(`aside: the structure has no "${bracket}"`)
    reads.push(...fields)
  }
  const named = [...file.partitions, ...rules.flatMap(({ links }) => (links ?? []).map(({ image }) => image))]
  const affected = effects.flatMap(({ image, into }) => (into === undefined ? [image] : [image, into]))
  for (const key of [...named, ...affected])
    if (!keys.has(key)) throw new SyntaxError(`there is no image "${key}"`)
  // Data types may read fields of the segment that they stand in.
  reads.push(...rowKit.reads)
  const read: Map<string, Set<number> | 'all'> = numbersOf(reads)
  const mapped = mappedBy(images, { structure, reads })
  for (const ignored of file.ignored ?? []) {
    const [segment = '', bracket] = ignored.split('.').toReversed()
    if (bracket === undefined) read.set(segment, 'all')
    else mapped.get(segment)?.add(bracket)
  }
  return { structure, images, effects, aside, partitions: file.partitions, read, mapped }
}

function numbersOf(reads: readonly FieldName[]): Map<string, Set<number>> {
  const numbers = new Map<string, Set<number>>()
  for (const { segment, field } of reads) {
    const known = numbers.get(segment) ?? new Set()
    numbers.set(segment, known.add(field))
  }
  return numbers
}

/** The brackets in which images or single paths read a segment. */
function mappedBy(
  images: readonly CompiledImage[],
  { structure, reads }: Pick<ImageKit, 'structure' | 'reads'>,
): Map<string, Set<string>> {
  const mapped = new Map<string, Set<string>>()
  for (const { in: bracket, from, maps } of images)
    for (const { segment, isOwn } of maps) {
      const brackets = isOwn || from.includes(segment) ? [bracket] : structure.within(bracket)
      const known = mapped.get(segment) ?? new Set()
      mapped.set(segment, known)
      for (const one of brackets) known.add(one)
    }
  for (const { segment, bracket } of reads) if (bracket !== undefined) mapped.get(segment)?.add(bracket)
  return mapped
}

/** Images that messages share come with links to others; those that this message does not make are left out, and its own of the same id take their place. */
function resolveImages(
  entries: readonly (ImageRule | SharedImage)[],
  shared: ReadonlyMap<string, ImageRule>,
): readonly ImageRule[] {
  const rules = entries.map((entry): { rule: ImageRule; own: readonly LinkRule[] } => {
    if (!('use' in entry)) return { rule: entry, own: entry.links ?? [] }
    const { use, ...different } = entry
    const rule = shared.get(use) ?? missing('shared image', use)
    const ids = new Set(different.links?.map(({ id }) => id))
    const links = [...(rule.links ?? []).filter(({ id }) => !ids.has(id)), ...(different.links ?? [])]
    return { rule: { ...rule, ...different, links }, own: different.links ?? [] }
  })
  const keys = new Set(rules.map(({ rule }) => rule.key))
  return rules.map(({ rule, own }) => {
    const links = (rule.links ?? []).filter((link) => keys.has(link.image) || own.includes(link))
    return Object.assign({}, rule, { links })
  })
}

interface ImageKit {
  readonly rowKit: RowKit
  readonly structure: Structure
  readonly segments: ReadonlyMap<string, CompiledSegment>
  readonly reads: FieldName[]
}

function compileImage(rule: ImageRule, { structure, segments, reads, rowKit }: ImageKit): CompiledImage {
  if (!structure.brackets.has(rule.in))
    throw new SyntaxError(`image ${rule.key}: the structure has no "${rule.in}"`)
  const maps = rule.maps.map((name) => segments.get(name) ?? missing('segment map', name))
  const from = rule.from.split('|').map((name) => name.trim())
  const [main] = maps
  if (main === undefined || maps.some(({ type }) => type !== main.type))
    throw new SyntaxError(`image ${rule.key}: all maps must be for one type`)
  if (from.some((name) => !maps.some(({ segment }) => segment === name)))
    throw new SyntaxError(`image ${rule.key}: there must be a map for ${rule.from}`)
  const condition = rule.when === undefined ? undefined : compileCondition(rule.when)
  const identify = compileIdentity(rule.identity, reads)
  reads.push(...maps.flatMap((map) => map.reads), ...(condition?.fields ?? []))
  return {
    key: rule.key,
    type: main.type,
    own: rule.own,
    in: rule.in,
    from,
    ...(condition && { condition }),
    required: rule.required === true,
    maps: maps.map(({ segment, rows }) => ({ segment, rows, isOwn: structure.holds(rule.in, segment) })),
    identify,
    numbers: numberFields(rule.identity, maps),
    ...(rule.join !== undefined && { join: compileElement(rule.join) }),
    first: rule.first,
    ...(rule.parts !== undefined && { parts: rule.parts.map((part) => compilePart(part, reads)) }),
    ...termsOf(rule),
    marks: compileMarks(rule.apart, reads),
    links: (rule.links ?? []).map((link) => compileLink(link, rule.key, { rowKit, reads })),
  }
}

function compileMarks(
  paths: readonly string[] = [],
  reads: FieldName[],
): (scope: Scope) => readonly string[] {
  const compiled = paths.map(compilePath)
  reads.push(...compiled.flatMap(fieldsOf))
  return (scope) =>
    compiled.map((path) => {
      const [node]: readonly (Node | undefined)[] = findNodes(path, scope)
      return node === undefined || node.isNull ? '' : node.text.trim()
    })
}

function termsOf({ known, expected, yields, byId }: ImageRule): { readonly terms?: Terms } {
  const terms = {
    ...(known !== undefined && { known }),
    ...(expected !== undefined && { expected }),
    ...(yields !== undefined && { yields }),
    ...(byId !== undefined && { byId }),
  }
  return Object.keys(terms).length === 0 ? {} : { terms }
}

function compilePart(part: ImagePart, reads: FieldName[]): CompiledPart {
  const when = typeof part === 'object' ? part.when : undefined
  if (when === undefined) return { part }
  const condition = compileCondition(when)
  reads.push(...condition.fields)
  return { part, condition }
}

function compileLink(
  { id, to, image, all, required, expected, only, when, rows }: LinkRule,
  key: string,
  { rowKit, reads }: Pick<ImageKit, 'rowKit' | 'reads'>,
): CompiledImage['links'][number] {
  const condition = when === undefined ? undefined : compileCondition(when)
  const element = compileElement(to)
  reads.push(...(condition?.fields ?? []))
  return {
    to: element,
    output: { element, rule: `${key}/${id}`, fields: [], origin: referenceOrigin },
    image,
    all: all === true,
    required: required === true,
    expected: expected === true,
    only: only === true,
    ...(condition && { condition }),
    ...(rows && { rows: compileRows(rows, `${key}/${id}`, { ...rowKit, reads }) }),
  }
}

function compileEffect(
  rule: EffectRule,
  {
    name,
    structure,
    reads,
  }: { readonly name: string; readonly structure: Structure; readonly reads: FieldName[] },
): CompiledEffect {
  if (!structure.brackets.has(rule.in))
    throw new SyntaxError(`effect ${rule.id}: the structure has no "${rule.in}"`)
  const condition = rule.when === undefined ? undefined : compileCondition(rule.when)
  reads.push(...(condition?.fields ?? []))
  return {
    kind: rule.do,
    rule: `${name}/${rule.id}`,
    in: rule.in,
    ...(condition && { condition }),
    image: rule.image,
    ...(rule.into !== undefined && { into: rule.into }),
    ...(rule.of !== undefined && { of: rule.of }),
    ...(rule.ends !== undefined && { ends: rule.ends }),
  }
}
