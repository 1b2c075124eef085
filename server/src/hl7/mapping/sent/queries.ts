import type { JsonObject } from '../../../kernel/json.ts'
import { compareVersions } from '../../mllp/ack.ts'
import type { QueryParameter, QueryRule } from '../../rules/query-rules.ts'
import { missing } from '../rules/load.ts'
import { compileResourceExpression } from '../rules/resource-expression.ts'
import type { RuleFiles, TableRow } from '../rules/rules.ts'
import type { QueryFile, QueryParameterRow } from '../rules/sent-rules.ts'
import { readTimeStamp } from '../values/time-stamp.ts'
import { compileSegments, createOutKit, type OutKit } from './outbound.ts'

/** Compiles one file of `queries/`. @throws SyntaxError that names the row */
export function compileQuery(file: QueryFile, files: RuleFiles): QueryRule {
  const kit = createOutKit(files)
  const [code = '', event = ''] = file.answer.split('^')
  const write = compileSegments(file.segments, kit)
  const structures = Object.entries(file.structures)
  const [[, oldest] = ['', '']] = structures
  const parameters = new Map((file.parameters ?? []).map((row) => [row.field, compileParameter(row, kit)]))
  return {
    answer: [code, event],
    names: new Set(file.names.map((name) => name.toUpperCase())),
    structureIn: (version) =>
      structures.findLast(([since]) => compareVersions(version, since) >= 0)?.[1] ?? oldest,
    ...(file.person !== undefined && { person: file.person }),
    ...(file.criteria !== undefined && { criteria: file.criteria }),
    ...(file.threshold !== undefined && { threshold: file.threshold }),
    domains: file.domains,
    isUnknownError: file.unknownPerson === 'error',
    isForOthers: file.others === true,
    parameters,
    write: async (person, variables) => {
      const view = { focus: person, variables: { ...variables, resource: person } }
      return write(view, NOTHING_ELSE)
    },
  }
}

/** An answer tells of the person alone. */
const NOTHING_ELSE = (): Promise<readonly JsonObject[]> => Promise.resolve([])

function compileParameter(row: QueryParameterRow, { tables }: OutKit): QueryParameter {
  const table =
    row.table === undefined ? undefined : (tables.get(row.table) ?? missing('code table', row.table))
  const from = row.from === undefined ? undefined : compileResourceExpression(row.from)
  return {
    search: row.search,
    read: (text) => valueOf(text, row, table),
    ...(row.assigner !== undefined && { assigner: row.assigner }),
    ...(row.reason !== undefined && { reason: row.reason }),
    ...(from && {
      values: (person) => from({ focus: person, variables: {} }).filter((value) => typeof value === 'string'),
    }),
  }
}

function valueOf(
  text: string,
  { fn }: QueryParameterRow,
  table: ReadonlyMap<string, TableRow> | undefined,
): string | undefined {
  if (table !== undefined) return table.get(text)?.to || undefined
  return fn === 'date' ? readTimeStamp(text)?.date : text
}
