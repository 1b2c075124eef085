import { compilePath } from './compile-path.ts'
import type { PathNode } from './fhirpath-parser.ts'
import type { Model } from './model.ts'
import { parametersOf, type TypeParameter } from './search-params.ts'
import type { Specification } from './specification.ts'

/** Parameter codes that hold a type's main clinical date, the first one that a type has counts. */
const MAIN_DATES = [
  'authoredon',
  'authored-on',
  'authored',
  'date',
  'onset-date',
  'issued',
  'performed',
  'occurrence',
  'effective-time',
  'whenhandedover',
  'whenprepared',
  'effective',
  'started',
  'start',
  'created',
  'sent',
  'period',
  'recorded-date',
  'recorded',
  'collected',
  'start-date',
  'identified',
]

/** Code of the parameter by whose earliest value keyed scans of the type are ordered. */
export function mainDate(type: string, specification: Specification): string | undefined {
  return mainParameter(type, specification)?.definition.code
}

/** The main date's code when no resource has several values of it, so that the order of the scans is its order up and down. */
export function orderedDate(type: string, specification: Specification, model: Model): string | undefined {
  const parameter = mainParameter(type, specification)
  const isSingle = parameter?.branches.every((branch) => isSingleDate(branch, type, model)) === true
  return isSingle ? parameter.definition.code : undefined
}

function mainParameter(type: string, specification: Specification): TypeParameter | undefined {
  const dates = parametersOf(type, specification).filter(({ definition }) => definition.type === 'date')
  const code = MAIN_DATES.find((each) => dates.some(({ definition }) => definition.code === each))
  return dates.find(({ definition }) => definition.code === code)
}

function isSingleDate(branch: PathNode, type: string, model: Model): boolean {
  const focus = { kind: 'path', parts: [{ type, js: '[o]', item: 'o' }] } as const
  const compiled = compilePath(branch, { model, focus, variables: {}, root: type })
  if (compiled.kind !== 'path') return false
  const names = namesOf(branch)
  return (
    names?.[0] === type &&
    names.length === 2 &&
    model.get(type)?.elements.get(names[1] ?? '')?.repeats === false
  )
}

/** `['Observation', 'effective']` of an expression that walks down names and narrows types. */
function namesOf(node: PathNode): readonly string[] | undefined {
  if (node.kind === 'call' && node.on && (node.name === 'as' || node.name === 'ofType'))
    return namesOf(node.on)
  if (node.kind !== 'member') return undefined
  if (!node.on) return [node.name]
  const parent = namesOf(node.on)
  return parent && [...parent, node.name]
}
