import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'

import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { parse } from 'yaml'

import type {
  DatatypeFile,
  EnvelopeFile,
  FeedFile,
  MessageFile,
  RuleFiles,
  SegmentFile,
  TableRow,
} from './rules.ts'
import { readTable } from './table.ts'

/** The rule files cannot be used; each problem names its file and row. */
export class RulesError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(`The mapping rules have ${problems.length} problem(s):\n${problems.join('\n')}`, options)
    this.name = 'RulesError'
    this.problems = problems
  }
}

/**
 * Reads all rule files of a `mappings/` folder and checks their shape against its `schemas/`.
 *
 * @throws RulesError
 */
export async function loadRules(folder: string): Promise<RuleFiles> {
  // The schemas are ours and tested; checking them against the meta-schema at every start costs a quarter of a second.
  const schemas = new Ajv({ allErrors: true, allowUnionTypes: true, validateSchema: false, meta: false })
  const reader: Reader = { folder, problems: [], hash: createHash('sha256'), schemas }
  const envelope = await readFolder<EnvelopeFile>(reader, '', 'envelope')
  const feeds = await readFolder<FeedFile>(reader, 'feeds', 'feed')
  const messages = await readFolder<MessageFile>(reader, 'messages', 'message')
  const segments = await readFolder<SegmentFile>(reader, 'segments', 'segment')
  const datatypes = await readFolder<DatatypeFile>(reader, 'datatypes', 'datatype')
  const tables = await readFolder<readonly TableRow[]>(reader, 'tables', 'table')
  const found = envelope.get('envelope')
  if (found === undefined) reader.problems.push('envelope.yaml: is missing')
  if (reader.problems.length > 0 || found === undefined) throw new RulesError(reader.problems)
  const version = reader.hash.digest('hex').slice(0, 16)
  return { envelope: found, feeds, messages, segments, datatypes, tables, version }
}

interface Reader {
  readonly folder: string
  readonly problems: string[]
  readonly hash: ReturnType<typeof createHash>
  readonly schemas: Ajv
}

/** Files by their name without ending. What does not fit its schema is reported and left out. */
async function readFolder<T>(reader: Reader, name: string, kind: string): Promise<ReadonlyMap<string, T>> {
  const files = new Map<string, T>()
  const schema = join(reader.folder, 'schemas', `${kind}.schema.json`)
  const validate = reader.schemas.compile<T>(JSON.parse(await readFile(schema, 'utf8')) as object)
  const folder = join(reader.folder, name)
  for (const file of (await readdir(folder)).toSorted()) {
    const [, stem = '', ending] = /^(.+)\.(yaml|csv)$/.exec(file) ?? []
    if (ending === undefined || (name === '' && stem !== kind)) continue
    const text = await readFile(join(folder, file), 'utf8')
    reader.hash.update(`${name}/${file}\n${text}`)
    const content = readContent(reader, { at: join(name, basename(file)), text, isTable: ending === 'csv' })
    if (content === undefined) continue
    if (validate(content)) files.set(stem, content)
    else reader.problems.push(...problemsOf(join(name, file), validate, content))
  }
  return files
}

function readContent(reader: Reader, file: { at: string; text: string; isTable: boolean }): unknown {
  try {
    return file.isTable ? readTable(file.text) : (parse(file.text, { uniqueKeys: true }) as unknown)
  } catch (error) {
    reader.problems.push(`${file.at}: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

function problemsOf(file: string, validate: ValidateFunction, content: unknown): string[] {
  return (validate.errors ?? []).map(
    (error) => `${file}${rowOf(error, content)}: ${error.instancePath} ${error.message ?? ''}${extra(error)}`,
  )
}

function extra({ params }: ErrorObject): string {
  const name: unknown = params['additionalProperty'] ?? params['allowedValues']
  return name === undefined ? '' : ` (${JSON.stringify(name)})`
}

/** ` row ABC-5` when the problem lies inside a row with an id. */
function rowOf({ instancePath }: ErrorObject, content: unknown): string {
  let here: unknown = content
  let row = ''
  for (const step of instancePath.split('/').slice(1)) {
    here = typeof here === 'object' && here !== null ? (here as Record<string, unknown>)[step] : undefined
    const id = typeof here === 'object' && here !== null && 'id' in here ? here.id : undefined
    if (typeof id === 'string') row = ` row ${id}`
  }
  return row
}
