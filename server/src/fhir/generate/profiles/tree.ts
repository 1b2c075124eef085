import type { JsonValue } from '../../../kernel/json.ts'
import { DefinitionError } from '../definition-error.ts'
import type { Element, Type } from '../model.ts'
import type { Constraint } from '../structure-definition.ts'
import type {
  ProfileDefinition,
  ProfileElement,
  ProfileSources,
  SlicingDefinition,
  TypeChoice,
} from './definitions.ts'

/** What a profile and the profiles below it say about one element, or about one slice of it. */
export interface ProfileNode {
  readonly name: string
  min?: number
  max?: string
  maxLength?: number
  types?: readonly TypeChoice[]
  fixed?: JsonValue
  pattern?: JsonValue
  minValue?: JsonValue
  maxValue?: JsonValue
  binding?: string
  slicing?: SlicingDefinition
  readonly constraints: Constraint[]
  readonly children: Map<string, ProfileNode>
  readonly slices: Map<string, ProfileNode>
}

/** R4's elements by type. */
export interface ElementModel {
  get(type: string): Pick<Type, 'elements'> | undefined
}

export interface TreeSource {
  readonly model: ElementModel
  readonly sources: Pick<ProfileSources, 'profiles'>
}

const BASE = 'http://hl7.org/fhir/StructureDefinition/'

/** The tree of a profile: the differentials from the innermost profile outwards, one over the other. */
export function treeOf(profile: ProfileDefinition, source: TreeSource): ProfileNode {
  const base = source.sources.profiles.get(profile.baseDefinition ?? '')
  if (!base && profile.baseDefinition !== `${BASE}${profile.type}`)
    throw new DefinitionError(`${profile.url}: its base ${profile.baseDefinition ?? ''} is not known`)
  const root = base ? treeOf(base, source) : emptyNode(profile.type)
  const elements = profile.differential?.element ?? profile.snapshot?.element ?? []
  const slices = new Map<string, string>()
  for (const element of elements)
    mergeInto(nodeAt(root, idOf(element, slices), { profile, model: source.model }), element)
  return root
}

function emptyNode(name: string): ProfileNode {
  return { name, constraints: [], children: new Map(), slices: new Map() }
}

/** The id of an element, made from path and slice names where the author left it out. */
function idOf({ id, path, sliceName }: ProfileElement, slices: Map<string, string>): string {
  if (id !== undefined) return id
  for (const known of slices.keys()) if (known === path || !path.startsWith(`${known}.`)) slices.delete(known)
  if (sliceName !== undefined) slices.set(path, sliceName)
  const parts = path.split('.')
  return parts
    .map((part, i) => {
      const slice = slices.get(parts.slice(0, i + 1).join('.'))
      return slice === undefined ? part : `${part}:${slice}`
    })
    .join('.')
}

interface Place {
  readonly profile: ProfileDefinition
  readonly model: ElementModel
}

function nodeAt(root: ProfileNode, id: string, { profile, model }: Place): ProfileNode {
  let node = root
  let type = profile.type
  for (const segment of id.split('.').slice(1)) {
    const [name = '', slice] = segment.split(':')
    const { element, variant } = elementAt(model, type, name.replace('[x]', ''))
    if (!element) throw new DefinitionError(`${profile.url}: ${type} has no element ${name} (${id})`)
    node = childOf(node, element.name)
    if (variant !== undefined) node = variantOf(node, variant)
    if (slice !== undefined && slice !== variant?.property) node = sliceOf(node, slice, element)
    type = typesOf(node, element)[0]?.code ?? type
  }
  return node
}

/** Also by the name of a variant: `valueQuantity` for `value[x]`. */
export function elementAt(
  model: ElementModel,
  type: string,
  name: string,
): { readonly element?: Element; readonly variant?: { readonly property: string; readonly type: string } } {
  const elements = model.get(type)?.elements
  const element = elements?.get(name)
  if (element) return { element }
  for (const each of elements?.values() ?? []) {
    const variant = each.choice ? each.types.find(({ property }) => property === name) : undefined
    if (variant) return { element: each, variant }
  }
  return {}
}

/** The types that an element or slice may have: what the profile says, or all that R4 has for it. */
export function typesOf({ types }: ProfileNode, element: Element): readonly TypeChoice[] {
  return types ?? element.types.map(({ type }) => ({ code: type }))
}

function childOf(node: ProfileNode, name: string): ProfileNode {
  const child = node.children.get(name) ?? emptyNode(name)
  node.children.set(name, child)
  return child
}

/** One variant of a choice is a slice by type. */
function variantOf(node: ProfileNode, { property, type }: { property: string; type: string }): ProfileNode {
  node.slicing ??= BY_TYPE
  const slice = node.slices.get(property) ?? emptyNode(property)
  slice.types ??= [{ code: type }]
  node.slices.set(property, slice)
  return slice
}

function sliceOf(node: ProfileNode, name: string, element: Element): ProfileNode {
  const variant = element.choice ? element.types.find(({ property }) => property === name) : undefined
  if (variant) return variantOf(node, variant)
  if (element.types[0]?.type === 'Extension') node.slicing ??= BY_URL
  const [first = name, ...rest] = name.split('/')
  const slice = node.slices.get(first) ?? emptyNode(first)
  node.slices.set(first, slice)
  return rest.reduce<ProfileNode>(partOf, slice)
}

/** A slice of a slice: `lab/blood`. */
function partOf(slice: ProfileNode, name: string): ProfileNode {
  const part = slice.slices.get(name) ?? emptyNode(name)
  slice.slices.set(name, part)
  return part
}

/** To name one variant of a choice is to leave out the others, as in the snapshots of R4's own profiles. */
const BY_TYPE: SlicingDefinition = { discriminator: [{ type: 'type', path: '$this' }], rules: 'closed' }
const BY_URL: SlicingDefinition = { discriminator: [{ type: 'value', path: 'url' }], rules: 'open' }

function mergeInto(node: ProfileNode, element: ProfileElement): void {
  if (element.min !== undefined) node.min = element.min
  if (element.max !== undefined) node.max = element.max
  if (element.maxLength !== undefined) node.maxLength = element.maxLength
  if (element.type !== undefined) node.types = element.type
  if (element.slicing !== undefined) node.slicing = element.slicing
  const { binding } = element
  if (binding?.strength === 'required' && binding.valueSet !== undefined)
    node.binding = binding.valueSet.replace(/\|.*$/, '')
  node.constraints.push(...(element.constraint ?? []))
  for (const key of ['fixed', 'pattern', 'minValue', 'maxValue'] as const) {
    const value = valueOf(element, key)
    if (value !== undefined) node[key] = value
  }
}

function valueOf(element: ProfileElement, prefix: string): JsonValue | undefined {
  for (const [key, value] of Object.entries(element)) {
    if (key.startsWith(prefix) && /^[A-Z]/.test(key.slice(prefix.length))) return value as JsonValue
  }
  return undefined
}
