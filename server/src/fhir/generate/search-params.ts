import { parseFhirPath, type PathNode } from './fhirpath-parser.ts'
import type { SearchParameter, Specification } from './specification.ts'

/** A SearchParameter as it stands for one resource type. */
export interface TypeParameter {
  readonly definition: SearchParameter
  /** The branches of the expression that start at the type (or at what every resource has). */
  readonly branches: readonly PathNode[]
}

const COMMON: ReadonlySet<string> = new Set(['Resource', 'DomainResource'])

/** The parameters of a type, the common ones included, ordered by code. */
export function parametersOf(type: string, { searchParameters }: Specification): readonly TypeParameter[] {
  return searchParameters
    .filter(({ base }) => base.some((each) => each === type || COMMON.has(each)))
    .map((definition) => ({ definition, branches: branchesOf(type, definition) }))
    .toSorted((a, b) => (a.definition.code < b.definition.code ? -1 : 1))
}

function branchesOf(type: string, { id, expression }: SearchParameter): readonly PathNode[] {
  if (expression === undefined) throw new Error(`SearchParameter ${id} has no expression`)
  const branches = split(parseFhirPath(expression)).filter((branch) => {
    const root = rootName(branch) ?? ''
    // A single one (InsurancePlan-name) leaves the type out: `name | alias`.
    return root === type || COMMON.has(root) || /^[a-z]/.test(root)
  })
  if (!branches.length) throw new Error(`SearchParameter ${id}: no part of its expression starts at ${type}`)
  return branches
}

function split(node: PathNode): readonly PathNode[] {
  return node.kind === 'binary' && node.op === '|' ? [...split(node.left), ...split(node.right)] : [node]
}

/** The name that an expression starts with. */
function rootName(node: PathNode): string | undefined {
  switch (node.kind) {
    case 'member':
    case 'call':
      return node.on ? rootName(node.on) : node.name
    case 'index':
      return rootName(node.on)
    case 'binary':
      return rootName(node.left)
    case 'literal':
    case 'quantity':
    case 'empty':
    case 'this':
    case 'variable':
    default:
      return undefined
  }
}
