import type { RowKit, Rows } from './body.ts'
import { compileElement, type ElementPath } from './element.ts'
import { compileCondition, type Predicate } from './expression.ts'
import { compileIdentity, type Identify } from './identity.ts'
import type { Own } from './image.ts'
import { RulesError } from './load.ts'
import { compilePath, type FieldName, type Path } from './path.ts'
import { compileRows } from './row.ts'
import type {
  DatatypeFile,
  ImageRule,
  MessageFile,
  RuleFiles,
  SegmentFile,
  TableRow,
  TestMark,
} from './rules.ts'
import { compileStructure, type Structure } from './structure.ts'
import { indexTable } from './table.ts'

export interface CompiledRules {
  readonly envelope: {
    readonly code: Path
    readonly event: Path
    readonly time: Path
    readonly eventSource: string
    readonly test?: TestMark & { readonly path: Path }
  }
  /** By `code^event`. */
  readonly messages: ReadonlyMap<string, CompiledMessage>
  readonly referred: ReadonlyMap<string, CompiledReferred>
  readonly codeSystems: ReadonlyMap<string, TableRow>
}

export interface CompiledMessage {
  readonly id: string
  readonly variables: Readonly<Record<string, string>>
  readonly structure: Structure
  readonly images: readonly CompiledImage[]
  readonly partitions: readonly string[]
  /** Fields that some rule reads or that are known not to be mapped, by segment; `all` for a segment that is ignored. */
  readonly read: ReadonlyMap<string, ReadonlySet<number> | 'all'>
}

export interface CompiledImage {
  readonly key: string
  readonly type: string
  readonly own: Own
  readonly in: string
  readonly from: string
  readonly condition?: Predicate
  readonly required: boolean
  readonly maps: readonly { readonly segment: string; readonly rows: Rows }[]
  readonly identify: Identify
  readonly links: readonly {
    readonly rule: string
    readonly to: ElementPath
    readonly image: string
    readonly all: boolean
  }[]
}

export interface CompiledReferred {
  readonly key: string
  readonly type: string
  readonly own: Own
  readonly rows: Rows
  readonly identify: Identify
}

/** Name of the table that knows code systems by their names in HL7. */
const CODE_SYSTEMS = 'codeSystems'

/** @throws RulesError naming file and row */
export function compileRules(files: RuleFiles): CompiledRules {
  const problems: string[] = []
  const tryTo = <T>(file: string, compile: () => T): T | undefined => {
    try {
      return compile()
    } catch (error) {
      problems.push(`${file}: ${error instanceof Error ? error.message : String(error)}`)
      return undefined
    }
  }
  const tables = mapDefined(files.tables, (name, rows) => tryTo(`tables/${name}.csv`, () => indexTable(rows)))
  const kit = createKit(files, tables)
  const segments = mapDefined(files.segments, (name, file) =>
    tryTo(`segments/${name}.yaml`, () => compileSegment(name, file, kit)),
  )
  const referred = mapDefined(files.datatypes, (name, file) =>
    tryTo(`datatypes/${name}.yaml`, () => compileReferred(name, file, kit)),
  )
  const messages = new Map<string, CompiledMessage>()
  for (const [name, file] of files.messages) {
    const shared = tryTo(`messages/${name}.yaml`, () => compileMessage(file, segments))
    for (const [event, variables] of Object.entries(file.events)) {
      if (messages.has(event)) problems.push(`messages/${name}.yaml: ${event} is mapped by another file, too`)
      if (shared !== undefined) messages.set(event, { id: name, variables, ...shared })
    }
  }
  const { code, event, time, test } = files.envelope
  const envelope = tryTo('envelope.yaml', () => ({
    code: compilePath(code),
    event: compilePath(event),
    time: compilePath(time),
    eventSource: event,
    ...(test && { test: { ...test, path: compilePath(test.from) } }),
  }))
  if (envelope === undefined || problems.length > 0) throw new RulesError(problems)
  return { envelope, messages, referred, codeSystems: tables.get(CODE_SYSTEMS) ?? new Map() }
}

interface Kit extends RowKit {
  readonly reads: FieldName[]
}

function createKit(files: RuleFiles, tables: ReadonlyMap<string, ReadonlyMap<string, TableRow>>): Kit {
  const made = new Map<string, Rows>()
  const kit: Kit = {
    reads: [],
    hasImage: (name) => files.datatypes.get(name)?.image !== undefined,
    table: (name) => tables.get(name) ?? missing('code table', name),
    datatype: (name) => {
      const known = made.get(name)
      if (known !== undefined) return known
      const file = files.datatypes.get(name) ?? missing('data type map', name)
      let rows: Rows | undefined
      // The type may contain itself: what refers to it meanwhile gets a stand-in that looks it up when it runs.
      made.set(name, (scope, target, work) => rows?.(scope, target, work) ?? 0)
      rows = compileRows(file.rows, name, kit)
      made.set(name, rows)
      return rows
    },
  }
  return kit
}

function missing(what: string, name: string): never {
  throw new SyntaxError(`there is no ${what} "${name}"`)
}

function mapDefined<A, B>(
  entries: ReadonlyMap<string, A>,
  change: (name: string, value: A) => B | undefined,
): Map<string, B> {
  const made = new Map<string, B>()
  for (const [name, value] of entries) {
    const changed = change(name, value)
    if (changed !== undefined) made.set(name, changed)
  }
  return made
}

interface CompiledSegment {
  readonly segment: string
  readonly type: string
  readonly rows: Rows
  readonly reads: readonly FieldName[]
}

function compileSegment(name: string, file: SegmentFile, kit: Kit): CompiledSegment {
  const reads: FieldName[] = (file.ignored ?? []).map((field) => ({ segment: file.segment, field }))
  const rows = compileRows(file.rows, name, { ...kit, reads })
  return { segment: file.segment, type: file.type, rows, reads }
}

function compileReferred(name: string, file: DatatypeFile, kit: Kit): CompiledReferred | undefined {
  const rows = kit.datatype(name)
  if (file.image === undefined) return undefined
  const { key, type, own, identity } = file.image
  return { key, type, own, rows, identify: compileIdentity(identity, kit.reads) }
}

function compileMessage(
  file: MessageFile,
  segments: ReadonlyMap<string, CompiledSegment>,
): Omit<CompiledMessage, 'id' | 'variables'> {
  const structure = compileStructure(file.structure)
  const reads: FieldName[] = []
  const images = file.images.map((rule) => compileImage(rule, { structure, segments, reads }))
  const keys = new Set(images.map(({ key }) => key))
  for (const key of [
    ...file.partitions,
    ...file.images.flatMap(({ links }) => (links ?? []).map(({ image }) => image)),
  ])
    if (!keys.has(key)) throw new SyntaxError(`there is no image "${key}"`)
  const read = new Map<string, Set<number> | 'all'>()
  for (const { segment, field } of reads) {
    const numbers = read.get(segment) ?? new Set()
    read.set(segment, numbers === 'all' ? numbers : numbers.add(field))
  }
  for (const name of file.ignored ?? []) read.set(name, 'all')
  return { structure, images, partitions: file.partitions, read }
}

interface ImageKit {
  readonly structure: Structure
  readonly segments: ReadonlyMap<string, CompiledSegment>
  readonly reads: FieldName[]
}

function compileImage(rule: ImageRule, { structure, segments, reads }: ImageKit): CompiledImage {
  if (!structure.brackets.has(rule.in))
    throw new SyntaxError(`image ${rule.key}: the structure has no "${rule.in}"`)
  const maps = rule.maps.map((name) => segments.get(name) ?? missing('segment map', name))
  const [main] = maps
  if (main?.segment !== rule.from || maps.some(({ type }) => type !== main.type))
    throw new SyntaxError(`image ${rule.key}: its first map must be for ${rule.from}, all maps for one type`)
  const condition = rule.when === undefined ? undefined : compileCondition(rule.when)
  const identify = compileIdentity(rule.identity, reads)
  reads.push(...maps.flatMap((map) => map.reads), ...(condition?.fields ?? []))
  return {
    key: rule.key,
    type: main.type,
    own: rule.own,
    in: rule.in,
    from: rule.from,
    ...(condition && { condition }),
    required: rule.required === true,
    maps,
    identify,
    links: (rule.links ?? []).map(({ id, to, image, all }) => ({
      rule: `${rule.key}/${id}`,
      to: compileElement(to),
      image,
      all: all === true,
    })),
  }
}
