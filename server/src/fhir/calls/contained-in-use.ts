import { stringIn } from '../json/tree.ts'
import type { ObjectTree, Tree } from '../json/tree.ts'

/**
 * Leaves out the contained resources that nothing which was kept refers to, itself or through others of them. One that a kept
 * element names by `#id` stays: the reference would lead nowhere, and the resource break ref-1.
 */
export function keepContainedInUse({ members }: ObjectTree): void {
  const contained = members.get('contained')
  if (contained?.kind !== 'list') return
  const inUse = new Set<Tree>()
  const others = [...members].filter(([name]) => name !== 'contained').map(([, value]) => value)
  for (let found = others; found.length > 0;) {
    const ids = new Set(found.flatMap(idsNamedIn))
    found = contained.items.filter((item) => !inUse.has(item) && ids.has(idOf(item)))
    for (const item of found) inUse.add(item)
  }
  const items = contained.items.filter((item) => inUse.has(item))
  if (items.length === 0) members.delete('contained')
  else members.set('contained', { kind: 'list', items })
}

function idOf(tree: Tree): string | undefined {
  return tree.kind === 'object' ? stringIn(tree.members.get('id')) : undefined
}

/** References and canonicals alike: what begins with `#` names a contained resource, or is a text that matches no id. */
function idsNamedIn(tree: Tree): readonly (string | undefined)[] {
  if (tree.kind === 'list') return tree.items.flatMap(idsNamedIn)
  if (tree.kind === 'object') return [...tree.members.values()].flatMap(idsNamedIn)
  return tree.text.startsWith('"#') ? [stringIn(tree)?.slice(1)] : []
}
