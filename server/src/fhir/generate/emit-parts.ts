import { compilePath } from './compile-path.ts'
import { collectionOf, type Compiled, type Part } from './compiled-expression.ts'
import type { Corrections } from './corrections.ts'
import { extractor } from './emit-extract.ts'
import { parseFhirPath } from './fhirpath-parser.ts'
import type { Model } from './model.ts'
import { parametersOf, type TypeParameter } from './search-params.ts'
import type { SearchParameter, Specification } from './specification.ts'

interface PartsSource {
  readonly specification: Specification
  readonly corrections: Corrections
  readonly model: Model
}

/** Whether the parts of a composite stand in elements that repeat, so that it must be asked of each element by itself. */
export function isPerElement({ branches }: TypeParameter, type: string): boolean {
  return branches.some(
    (branch) => branch.kind !== 'member' || branch.name !== type || branch.on !== undefined,
  )
}

/**
 * JavaScript of a table: for each composite whose elements repeat, a function that fills one collector for each element with the keys of
 * the parts, under the codes of the parts.
 */
export function emitParts(type: string, source: PartsSource): string {
  const composites = parametersOf(type, source.specification).filter(
    (parameter) => parameter.definition.type === 'composite' && isPerElement(parameter, type),
  )
  const rows = composites.map((parameter) => row(type, parameter, source))
  return `const parts = {\n${rows.join(',\n')}\n}`
}

function row(type: string, { definition, branches }: TypeParameter, source: PartsSource): string {
  const root: Compiled = { kind: 'path', parts: [{ type, js: '[o]', item: 'o' }] }
  const lines = branches.flatMap((branch) => {
    const elements = compilePath(branch, { model: source.model, focus: root, variables: {}, root: type })
    if (elements.kind !== 'path') throw new Error(`${definition.id}: its elements are no path`)
    return elements.parts.map((part) => loop(type, part, { definition, source }))
  })
  return `${JSON.stringify(definition.code)}: (o, each) => {\n${lines.join('\n')}\n}`
}

function loop(
  type: string,
  element: Part,
  { definition, source }: { definition: SearchParameter; source: PartsSource },
): string {
  const expressions = source.corrections.partExpressions[definition.id]?.expressions
  const blocks = (definition.component ?? []).map(({ definition: url, expression }, index) => {
    const part = source.specification.searchParameters.find((each) => each.url === url)
    if (!part) throw new Error(`${definition.id}: ${url} is no search parameter`)
    return block(type, element, { part, expression: expressions?.[index] ?? expression, model: source.model })
  })
  return `  for (const e of ${element.js}) {\n    const K = each()\n${blocks.join('\n')}\n  }`
}

function block(
  type: string,
  element: Part,
  { part, expression, model }: { part: SearchParameter; expression: string; model: Model },
): string {
  const focus: Compiled = { kind: 'path', parts: [{ type: element.type, js: 'one(e)', item: 'e' }] }
  const resource: Compiled = { kind: 'path', parts: [{ type, js: '[o]', item: 'o' }] }
  const scope = { model, focus, variables: { resource }, root: element.type }
  const compiled = compilePath(parseFhirPath(expression), scope)
  if (compiled.kind !== 'path') return `    for (const v of ${collectionOf(compiled)}) TOKEN.code(K, v)`
  const lines = compiled.parts.map(
    (found) => `    for (const v of ${found.js}) ${extractor(part.type, found)}(K, v)`,
  )
  return [`    K.begin(${JSON.stringify(part.code)})`, ...new Set(lines)].join('\n')
}
