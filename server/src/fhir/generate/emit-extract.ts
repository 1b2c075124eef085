import { EXTRACTOR_NAMES } from '../keys/extractor-names.ts'
import { compilePath } from './compile-path.ts'
import { collectionOf, type Compiled, type Part } from './compiled-expression.ts'
import type { PathNode } from './fhirpath-parser.ts'
import type { Model } from './model.ts'
import { parametersOf, type TypeParameter } from './search-params.ts'
import type { Specification } from './specification.ts'

export interface ExtractSource {
  readonly specification: Specification
  readonly model: Model
  /** The one code system that an element with a required binding takes its codes from, by `Type.element`. */
  readonly systems: ReadonlyMap<string, string>
}

/** JavaScript of the function that fills a KeyCollector from one resource of the type. */
export function emitExtract(type: string, source: ExtractSource): string {
  // The hub sets the time of the last change itself: the collector knows it.
  const parameters = parametersOf(type, source.specification).filter(
    ({ definition }) => definition.code !== '_lastUpdated',
  )
  const compartment = new Set(source.specification.compartment.get(type))
  const blocks = parameters.map((parameter) => block(type, parameter, { ...source, compartment }))
  const patient = type === 'Patient' ? ['  if (typeof o.id === "string") K.inCompartment(o.id)'] : []
  return ['function extract(o, K) {', '  const ROOT = o', ...patient, ...blocks, '}'].join('\n')
}

interface BlockSource extends ExtractSource {
  readonly compartment: ReadonlySet<string>
}

function block(type: string, { definition, branches }: TypeParameter, source: BlockSource): string {
  const lines = branches.flatMap((branch) => {
    try {
      return branchLines(branch, { type, definition, source })
    } catch (error) {
      throw new Error(`SearchParameter ${definition.id} of ${type}: ${definition.expression ?? ''}`, {
        cause: error,
      })
    }
  })
  return lines.length ? [`  K.begin(${JSON.stringify(definition.code)})`, ...new Set(lines)].join('\n') : ''
}

function branchLines(
  branch: PathNode,
  {
    type,
    definition,
    source,
  }: { type: string; definition: TypeParameter['definition']; source: BlockSource },
): readonly string[] {
  const focus: Compiled = { kind: 'path', parts: [{ type, js: '[o]', item: 'o' }] }
  const compiled = compilePath(branch, { model: source.model, focus, variables: {}, root: type })
  // A composite has no keys of its own: it is asked of the keys of its parts.
  if (definition.type === 'composite') return []
  if (definition.type === 'special') return [`  for (const v of ${collectionOf(compiled)}) PRESENT(K, v)`]
  if (compiled.kind !== 'path') return [`  for (const v of ${collectionOf(compiled)}) TOKEN.code(K, v)`]
  if (!compiled.parts.length) throw new Error('it finds nothing')
  return compiled.parts.flatMap((part) => {
    const system = source.systems.get(systemPath(type, branch) ?? '')
    const argument = system !== undefined && part.type === 'code' ? `, ${JSON.stringify(system)}` : ''
    const isFamily = definition.type === 'string' && branch.kind === 'member' && branch.name === 'family'
    const read = isFamily ? 'TEXT.family' : extractor(definition.type, part)
    const lines = [`  for (const v of ${part.js}) ${read}(K, v${argument})`]
    if (source.compartment.has(definition.code) && part.type === 'Reference')
      lines.push(`  for (const v of ${part.js}) patientOf(K, v)`)
    return lines
  })
}

/** The data types of what a parameter finds; a rule without a path says true or false. */
export function typesRead(type: string, { branches }: TypeParameter, model: Model): readonly string[] {
  const focus: Compiled = { kind: 'path', parts: [{ type, js: '[o]', item: 'o' }] }
  const types = branches.flatMap((branch) => {
    const compiled = compilePath(branch, { model, focus, variables: {}, root: type })
    return compiled.kind === 'path' ? compiled.parts.map((part) => part.type) : ['boolean']
  })
  return [...new Set(types)]
}

export function extractor(paramType: string, { type }: Part): string {
  const found = EXTRACTOR_NAMES[paramType]?.[type]
  if (found === undefined) throw new Error(`a ${paramType} parameter can not read ${type}`)
  return found
}

/** `Patient.gender` for an expression that only walks down names. */
function systemPath(type: string, node: PathNode): string | undefined {
  if (node.kind !== 'member') return undefined
  if (!node.on) return node.name === type ? type : undefined
  const parent = systemPath(type, node.on)
  return parent === undefined ? undefined : `${parent}.${node.name}`
}
