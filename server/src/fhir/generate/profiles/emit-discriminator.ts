import type { JsonValue } from '../../../kernel/json.ts'
import { compilePath } from '../compile-path.ts'
import { collectionOf, type Compiled } from '../compiled-expression.ts'
import { parseFhirPath } from '../fhirpath-parser.ts'
import { object, type ProfileSource, type Spot } from './source.ts'
import { elementAt, typesOf, type ProfileNode } from './tree.ts'

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
  const isValue = type !== 'exists' && type !== 'type' && type !== 'profile'
  return object({
    kind: JSON.stringify(isValue ? 'value' : type),
    path: path === '$this' ? 'undefined' : `(e, ROOT) => ${pathOf(path, spot, source)}`,
    plan: isValue ? emitNode(node, { ...found.spot, isSlice: true }, source) : 'undefined',
    exists: String(node.max !== '0'),
    types: JSON.stringify(type === 'type' ? (node.types?.map(({ code }) => code) ?? []) : []),
    profiles: JSON.stringify(type === 'profile' ? profilesOf(node) : []),
  })
}

function profilesOf({ types = [] }: ProfileNode): readonly string[] {
  return types.flatMap(({ profile = [], targetProfile = [] }) => [...profile, ...targetProfile])
}

function pathOf(path: string, { types, root }: Spot, { model }: ProfileSource): string {
  const [only] = types
  const type = types.length === 1 && only !== undefined && only !== 'Resource' ? only : '*'
  const focus: Compiled = { kind: 'path', parts: [{ type, js: '[e]', item: 'e', there: 'true' }] }
  return collectionOf(compilePath(parseFhirPath(path), { model, focus, root, variables: {} }))
}

interface Found {
  readonly node: ProfileNode
  readonly spot: Spot
}

const SEGMENT = /^(?:resolve\(\)|ofType\((\w+)\)|extension\('([^']+)'\)|(\w+))$/

function targetOf(path: string, from: Found, source: ProfileSource): Found | undefined {
  let at: Found | undefined = from
  for (const segment of path === '$this' ? [] : path.split(/\.(?![^(]*\))/)) {
    const [, , url, name] = SEGMENT.exec(segment) ?? []
    if (at && url !== undefined) at = extensionOf(at, url, source)
    else if (at && name !== undefined && name !== 'resolve') at = childOf(at, name, source)
  }
  return at
}

function childOf({ node, spot }: Found, name: string, source: ProfileSource): Found | undefined {
  const [type = ''] = spot.types
  const { element } = elementAt(source.model, type, name)
  if (!element) return undefined
  const child = childNode(node, name) ?? impliedBy(node, name)
  if (!child) return undefined
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

function saysSomething({ fixed, pattern, binding, children, slices }: ProfileNode): boolean {
  return [fixed, pattern, binding].some((each) => each !== undefined) || children.size > 0 || slices.size > 0
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

function extensionOf({ node, spot }: Found, url: string, source: ProfileSource): Found | undefined {
  const extensions = node.children.get('extension')
  const { element } = elementAt(source.model, spot.types[0] ?? '', 'extension')
  const slice = [...(extensions?.slices.values() ?? [])].find((each) =>
    each.types?.some(({ profile }) => profile?.includes(url)),
  )
  return slice && element
    ? { node: slice, spot: { element, types: ['Extension'], root: spot.root } }
    : undefined
}
