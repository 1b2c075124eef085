import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { referencedType } from '../keys/references.ts'
import type { Check } from './check.ts'
import { isObject } from './collections.ts'
import { referenceProblem, wrongTarget } from './reference-syntax.ts'

/** The second look at a Reference, where the check stands. */
export function checkReference(value: JsonObject, targets: ReadonlySet<string>, check: Check): void {
  const { reference: text, type } = value
  if (typeof type === 'string') checkType(type, { text, targets, check })
  if (typeof text !== 'string') return
  if (text.startsWith('#')) return checkFragment(text, targets, check)
  const problem = referenceProblem(text, { targets, types: check.types, isResolved: check.isResolved })
  if (problem !== undefined) check.addAt('reference', 'value', problem)
}

interface Stated {
  readonly text: JsonValue | undefined
  readonly targets: ReadonlySet<string>
  readonly check: Check
}

const R4_TYPE = 'http://hl7.org/fhir/StructureDefinition/'

/** The stated type is one that may stand here, and that of the literal reference. Types that others define are not judged. */
function checkType(stated: string, { text, targets, check }: Stated): void {
  const type = stated.startsWith(R4_TYPE) ? stated.slice(R4_TYPE.length) : stated
  if (type.includes(':')) return
  const shown = typeof text === 'string' ? referencedType(text) : undefined
  if (!check.types.has(type)) {
    check.addAt('type', 'value', `R4 has no resource type "${type.slice(0, 60)}": mend it or leave it out.`)
  } else if (shown !== undefined && check.types.has(shown) && shown !== type)
    check.addAt('type', 'value', `"type" says ${type}, "reference" ${shown}: mend one of them.`)
  else {
    const problem = wrongTarget(type, targets)
    if (problem !== undefined) check.addAt('type', 'value', problem)
  }
}

/** Whether the contained resource is there is ref-1. */
function checkFragment(text: string, targets: ReadonlySet<string>, check: Check): void {
  check.fragments.push(text)
  if (text === '#' && !check.inContained) {
    check.addAt('reference', 'value', '"#" refers to the container: it stands in contained resources only.')
    return
  }
  const target = text === '#' ? check.root : containedIn(check.root, text.slice(1))
  if (target) return checkTarget(target, targets, check)
  const id = text.slice(1, 65)
  check.fault(
    'invariant',
    `ref-1: SHALL have a contained resource if a local reference is provided: add a contained resource with the id "${id}", or refer to one that is there.`,
  )
}

function checkTarget({ resourceType: type }: JsonObject, targets: ReadonlySet<string>, check: Check): void {
  if (typeof type !== 'string' || !check.types.has(type)) return
  const problem = wrongTarget(type, targets)
  if (problem !== undefined) check.addAt('reference', 'value', problem)
}

/** The contained resource with an id. */
export function containedIn({ contained }: JsonObject, id: string): JsonObject | undefined {
  const list = Array.isArray(contained) ? (contained as readonly JsonValue[]) : []
  return list.filter(isObject).find((each) => each['id'] === id)
}
