import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { RUNTIME_NAMES } from '../compiled.ts'
import { CORRECTIONS_FILE, readCorrections } from './corrections.ts'
import { emitCodeSystems } from './emit-code-systems.ts'
import { emitElements } from './emit-elements.ts'
import { emitExtensions } from './emit-extensions.ts'
import { emitDataTypes, emitModule, searchParams } from './emit-module.ts'
import { emitTerminology } from './emit-terminology.ts'
import { emitValueSets } from './emit-value-sets.ts'
import { modelOf } from './model.ts'
import { emitProfiles } from './profiles/emit-profiles.ts'
import { DEFINITION_FILES, definitionsFolder, readSpecification } from './specification.ts'

/**
 * Writes validators and key extractors for all R4 types: one file a type and `index.json`.
 * The folder is replaced as a whole, so that a reader never sees half of it.
 *
 * @throws Error naming the SearchParameter or invariant that can not be compiled
 */
export function generate(folder: string): { readonly types: number } {
  const definitions = definitionsFolder()
  const corrections = readCorrections()
  const specification = readSpecification(definitions, corrections)
  const source = { specification, corrections, model: modelOf(specification), runtime: RUNTIME_NAMES }
  const files = new Map(specification.types.map((type) => [`${type}.cjs`, emitModule(type, source)]))
  files.set('data-types.cjs', emitDataTypes(source))
  const { urls, versions, extensionUrls, extensions, modules } = emitProfiles(source)
  for (const [name, text] of modules) files.set(name, text)
  const params = specification.types.map((type) => [type, searchParams(type, source)] as const)
  files.set('params.json', JSON.stringify(Object.fromEntries(params)))
  files.set('extensions.json', emitExtensions(extensions, { corrections, extensionUrls }))
  files.set('code-systems.json', emitCodeSystems(specification))
  const { terminology } = specification
  files.set('value-sets.json', emitValueSets({ terminology, syntaxes: corrections.syntaxes }))
  files.set('terminology.json', emitTerminology(specification))
  files.set('elements.json', emitElements(source.model))
  files.set(
    'index.json',
    JSON.stringify({
      types: specification.types,
      profiles: urls,
      versions,
      hash: fingerprint(definitions),
      walkHash: walkFingerprint(),
    }),
  )
  replaceFolder(folder, files)
  return { types: specification.types.length }
}

function replaceFolder(folder: string, files: ReadonlyMap<string, string>): void {
  const fresh = `${folder}.${process.pid}`
  mkdirSync(fresh, { recursive: true })
  for (const [name, text] of files) writeFileSync(join(fresh, name), text)
  rmSync(folder, { recursive: true, force: true })
  renameSync(fresh, folder)
}

/** Changes whenever generated code or the keys that it makes may change. */
function fingerprint(definitions: string): string {
  const inputs = [
    ...['.', '../keys'].flatMap(sourcesIn),
    fileURLToPath(CORRECTIONS_FILE),
    ...DEFINITION_FILES.map((name) => join(definitions, name)),
  ]
  return hashOf(inputs)
}

/** What the walk of posted expressions is made of, beside its own folder and that of the keys. */
const WALKED_WITH = [
  'compile-functions.ts',
  'compile-operations.ts',
  'fhirpath-arguments.ts',
  'fhirpath-lexer.ts',
  'fhirpath-parser.ts',
  '../elements.ts',
  '../validation/collections.ts',
  '../validation/conversions.ts',
  '../validation/functions.ts',
  '../validation/operators.ts',
  '../validation/quantities.ts',
  '../validation/values.ts',
]

/** Changes whenever what posted SearchParameters find may change. */
function walkFingerprint(): string {
  return hashOf([...['../custom', '../keys'].flatMap(sourcesIn), ...WALKED_WITH.map(pathOf)])
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}

function sourcesIn(folder: string): readonly string[] {
  const path = pathOf(folder)
  return readdirSync(path)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .toSorted()
    .map((name) => join(path, name))
}

function hashOf(files: readonly string[]): string {
  const hash = createHash('sha256')
  for (const file of files) hash.update(readFileSync(file))
  return hash.digest('hex')
}
