import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { parse } from 'yaml'

import { overlay } from './overlay.ts'
import type { FeedFile, RuleFiles, TableRow } from './rules.ts'
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

/** The folders of a rule set, each with the schema of its files. `''` is the top folder. */
const KINDS = {
  '': 'envelope',
  feeds: 'feed',
  messages: 'message',
  images: 'image',
  segments: 'segment',
  datatypes: 'datatype',
  tables: 'table',
  outbound: 'outbound',
  fields: 'fields',
} as const

type Kind = keyof typeof KINDS
const FOLDERS = Object.keys(KINDS) as readonly Kind[]

export interface RuleSources {
  /** Changes with every change of a rule. */
  readonly version: string
  readonly feeds: ReadonlyMap<string, FeedFile>
  /** Names of the folders below `overlays`. */
  readonly overlays: readonly string[]
  /**
   * The rules with some overlays laid over them, in order.
   *
   * @throws RulesError when a file does not fit its schema, or two overlays change the same row
   */
  files(overlays: readonly string[]): RuleFiles
}

/** Contents of one folder: what its YAML or CSV says, by path below the folder. */
type Contents = ReadonlyMap<string, unknown>

/**
 * Reads all rule files of a `mappings/` folder and checks their shape against its `schemas/`.
 *
 * @throws RulesError
 */
export async function loadRules(folder: string): Promise<RuleSources> {
  // The schemas are ours and tested; checking them against the meta-schema at every start costs a quarter of a second.
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, validateSchema: false, meta: false })
  const validators = new Map<Kind, ValidateFunction>()
  for (const [kind, name] of Object.entries(KINDS) as [Kind, string][]) {
    const schema = await readFile(join(folder, 'schemas', `${name}.schema.json`), 'utf8')
    validators.set(kind, ajv.compile(JSON.parse(schema) as object))
  }
  const hash = createHash('sha256')
  const base = await readContents(folder, hash)
  const names = await namesIn(join(folder, 'overlays'))
  const overlays = new Map<string, Contents>()
  for (const name of names) overlays.set(name, await readContents(join(folder, 'overlays', name), hash))
  const version = hash.digest('hex').slice(0, 16)
  const files = (wanted: readonly string[]): RuleFiles =>
    materialise({ base, overlays, validators, version }, wanted)
  return { version, feeds: files([]).feeds, overlays: names, files }
}

/** In order; none when there is no such folder. */
async function namesIn(folder: string): Promise<readonly string[]> {
  const names: string[] = await readdir(folder).catch(() => [])
  return names.toSorted()
}

async function readContents(folder: string, hash: ReturnType<typeof createHash>): Promise<Contents> {
  const contents = new Map<string, unknown>()
  const problems: string[] = []
  for (const kind of FOLDERS) {
    for (const name of await namesIn(join(folder, kind))) {
      if (!/\.(yaml|csv)$/.test(name) || (kind === '' && name !== 'envelope.yaml')) continue
      const text = await readFile(join(folder, kind, name), 'utf8')
      const path = kind === '' ? name : `${kind}/${name}`
      hash.update(`${path}\n${text}`)
      try {
        contents.set(path, name.endsWith('.csv') ? readTable(text) : parse(text, { uniqueKeys: true }))
      } catch (error) {
        problems.push(`${path}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }
  if (problems.length > 0) throw new RulesError(problems)
  return contents
}

interface Sources {
  readonly base: Contents
  readonly overlays: ReadonlyMap<string, Contents>
  readonly validators: ReadonlyMap<Kind, ValidateFunction>
  readonly version: string
}

function materialise({ base, overlays, validators, version }: Sources, wanted: readonly string[]): RuleFiles {
  const problems: string[] = []
  const layers = wanted.flatMap((name) => {
    const contents = overlays.get(name)
    if (contents === undefined) problems.push(`overlays: there is no "${name}"`)
    return contents === undefined ? [] : [{ name, contents }]
  })
  const contents = overlay(base, layers, problems)
  const valid = new Map<string, unknown>()
  for (const [path, content] of contents) {
    const kind = FOLDERS.find((one) => one !== '' && path.startsWith(`${one}/`)) ?? ''
    const validate = validators.get(kind)
    if (validate === undefined || validate(content)) valid.set(path, content)
    else problems.push(...problemsOf(path, validate, content))
  }
  if (!valid.has('envelope.yaml') && !contents.has('envelope.yaml'))
    problems.push('envelope.yaml: is missing')
  if (problems.length > 0) throw new RulesError(problems)
  const folder = <K extends keyof RuleFiles>(kind: Kind & K): RuleFiles[K] =>
    below(valid, kind) as RuleFiles[K]
  return {
    envelope: valid.get('envelope.yaml') as RuleFiles['envelope'],
    feeds: folder('feeds'),
    messages: folder('messages'),
    images: folder('images'),
    segments: folder('segments'),
    datatypes: folder('datatypes'),
    outbound: folder('outbound'),
    fields: folder('fields'),
    tables: below(valid, 'tables') as ReadonlyMap<string, readonly TableRow[]>,
    version,
  }
}

/** Files of a folder by their name without ending. */
function below(contents: Contents, folder: Kind): ReadonlyMap<string, unknown> {
  const start = `${folder}/`
  return new Map(
    [...contents]
      .filter(([path]) => path.startsWith(start))
      .map(([path, content]) => [path.slice(start.length).replace(/\.\w+$/, ''), content]),
  )
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
