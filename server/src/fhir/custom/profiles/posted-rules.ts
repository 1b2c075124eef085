import type { JsonObject } from '../../../kernel/json.ts'
import { limits } from '../../../kernel/limits.ts'
import { DefinitionError } from '../../generate/definition-error.ts'
import { parseFhirPath } from '../../generate/fhirpath-parser.ts'
import type { PathNode } from '../../generate/fhirpath-parser.ts'
import type { Spot } from '../../generate/profiles/source.ts'
import type { ProfileNode } from '../../generate/profiles/tree.ts'
import type { Rule } from '../../validation/profiles/plan.ts'
import { COMPUTED_FUNCTIONS, isTrue, OPERATORS } from '../computed-items.ts'
import type { Items } from '../items.ts'
import { itemsAt, WALKED_FUNCTIONS } from '../typed-path.ts'
import { BeyondWalk } from '../walk.ts'
import type { Walk } from '../walk.ts'
import type { PathSource } from './posted-discriminator.ts'

export interface RuleSource extends PathSource {
  readonly walk: Walk
  /** Keys of the rules that could not be checked. */
  readonly unchecked: Set<string>
}

/** The rules of a posted profile; those that cannot be walked, or not to their end, are noted and taken for met. */
export function rulesOf(
  { constraints }: ProfileNode,
  { types, root }: Spot,
  { table, walk, unchecked }: RuleSource,
): readonly Rule[] {
  return constraints.flatMap(({ key, human, severity, expression }) => {
    const path = walkable(expression)
    if (!path) {
      unchecked.add(key)
      return []
    }
    return types.map((type): Rule => {
      const test: Rule['test'] = (value, resource, rootResource) => {
        const variables = {
          context: [{ type, value }],
          resource: only(resource),
          rootResource: only(rootResource),
        }
        try {
          return isTrue(itemsAt(path, { table, type: root, resource, walk, variables }, variables.context))
        } catch (error) {
          if (!(error instanceof BeyondWalk)) throw error
          unchecked.add(key)
          return true
        }
      }
      return { text: `${key}: ${human}`, severity, type, test }
    })
  })
}

function only(resource: JsonObject): Items {
  const { resourceType } = resource
  return [{ type: typeof resourceType === 'string' ? resourceType : 'Resource', value: resource }]
}

function walkable(expression: string | undefined): PathNode | undefined {
  if (expression === undefined || expression.length > limits.fhir.ruleChars) return undefined
  try {
    const path = parseFhirPath(expression)
    return isWalkable(path) ? path : undefined
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error
    // What the parser does not know is not walked either.
    return undefined
  }
}

/** Whether all that the expression says is known. */
function isWalkable(node: PathNode): boolean {
  if (node.kind === 'variable') return VARIABLES.has(node.name)
  if (node.kind === 'binary') return OPERATORS.has(node.op) && isWalkable(node.left) && isWalkable(node.right)
  if (node.kind === 'call') return isWalkableCall(node)
  if (node.kind === 'index') return isWalkable(node.on)
  return node.kind !== 'member' || !node.on || isWalkable(node.on)
}

const VARIABLES: ReadonlySet<string> = new Set(['context', 'resource', 'rootResource', '$index', '$total'])

function isWalkableCall({ name, on, args }: Extract<PathNode, { kind: 'call' }>): boolean {
  if (!(WALKED_FUNCTIONS.has(name) || COMPUTED_FUNCTIONS.has(name)) || (on && !isWalkable(on))) return false
  return TYPE_TESTS.has(name) || args.every(isWalkable)
}

/** Their argument is the name of a type. */
const TYPE_TESTS: ReadonlySet<string> = new Set(['as', 'is', 'ofType'])
