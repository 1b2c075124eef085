import type { JsonValue } from '../../../kernel/json.ts'
import type { Spot } from './source.ts'
import { elementAt, typesOf } from './tree.ts'
import type { ElementModel, ProfileNode } from './tree.ts'

/** A node and where it stands. */
export interface Found {
  readonly node: ProfileNode
  readonly spot: Spot
}

/** Where a slice may say something: in R4's elements and in the profiles that its own elements must meet. */
interface Sources {
  readonly model: ElementModel
  /** The tree of a profile of a data type; absent where those count for nothing. */
  readonly treeOfProfile?: (url: string) => ProfileNode | undefined
}

const SEGMENT = /^(?:resolve\(\)|ofType\((\w+)\)|extension\('([^']+)'\)|(\w+))$/

/** What a slice says about the element that a discriminator's path leads to; `undefined` when nothing. */
export function targetOf(path: string, from: Found, sources: Sources): Found | undefined {
  let at: Found | undefined = from
  for (const segment of path === '$this' ? [] : path.split(/\.(?![^(]*\))/)) {
    const [, , url, name] = SEGMENT.exec(segment) ?? []
    if (at && url !== undefined) at = extensionOf(at, url, sources.model)
    else if (at && name !== undefined && name !== 'resolve') at = childOf(at, name, sources)
  }
  return at
}

function childOf({ node, spot }: Found, name: string, sources: Sources): Found | undefined {
  const [type = ''] = spot.types
  const { element } = elementAt(sources.model, type, name)
  if (!element) return undefined
  const own = childNode(node, name)
  const said = own && saysSomething(own) ? own : inProfile(node, name, sources)
  const known = said ?? own ?? impliedBy(node, name)
  if (!known) return undefined
  const child = element.choice ? onlyVariant(known) : known
  return {
    node: child,
    spot: { element, types: typesOf(child, element).map(({ code }) => code), root: spot.root },
  }
}

/** Of the element itself, or of a slice that must be there. */
function childNode(node: ProfileNode, name: string): ProfileNode | undefined {
  const own = node.children.get(name)
  if (own && saysSomething(own)) return own
  for (const slice of node.slices.values()) {
    const child = (slice.min ?? 0) > 0 ? slice.children.get(name) : undefined
    if (child) return child
  }
  return own
}

/** What the one profile of the element above says of it. */
function inProfile(
  { types }: ProfileNode,
  name: string,
  { treeOfProfile }: Sources,
): ProfileNode | undefined {
  const profiles = types?.flatMap(({ profile = [] }) => profile) ?? []
  const [only] = profiles
  const tree = profiles.length === 1 && only !== undefined ? treeOfProfile?.(only) : undefined
  return tree && childNode(tree, name)
}

/** `contentString` says what the element `content` is, and no other variant is left. */
function onlyVariant(node: ProfileNode): ProfileNode {
  const [only, ...others] = node.slices.values()
  return only && others.length === 0 && !saysValue(node) ? only : node
}

function saysValue({ fixed, pattern, binding, children }: ProfileNode): boolean {
  return [fixed, pattern, binding].some((each) => each !== undefined) || children.size > 0
}

function saysSomething(node: ProfileNode): boolean {
  return saysValue(node) || node.slices.size > 0 || node.max === '0'
}

/** A part of the fixed value or pattern of the element above; the url of an extension is that of its definition. */
function impliedBy({ fixed, pattern, types }: ProfileNode, name: string): ProfileNode | undefined {
  const whole = fixed ?? pattern
  const extension = name === 'url' ? types?.find(({ code }) => code === 'Extension')?.profile?.[0] : undefined
  const value = extension ?? partOf(whole, name)
  if (value === undefined) return undefined
  return { name, pattern: value, constraints: [], children: new Map(), slices: new Map() }
}

function partOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  const item = Array.isArray(value) ? (value as readonly JsonValue[])[0] : value
  if (typeof item !== 'object' || item === null) return undefined
  const part = (item as Readonly<Record<string, JsonValue | undefined>>)[name]
  return Array.isArray(part) ? (part as readonly JsonValue[])[0] : part
}

function extensionOf({ node, spot }: Found, url: string, model: ElementModel): Found | undefined {
  const extensions = node.children.get('extension')
  const { element } = elementAt(model, spot.types[0] ?? '', 'extension')
  const slice = [...(extensions?.slices.values() ?? [])].find((each) =>
    each.types?.some(({ profile }) => profile?.includes(url)),
  )
  return slice && element
    ? { node: slice, spot: { element, types: ['Extension'], root: spot.root } }
    : undefined
}

/** What is looked at. An element that a slice forbids has no value to compare: it must be absent. */
export function kindOf(type: string, { max }: ProfileNode): 'exists' | 'profile' | 'type' | 'value' {
  if (type === 'exists' || type === 'type' || type === 'profile') return type
  return max === '0' ? 'exists' : 'value'
}

/** The profiles that a slice by profile stands for. */
export function profilesOf({ types = [] }: ProfileNode): readonly string[] {
  return types.flatMap(({ profile = [], targetProfile = [] }) => [...profile, ...targetProfile])
}
