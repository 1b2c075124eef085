import { limits } from '../../../kernel/limits.ts'
import { parseFhirPath } from '../../generate/fhirpath-parser.ts'
import type { PathNode } from '../../generate/fhirpath-parser.ts'
import type { Spot } from '../../generate/profiles/source.ts'
import type { ProfileNode } from '../../generate/profiles/tree.ts'
import type { Rule } from '../../validation/profiles/plan.ts'
import { FUNCTION_NAMES, isTrue, itemsAt, OPERATORS } from '../typed-path.ts'
import type { PathSource } from './posted-discriminator.ts'

/** The rules of a posted profile that can be walked; `unwalkable` names the others. */
export function rulesOf(
  { constraints }: ProfileNode,
  { types, root }: Spot,
  { table }: PathSource,
): readonly Rule[] {
  return constraints.flatMap(({ key, human, severity, expression }) => {
    const path = walkable(expression)
    if (!path) return []
    return types.map((type) => ({
      text: `${key}: ${human}`,
      severity,
      type,
      test: (value, resource) => isTrue(itemsAt(path, { table, type: root, resource }, [{ type, value }])),
    }))
  })
}

/** Keys of the rules that are beyond what is walked here: they are not checked. */
export function unwalkable({ constraints, children, slices }: ProfileNode): readonly string[] {
  const own = constraints.filter(({ expression }) => !walkable(expression)).map(({ key }) => key)
  return [...own, ...[...children.values(), ...slices.values()].flatMap(unwalkable)]
}

function walkable(expression: string | undefined): PathNode | undefined {
  if (expression === undefined || expression.length > limits.fhir.ruleChars) return undefined
  try {
    const path = parseFhirPath(expression)
    return isWalkable(path) ? path : undefined
  } catch {
    // What the parser does not know is not walked either.
    return undefined
  }
}

/** Nothing leads back to the whole resource: a walk looks at what is below an element, a few times at most. */
function isWalkable(node: PathNode): boolean {
  switch (node.kind) {
    case 'binary':
      return OPERATORS.has(node.op) && isWalkable(node.left) && isWalkable(node.right)
    case 'call':
      return isWalkableCall(node)
    case 'index':
      return isWalkable(node.on)
    case 'member':
      return node.on ? isWalkable(node.on) : /^[a-z]/.test(node.name)
    case 'variable':
      return false
    case 'empty':
    case 'literal':
    case 'this':
    default:
      return true
  }
}

function isWalkableCall({ name, on, args }: Extract<PathNode, { kind: 'call' }>): boolean {
  if (!FUNCTION_NAMES.has(name) || (on && !isWalkable(on))) return false
  return TYPE_TESTS.has(name) || args.every(isWalkable)
}

/** Their argument is the name of a type. */
const TYPE_TESTS: ReadonlySet<string> = new Set(['as', 'is', 'ofType'])
