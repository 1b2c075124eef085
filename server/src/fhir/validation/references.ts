import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { Check } from './check.ts'
import { isObject } from './collections.ts'
import { referenceProblem } from './reference-syntax.ts'

/** The second look at the text of a Reference, where the check stands. */
export function checkReference(
  text: JsonValue | undefined,
  targets: ReadonlySet<string>,
  check: Check,
): void {
  if (typeof text !== 'string') return
  if (text.startsWith('#')) return checkFragment(text, check)
  const problem = referenceProblem(text, { targets, types: check.types })
  if (problem !== undefined) check.addAt('reference', 'value', problem)
}

/** Whether the contained resource is there is ref-1. */
function checkFragment(text: string, check: Check): void {
  check.fragments.push(text)
  if (text === '#') {
    if (!check.inContained)
      check.addAt('reference', 'value', '"#" refers to the container: it stands in contained resources only.')
  } else if (!isContained(check.root, text.slice(1))) {
    const id = text.slice(1, 65)
    check.fault(
      'invariant',
      `ref-1: SHALL have a contained resource if a local reference is provided: add a contained resource with the id "${id}", or refer to one that is there.`,
    )
  }
}

function isContained(root: JsonObject, id: string): boolean {
  const contained = root['contained']
  return (
    Array.isArray(contained) && contained.some((each) => isObject(each as JsonValue) && each['id'] === id)
  )
}
