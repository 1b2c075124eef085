import { fault } from '../../kernel/fault.ts'
import type { Fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { ElementTable } from '../elements.ts'
import { DefinitionError } from '../generate/definition-error.ts'
import { parseFhirPath, type PathNode } from '../generate/fhirpath-parser.ts'
import { DATE, NUMBER, PRESENT, REFERENCE, TEXT, TOKEN, URI } from '../keys/extract.ts'
import type { Extractor } from '../keys/extract.ts'
import { EXTRACTOR_NAMES } from '../keys/extractor-names.ts'
import { isResource, typesAt, valueTypesAt } from './path-types.ts'
import type { Root } from './typed-path.ts'
import { BeyondWalk, createWalk } from './walk.ts'

const TABLES: Readonly<Record<string, Readonly<Record<string, Extractor>>>> = {
  DATE,
  NUMBER,
  REFERENCE,
  TEXT,
  TOKEN,
  URI,
}
const EXPRESSION_MOST = 2000

/** Says which element of a SearchParameter the hub cannot search by. */
export function unusable(at: string, text: string): Fault {
  return fault('unprocessable', { code: 'not-supported', at: `SearchParameter.${at}`, text })
}

/** @param at the element that holds the expression. @throws Fault `unprocessable` for what is no FHIRPath that this server reads */
export function pathOf(expression: string | undefined, at: string): PathNode {
  if (expression === undefined || expression.length > EXPRESSION_MOST)
    throw unusable(at, `An expression of at most ${String(EXPRESSION_MOST)} characters is needed.`)
  return explained(at, () => parseFhirPath(expression))
}

interface Read {
  readonly table: ElementTable
  /** The type that the expression starts at. */
  readonly root: string
  /** Parameter type that has to hold what is found; absent: anything goes. */
  readonly type?: string
  readonly at: string
}

/**
 * The data types that an expression finds.
 *
 * @throws Fault `unprocessable` when it finds none, or one that the parameter type cannot hold; of a choice it need hold only some
 */
export function readableTypes(node: PathNode, { table, root, type, at }: Read): readonly string[] {
  const read = type === undefined ? typesAt : valueTypesAt
  const { types, choices } = explained(at, () => read(node, table, root))
  if (types.length === 0) throw unusable(at, `The expression finds nothing in ${root}.`)
  if (type === undefined) return types
  // A resource is read as such, but the one that is asked does not refer to itself.
  const readAs = (each: string): string => (each !== root && isResource(table, each) ? 'Resource' : each)
  const others = types.filter((each) => !extractorOf(type, readAs(each)))
  const other = others.length === types.length ? others[0] : others.find((each) => !choices.has(each))
  if (other === undefined) return types
  throw unusable(at, `A ${type} parameter cannot read ${other}, which the expression finds.`)
}

export function extractorOf(paramType: string, dataType: string): Extractor | undefined {
  const plain = dataType.startsWith('System.') ? 'string' : dataType
  const name = EXTRACTOR_NAMES[paramType]?.[plain]
  if (name === undefined) return undefined
  const [table = '', extractor = ''] = name.split('.')
  return name === 'PRESENT' ? PRESENT : TABLES[table]?.[extractor]
}

/**
 * What an expression of a parameter makes of one resource.
 *
 * @throws Fault `too-costly` when it is too much work: an index rule must not stop everybody else
 */
export function bounded<Result>(
  code: string,
  resource: Omit<Root, 'walk' | 'mayRepeat'>,
  use: (root: Root) => Result,
): Result {
  try {
    return use({ ...resource, walk: createWalk(limits.fhir.parameterSteps), mayRepeat: true })
  } catch (error) {
    if (!(error instanceof BeyondWalk)) throw error
    const text = `The expression of the search parameter "${code}" takes too long in this resource: divide it, or retire the parameter.`
    throw fault('too-costly', { code: 'too-costly', text })
  }
}

/** The parser and the walk say in their errors what they cannot read. */
function explained<Result>(at: string, read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error
    throw unusable(at, `This server cannot read the expression: ${error.message.slice(0, 300)}`)
  }
}
