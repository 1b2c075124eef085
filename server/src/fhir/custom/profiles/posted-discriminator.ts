import type { ElementTable } from '../../elements.ts'
import { DefinitionError } from '../../generate/definition-error.ts'
import { parseFhirPath } from '../../generate/fhirpath-parser.ts'
import { kindOf, profilesOf, targetOf } from '../../generate/profiles/discriminator-target.ts'
import type { Found } from '../../generate/profiles/discriminator-target.ts'
import type { Spot } from '../../generate/profiles/source.ts'
import type { ElementModel, ProfileNode } from '../../generate/profiles/tree.ts'
import type { Discriminator, ElementPlan } from '../../validation/profiles/plan.ts'
import { shownType } from '../../validation/profiles/slices.ts'
import { itemsAt } from '../typed-path.ts'

export interface PathSource {
  readonly table: ElementTable
  /** The resource types of R4. */
  readonly types: ReadonlySet<string>
}

export interface SliceSource extends PathSource {
  readonly model: ElementModel
  /** The resource type of a profile; empty when nobody knows. */
  readonly typeOfProfile: (url: string) => string
  readonly treeOfProfile: (url: string) => ProfileNode | undefined
  readonly planOf: (node: ProfileNode, spot: Spot) => ElementPlan
}

interface Named {
  readonly type: string
  readonly path: string
}

/**
 * What tells the items of a slice. A discriminator that the slice says nothing about is left to the others.
 *
 * @throws DefinitionError when the slice says nothing about any of them, or a path is none that is known
 */
export function discriminatorsOf(
  named: readonly Named[],
  slice: Found,
  source: SliceSource,
): readonly Discriminator[] {
  const by = named.flatMap((each) => discriminatorOf(each, slice, source) ?? [])
  if (by.length > 0 || named.length === 0) return by
  throw new DefinitionError(
    `slice ${slice.node.name} says nothing about ${named.map(({ path }) => path).join(', ')}`,
  )
}

function discriminatorOf(
  { type, path }: Named,
  slice: Found,
  source: SliceSource,
): Discriminator | undefined {
  const found = targetOf(path, slice, source)
  if (!found) return undefined
  const { node, spot } = found
  const kind = kindOf(type, node)
  const types = kind === 'type' ? typesShown(node, path, source) : []
  if (types.includes('')) return undefined
  // What a path leads to shows its type no longer, but for resources and references.
  if (kind === 'type' && path !== '$this')
    return {
      ...NOTHING,
      kind: 'exists',
      exists: true,
      path: pathOf(path, slice.spot, { ...source, only: new Set(types) }),
    }
  return {
    kind,
    path: path === '$this' ? undefined : pathOf(path, slice.spot, source),
    plan: kind === 'value' ? source.planOf(node, { ...spot, isSlice: true }) : undefined,
    exists: node.max !== '0',
    types,
    profiles: kind === 'profile' ? profilesOf(node) : [],
  }
}

/** Behind `resolve()` those of what is referred to. */
function typesShown(
  { types = [] }: ProfileNode,
  path: string,
  { typeOfProfile }: SliceSource,
): readonly string[] {
  if (!path.endsWith('resolve()')) return types.map(({ code }) => code)
  return types.flatMap(({ targetProfile = [] }) => targetProfile.map(typeOfProfile))
}

const NOTHING = { plan: undefined, types: [], profiles: [] } as const

interface Leading extends PathSource {
  /** The types of items that count; all where it is left out. */
  readonly only?: ReadonlySet<string>
}

function pathOf(path: string, { types, root }: Spot, { table, only }: Leading): Discriminator['path'] {
  const parsed = parseFhirPath(path)
  const [type = ''] = types
  return (value, resource) =>
    itemsAt(parsed, { table, type: root, resource }, [{ type, value }])
      .filter((item) => !only || only.has(item.type) || only.has(shownType(item.value)))
      .map((item) => item.value)
}
