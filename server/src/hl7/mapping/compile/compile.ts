import type { QueryRule } from '../../rules/query-rules.ts'
import type { Own } from '../model/image.ts'
import { compilePath, fieldsOf, type FieldName, type Path } from '../model/path.ts'
import { compileCondition, type Predicate } from '../rules/expression.ts'
import { missing, RulesError } from '../rules/load.ts'
import type { DatatypeFile, Refusal, RuleFiles, SegmentFile, TableRow, TestMark } from '../rules/rules.ts'
import { indexTable } from '../rules/table.ts'
import { compileQuery } from '../sent/queries.ts'
import { compileMessage, type CompiledMessage, type CompiledSegment } from './compile-message.ts'
import { compileIdentity, type Identify } from './identity.ts'
import { compileRows } from './row.ts'
import type { RowKit, Rows } from './target.ts'

export interface CompiledRules {
  readonly envelope: {
    readonly code: Path
    readonly event: Path
    readonly time: Path
    /** The first place that may say it. */
    readonly eventSource: string
    readonly zone?: Path
    readonly test?: TestMark & { readonly path: Path }
    readonly refuse: readonly (Omit<Refusal, 'when'> & { readonly condition: Predicate })[]
  }
  /** By `code^event`. */
  readonly messages: ReadonlyMap<string, CompiledMessage>
  /** By `code^event`, too: they are answered, not mapped. */
  readonly queries: ReadonlyMap<string, QueryRule>
  readonly referred: ReadonlyMap<string, CompiledReferred>
  readonly codeSystems: ReadonlyMap<string, TableRow>
  readonly mediaTypes: ReadonlyMap<string, TableRow>
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
const MEDIA_TYPES = 'mediaType'

/** @throws RulesError naming file and row */
export function compileRules(files: RuleFiles): CompiledRules {
  const problems: string[] = []
  const tryTo: TryTo = (file, compile) => {
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
    const shared = tryTo(`messages/${name}.yaml`, () =>
      compileMessage(file, { name, segments, images: files.images, rowKit: kit }),
    )
    for (const [event, variables] of Object.entries(file.events)) {
      if (messages.has(event)) problems.push(`messages/${name}.yaml: ${event} is mapped by another file, too`)
      if (shared !== undefined) messages.set(event, { id: name, variables, ...shared })
    }
  }
  const queries = compileQueries(files, tryTo, (event) => messages.has(event))
  const { code, event, time, zone, test, refuse = [] } = files.envelope
  const envelope = tryTo('envelope.yaml', () => ({
    code: compilePath(code),
    event: compilePath(event),
    time: compilePath(time),
    eventSource: event.replace(/ \|.*/, ''),
    ...(zone !== undefined && { zone: compilePath(zone) }),
    ...(test && { test: { ...test, path: compilePath(test.from) } }),
    refuse: refuse.map(({ at, text, when }) => ({ at, text, condition: compileCondition(when) })),
  }))
  if (envelope === undefined || problems.length > 0) throw new RulesError(problems)
  const [codeSystems, mediaTypes] = [CODE_SYSTEMS, MEDIA_TYPES].map((name) => tables.get(name))
  return {
    envelope,
    messages,
    queries,
    referred,
    codeSystems: codeSystems ?? new Map(),
    mediaTypes: mediaTypes ?? new Map(),
  }
}

type TryTo = <T>(file: string, compile: () => T) => T | undefined

function compileQueries(
  files: RuleFiles,
  tryTo: TryTo,
  isMapped: (event: string) => boolean,
): ReadonlyMap<string, QueryRule> {
  const queries = new Map<string, QueryRule>()
  for (const [name, file] of files.queries) {
    const rule = tryTo(`queries/${name}.yaml`, () => {
      if (!isMapped(file.query) && !queries.has(file.query)) return compileQuery(file, files)
      throw new SyntaxError(`another file is about ${file.query}, too`)
    })
    if (rule !== undefined) queries.set(file.query, rule)
  }
  return queries
}

interface Kit extends RowKit {
  readonly reads: FieldName[]
}

function createKit(files: RuleFiles, tables: ReadonlyMap<string, ReadonlyMap<string, TableRow>>): Kit {
  const made = new Map<string, Rows>()
  const kit: Kit = {
    reads: [],
    coded: files.envelope.coded,
    hasImage: (name) => files.datatypes.get(name)?.image !== undefined,
    table: (name) => tables.get(name) ?? missing('code table', name),
    datatype: (name) => {
      const known = made.get(name)
      if (known !== undefined) return known
      const file = files.datatypes.get(name) ?? missing('data type map', name)
      let rows: Rows | undefined
      // The type may contain itself: what refers to it meanwhile gets a stand-in that looks it up when it runs.
      made.set(name, (target) => rows?.(target) ?? 0)
      rows = compileRows(file.rows, name, kit)
      made.set(name, rows)
      return rows
    },
  }
  return kit
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

function compileSegment(name: string, file: SegmentFile, kit: Kit): CompiledSegment {
  const reads: FieldName[] = (file.ignored ?? []).map((field) => ({ segment: file.segment, field }))
  const rows = compileRows(file.rows, name, { ...kit, reads })
  return { segment: file.segment, type: file.type, rows, reads, writers: writersOf(file) }
}

function writersOf({ segment, rows }: SegmentFile): ReadonlyMap<string, number> {
  const writers = new Map<string, number>()
  for (const { from, to = '' } of rows) {
    const [first] = from === undefined ? [] : fieldsOf(compilePath(from))
    const [element = ''] = to.split(/[.[]/)
    if (first?.segment === segment && !writers.has(element)) writers.set(element, first.field)
  }
  return writers
}

function compileReferred(name: string, file: DatatypeFile, kit: Kit): CompiledReferred | undefined {
  const rows = kit.datatype(name)
  if (file.image === undefined) return undefined
  const { key, type, own, identity } = file.image
  return { key, type, own, rows, identify: compileIdentity(identity, kit.reads) }
}
