import { compilePath } from '../compile-path.ts'
import { collectionOf, type Compiled } from '../compiled-expression.ts'
import { parseFhirPath } from '../fhirpath-parser.ts'
import { kindOf, profilesOf, targetOf } from './discriminator-target.ts'
import { object, type ProfileSource, type Spot } from './source.ts'
import type { ProfileNode } from './tree.ts'

interface SliceContext {
  readonly slice: ProfileNode
  readonly name: string
  readonly spot: Spot
  readonly source: ProfileSource
  readonly emitNode: (node: ProfileNode, spot: Spot, source: ProfileSource) => string
}

/**
 * JavaScript of a `Discriminator`: what the slice says about the element that the discriminator's path leads to.
 *
 * @throws Error when the slice says nothing there
 */
export function emitDiscriminator(
  { type, path }: { readonly type: string; readonly path: string },
  context: SliceContext,
): string {
  const { slice, name, spot, source, emitNode } = context
  const found = targetOf(path, { node: slice, spot }, source)
  if (!found) throw new Error(`slice ${name} says nothing about ${path}`)
  const { node } = found
  const kind = kindOf(type, node)
  return object({
    kind: JSON.stringify(kind),
    path: path === '$this' ? 'undefined' : `(e, ROOT) => ${pathOf(path, spot, source)}`,
    plan: kind === 'value' ? emitNode(node, { ...found.spot, isSlice: true }, source) : 'undefined',
    exists: String(node.max !== '0'),
    types: JSON.stringify(kind === 'type' ? (node.types?.map(({ code }) => code) ?? []) : []),
    profiles: JSON.stringify(kind === 'profile' ? profilesOf(node) : []),
  })
}

function pathOf(path: string, { types, root }: Spot, { model }: ProfileSource): string {
  const [only] = types
  const type = types.length === 1 && only !== undefined && only !== 'Resource' ? only : '*'
  const focus: Compiled = { kind: 'path', parts: [{ type, js: '[e]', item: 'e', there: 'true' }] }
  return collectionOf(compilePath(parseFhirPath(path), { model, focus, root, variables: {} }))
}
