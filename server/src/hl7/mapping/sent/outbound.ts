import { isDeepStrictEqual } from 'node:util'

import { Fault, fault } from '../../../kernel/fault.ts'
import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import type { BuildRequest, Lookup, OutboundDefinition, OutboundRules } from '../../rules/outbound-rules.ts'
import { missing } from '../rules/load.ts'
import {
  compileResourceExpression,
  isTrue,
  type ResourceExpression,
  type View,
} from '../rules/resource-expression.ts'
import type { RuleFiles, TableRow } from '../rules/rules.ts'
import { before, compileStep, follow, referenceTo, walk, withContained } from '../rules/sent-references.ts'
import type { OutboundFile, OutRow, OutSegment } from '../rules/sent-rules.ts'
import { indexTable } from '../rules/table.ts'
import { formOf } from '../values/written-forms.ts'
import { compileTarget, createSegmentWriter, type SegmentWriter, type Target } from './segment-writer.ts'
import { emptiedSegment, toldApart, withNulls } from './sent-segments.ts'

/** Compiles `outbound/`: which changes become messages, and how these read. @throws SyntaxError that names file and row */
export function compileOutbound(files: RuleFiles): Omit<OutboundRules, 'laidOver'> {
  const kit = createOutKit(files)
  const compiled = new Map(
    [...files.outbound].map(([name, file]) => {
      try {
        return [name, { definition: compileDefinition(file), build: compileFile(file, kit) }]
      } catch (error) {
        throw new SyntaxError(
          `outbound/${name}.yaml: ${error instanceof Error ? error.message : String(error)}`,
          {
            cause: error,
          },
        )
      }
    }),
  )
  return {
    definitions: new Map([...compiled].map(([name, { definition }]) => [name, definition])),
    build: async (request) => compiled.get(request.definition)?.build(request),
  }
}

function compileDefinition({ type, deleted, causes }: OutboundFile): OutboundDefinition {
  const leads = Object.entries(causes ?? {}).map(([cause, texts]) => {
    const steps = texts.map(compileStep)
    const lead = async (focus: JsonObject, lookup: Lookup) =>
      (await walk({ focus, variables: {} }, steps, lookup)) as readonly JsonObject[]
    return [cause, lead] as const
  })
  return { type, ...(deleted && { deleted }), ...(leads.length > 0 && { causes: new Map(leads) }) }
}

export function createOutKit(files: RuleFiles): OutKit {
  const tables = new Map([...files.tables].map(([name, rows]) => [name, indexTable(rows)]))
  return { files, tables, made: new Map() }
}

/** What rows that write messages are compiled with. */
export interface OutKit {
  readonly files: RuleFiles
  readonly tables: ReadonlyMap<string, ReadonlyMap<string, TableRow>>
  readonly made: Map<string, Fill>
}

/** What rows work with. */
interface Work {
  readonly view: View
  readonly writer: SegmentWriter
  readonly lookup: Lookup
  /** The field that the rows of a field map write into. */
  readonly base?: Target
}

type Fill = (work: Work) => Promise<void>

function compileFile(
  file: OutboundFile,
  kit: OutKit,
): (request: BuildRequest) => Promise<string | undefined> {
  const condition = file.when === undefined ? undefined : compileResourceExpression(file.when)
  const hasNulls = compileResourceExpression(file.nullsWhen ?? 'true')
  const head = compileSegments(file.segments.slice(0, 1), kit)
  const write = compileSegments(file.segments.slice(1), kit)
  const textsFor = async (view: View, lookup: Lookup) => {
    const header = await head(view, lookup)
    const whole = withEvent(view, header)
    return { whole, texts: [...header, ...(await write(whole, lookup))] }
  }
  return async ({ resource, previous, cause, controlId, nowMs, header, lookup: outside }) => {
    const lookup = withContained(resource, outside)
    const now = `${new Date(nowMs).toISOString().slice(0, 19)}Z`
    const ofHeader = { ...header, charset: charsetsOf(header) }
    const view = { focus: resource, variables: { ...ofHeader, controlId, now, resource, previous, cause } }
    if (condition !== undefined && !isTrue(condition(view))) return undefined
    const { whole, texts } = await textsFor(view, lookup)
    if (cause !== undefined && isDeepStrictEqual(texts, (await textsFor(view, before(lookup))).texts))
      return undefined
    const apart = file.apart === undefined ? texts : toldApart(texts, file.apart)
    const { nulls = [] } = file
    const isCompared = previous !== undefined && nulls.length > 0 && isTrue(hasNulls(whole))
    const old = { focus: previous ?? {}, variables: { ...ofHeader, resource: previous } }
    const past = withContained(old.focus, before(outside))
    const had = isCompared ? await textsOrNone(textsFor(old, past)) : []
    return withNulls(apart, had, nulls)
      .map((text) => `${text}\r`)
      .join('')
  }
}

/** Repetitions of MSH-18: an empty one stands for ASCII, which says the same. */
function charsetsOf({ charset }: BuildRequest['header']): string[] {
  return charset.split('~').map((name, _, all) => (name === '' && all.length > 1 ? 'ASCII' : name))
}

/** The event stands in the first segment: what follows may depend on it. */
function withEvent(view: View, [header = '']: readonly string[]): View {
  return { ...view, variables: { ...view.variables, event: header.split('|')[8]?.split('^')[1] } }
}

/** What a version before would have said: nothing, when it does not hold what the message needs. */
async function textsOrNone(said: Promise<{ readonly texts: readonly string[] }>): Promise<readonly string[]> {
  try {
    return (await said).texts
  } catch (error) {
    if (error instanceof Fault) return []
    throw error
  }
}

/** @param counts how many segments of a name stand there already; they are counted on */
export type WriteSegments = (
  view: View,
  lookup: Lookup,
  counts?: Map<string, number>,
) => Promise<readonly string[]>

/** Segments of one name are numbered through, also when several rules write them. @throws SyntaxError that names the row */
export function compileSegments(rules: readonly OutSegment[], kit: OutKit): WriteSegments {
  const segments = rules.map((rule) => compileSegment(rule, kit))
  const gone = rules.map(({ segment, emptied = '' }) => {
    const own = segments.filter((_, at) => rules[at]?.segment === segment)
    return emptied === '' ? undefined : compileEmptied(compileResourceExpression(emptied), own)
  })
  return async (view, lookup, counts = new Map<string, number>()) => {
    const texts: string[] = []
    for (const [at, write] of segments.entries()) {
      texts.push(...(await write(view, lookup, counts)))
      const isGone = gone[at] !== undefined && !counts.has(rules[at]?.segment ?? '')
      if (isGone) texts.push(...((await gone[at]?.(view, lookup)) ?? []))
    }
    return texts
  }
}

type WriteSegment = (view: View, lookup: Lookup, counts: Map<string, number>) => Promise<readonly string[]>

/** What the version before said in the segments of a name becomes the null: the receiver takes the segments of a message for all that there are. */
function compileEmptied(condition: ResourceExpression, own: readonly WriteSegment[]): WriteSegments {
  return async (view, lookup) => {
    const { previous, ...others } = view.variables
    if (previous === undefined || !isTrue(condition(view))) return []
    const old = { focus: previous, variables: { ...others, resource: previous } }
    const texts: string[] = []
    for (const write of own) texts.push(...(await write(old, before(lookup), new Map())))
    return texts.length === 0 ? [] : [emptiedSegment(texts)]
  }
}

function compileSegment(rule: OutSegment, kit: OutKit): WriteSegment {
  const condition = rule.when === undefined ? undefined : compileResourceExpression(rule.when)
  const steps = (rule.each === undefined ? [] : [rule.each].flat()).map(compileStep)
  const fill = compileRows(rule.rows, kit)
  const inner = compileSegments(rule.segments ?? [], kit)
  return async (view, lookup, counts) => {
    if (condition !== undefined && !isTrue(condition(view))) return []
    const texts: string[] = []
    const values = await walk(view, steps, lookup)
    for (const [at, focus] of values.entries()) {
      const writer = createSegmentWriter(rule.segment)
      const number = (counts.get(rule.segment) ?? 0) + 1
      const own = { ...referenceTo(focus), number: String(number), next: values[at + 1] }
      await fill({ view: { focus, variables: { ...view.variables, ...own } }, writer, lookup })
      if (writer.isEmpty || (rule.distinct === true && texts.includes(writer.text()))) continue
      const inside = new Map([[rule.segment, number]])
      const variables = { ...view.variables, parent: focus }
      texts.push(writer.text(), ...(await inner({ focus, variables }, lookup, inside)))
      counts.set(rule.segment, inside.get(rule.segment) ?? number)
    }
    if (texts.length === 0 && rule.required === true) throw notThere(rule.segment)
    return texts
  }
}

function notThere(segment: string): Error {
  const text = 'The resource does not refer to what the message must tell'
  return fault('unprocessable', { code: 'required', at: segment, text })
}

function compileRows(rows: readonly OutRow[], kit: OutKit): Fill {
  const compiled = rows.map((row) => {
    try {
      return compileRow(row, kit)
    } catch (error) {
      throw new SyntaxError(`row ${row.id}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      })
    }
  })
  return async (work) => {
    for (const fill of compiled) await fill(work)
  }
}

function compileRow(row: OutRow, kit: OutKit): Fill {
  const target = compileTarget(row.to)
  const condition = row.when === undefined ? undefined : compileResourceExpression(row.when)
  const values = valuesOf(row)
  const inner = innerOf(row, kit)
  const texts = textsOf(row, kit)
  const fill = async (value: JsonValue, work: Work, base: Target): Promise<boolean> => {
    if (inner === undefined) return work.writer.write(target, texts(value), base)
    const focus = (row.follow === true ? await follow(value, work.lookup) : value) ?? value
    const { written } = work.writer
    await inner({ ...work, base, view: { ...work.view, focus } })
    return work.writer.written > written
  }
  return async (work) => {
    if (condition !== undefined && !isTrue(condition(work.view))) return
    const base = target.field === 0 ? work.base : target
    if (base === undefined) return
    const found = values(work.view)
    for (const [at, value] of found.entries()) {
      work.writer.begin(target)
      const next = found[at + 1]
      const isDone = await fill(value, withVariable(work, { next }), base)
      if (isDone && !target.isNew && target.component !== 0) break
    }
  }
}

function withVariable(work: Work, variable: View['variables']): Work {
  return { ...work, view: { ...work.view, variables: { ...work.view.variables, ...variable } } }
}

function valuesOf(row: OutRow): ResourceExpression {
  if (row.const !== undefined) {
    const value = [row.const]
    return () => value
  }
  if (row.from === undefined) throw new SyntaxError('a row needs from or const')
  return compileResourceExpression(row.from)
}

/** Field maps are compiled at first use. */
function innerOf(row: OutRow, kit: OutKit): Fill | undefined {
  if (row.rows !== undefined) return compileRows(row.rows, kit)
  if (row.type === undefined) return undefined
  const { type } = row
  const known = kit.made.get(type)
  if (known !== undefined) return known
  const file = kit.files.fields.get(type) ?? missing('field map', type)
  const fill = compileRows(file.rows, kit)
  kit.made.set(type, fill)
  return fill
}

function textsOf(row: OutRow, { tables }: OutKit): (value: JsonValue) => string {
  const table =
    row.table === undefined ? undefined : (tables.get(row.table) ?? missing('code table', row.table))
  const write = formOf(row.fn ?? 'text')
  return table === undefined ? write : (value) => table.get(write(value))?.to ?? row.default ?? ''
}
