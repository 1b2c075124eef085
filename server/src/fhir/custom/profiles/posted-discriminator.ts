import type { ElementTable } from '../../elements.ts'
import { parseFhirPath } from '../../generate/fhirpath-parser.ts'
import { profilesOf, targetOf } from '../../generate/profiles/discriminator-target.ts'
import type { Found } from '../../generate/profiles/discriminator-target.ts'
import type { Spot } from '../../generate/profiles/source.ts'
import type { ElementModel, ProfileNode } from '../../generate/profiles/tree.ts'
import type { Discriminator, ElementPlan } from '../../validation/profiles/plan.ts'
import { itemsAt } from '../typed-path.ts'

export interface PathSource {
  readonly table: ElementTable
  /** The resource types of R4. */
  readonly types: ReadonlySet<string>
}

interface SliceSource extends PathSource {
  readonly model: ElementModel
  readonly planOf: (node: ProfileNode, spot: Spot) => ElementPlan
}

/** @throws Error when the slice says nothing about what the discriminator leads to, or its path is none that is known */
export function discriminatorOf(
  { type, path }: { readonly type: string; readonly path: string },
  slice: Found,
  source: SliceSource,
): Discriminator {
  const found = targetOf(path, slice, source.model)
  if (!found) throw new Error(`slice ${slice.node.name} says nothing about ${path}`)
  const { node, spot } = found
  const kind = type === 'exists' || type === 'type' || type === 'profile' ? type : 'value'
  return {
    kind,
    path: path === '$this' ? undefined : pathOf(path, slice.spot, source),
    plan: kind === 'value' ? source.planOf(node, { ...spot, isSlice: true }) : undefined,
    exists: node.max !== '0',
    types: kind === 'type' ? (node.types?.map(({ code }) => code) ?? []) : [],
    profiles: kind === 'profile' ? profilesOf(node) : [],
  }
}

function pathOf(path: string, { types, root }: Spot, { table }: PathSource): Discriminator['path'] {
  const parsed = parseFhirPath(path)
  const [type = ''] = types
  return (value, resource) =>
    itemsAt(parsed, { table, type: root, resource }, [{ type, value }]).map((item) => item.value)
}
