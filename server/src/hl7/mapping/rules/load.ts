import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { ErrorObject, ValidateFunction } from 'ajv'

import { keep, keyOf, readKept, type KeptRules } from './kept-rules.ts'
import { overlay, type Contents } from './overlay.ts'
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
  queries: 'query',
} as const

type Kind = keyof typeof KINDS
const FOLDERS = Object.keys(KINDS) as readonly Kind[]

/** The schemas of this version of the hub: a folder of an older one has those that fitted then. */
const SCHEMAS = fileURLToPath(new URL('../../../../../mappings/schemas', import.meta.url))

/** The schema of what rules of several kinds of files have in common; the others refer to it. */
const SHARED = 'rule'

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
  /** They were checked before, and are the same. */
  readonly isKept: boolean
  /** To be called when every list of overlays that is used was materialised and compiled: the next start need not check them. */
  keep(): void
}

/**
 * Reads all rule files of a `mappings/` folder and checks their shape against the schemas of this hub.
 *
 * @param keptAt files that keep what was read and found right, the first is ours to write: the same rules are then neither parsed nor checked
 * @param checks what the caller checks them against beside: what was kept without it is not known to be right
 * @throws RulesError
 */
export async function loadRules(
  folder: string,
  keptAt: readonly string[] = [],
  checks: readonly string[] = [],
): Promise<RuleSources> {
  const schemas = new Map([...Object.values(KINDS), SHARED].map((name) => [name, schemaText(name)]))
  const base = readTexts(folder)
  const names = namesIn(join(folder, 'overlays'))
  const overlays = new Map(names.map((name) => [name, readTexts(join(folder, 'overlays', name))]))
  const key = keyOf([schemas, base, ...overlays.values()], [...names, ...checks])
  const kept = readKept(keptAt, key)
  const read = kept ?? (await parseRules(base, overlays))
  const validators = kept === undefined ? await compileSchemas(schemas) : new Map<Kind, ValidateFunction>()
  const version = versionOf([base, ...overlays.values()])
  const files = (wanted: readonly string[]): RuleFiles =>
    materialise({ ...read, validators, version }, wanted)
  return {
    version,
    feeds: files([]).feeds,
    overlays: names,
    files,
    isKept: kept !== undefined,
    keep: () => {
      const [own] = keptAt
      if (own !== undefined && kept === undefined) keep(own, key, read)
    },
  }
}

type Texts = ReadonlyMap<string, string>

function schemaText(name: string): string {
  return readFileSync(join(SCHEMAS, `${name}.schema.json`), 'utf8')
}

/** The YAML and CSV files of one folder, by path below it, in order. */
function readTexts(folder: string): Texts {
  const texts = new Map<string, string>()
  for (const kind of FOLDERS) {
    for (const name of namesIn(join(folder, kind))) {
      if (!/\.(yaml|csv)$/.test(name) || (kind === '' && name !== 'envelope.yaml')) continue
      texts.set(kind === '' ? name : `${kind}/${name}`, readFileSync(join(folder, kind, name), 'utf8'))
    }
  }
  return texts
}

/** In order; none when there is no such folder. */
function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).toSorted() : []
}

function versionOf(folders: readonly Texts[]): string {
  const hash = createHash('sha256')
  for (const texts of folders) for (const [path, text] of texts) hash.update(`${path}\n${text}`)
  return hash.digest('hex').slice(0, 16)
}

/** @throws RulesError */
async function parseRules(base: Texts, overlays: ReadonlyMap<string, Texts>): Promise<KeptRules> {
  const { parse } = await import('yaml')
  const contentsOf = (texts: Texts, folder = ''): Contents => {
    const contents = new Map<string, unknown>()
    const problems: string[] = []
    for (const [path, text] of texts) {
      try {
        const read = () =>
          path.endsWith('.csv') ? readTable(text) : (parse(text, { uniqueKeys: true }) as unknown)
        contents.set(path, once(`${folder}/${path}`, text, read))
      } catch (error) {
        problems.push(`${path}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    if (problems.length > 0) throw new RulesError(problems)
    return contents
  }
  return {
    base: contentsOf(base),
    overlays: new Map([...overlays].map(([name, texts]) => [name, contentsOf(texts, name)])),
  }
}

/** What was last read of each path, as long as rules use it: a reload reads what has changed, the rest costs nothing. */
const lastRead = new Map<string, { readonly text: string; readonly content: WeakRef<object> }>()

function once(path: string, text: string, read: () => unknown): unknown {
  const last = lastRead.get(path)
  const known = last?.text === text ? last.content.deref() : undefined
  if (known !== undefined) return known
  const content = read()
  if (typeof content === 'object' && content !== null)
    lastRead.set(path, { text, content: new WeakRef(content) })
  return content
}

async function compileSchemas(schemas: Texts): Promise<ReadonlyMap<Kind, ValidateFunction>> {
  const { Ajv } = await import('ajv')
  // The schemas are ours and tested; checking them against the meta-schema, too, costs a quarter of a second.
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, validateSchema: false, meta: false })
  ajv.addSchema(JSON.parse(schemas.get(SHARED) ?? '{}') as object, `${SHARED}.schema.json`)
  return new Map(
    (Object.entries(KINDS) as [Kind, string][]).map(([kind, name]) => [
      kind,
      ajv.compile(JSON.parse(schemas.get(name) ?? '{}') as object),
    ]),
  )
}

interface Sources extends KeptRules {
  /** None for rules that are known to be right. */
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
    queries: folder('queries'),
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

/** @throws SyntaxError that says what a rule names and nobody has */
export function missing(what: string, name: string): never {
  throw new SyntaxError(`there is no ${what} "${name}"`)
}
