import type { Variant } from '../../validation/profiles/plan.ts'
import { isPrimitive } from '../compile-path.ts'
import { compiledRule } from '../emit-invariants.ts'
import type { Element } from '../model.ts'
import type { Constraint } from '../structure-definition.ts'
import type { ProfileDefinition } from './definitions.ts'
import { emitDiscriminator } from './emit-discriminator.ts'
import { object, type ProfileSource, type Spot } from './source.ts'
import { elementAt, treeOf, typesOf, type ProfileNode } from './tree.ts'

/** JavaScript of a `ProfilePlan`. */
export function emitProfile(profile: ProfileDefinition, source: ProfileSource): string {
  const root = emitNode(treeOf(profile, source), { types: [profile.type], root: profile.type }, source)
  return `{ url: ${text(profile.url)}, type: ${text(profile.type)}, root: ${root} }`
}

/** JavaScript of an `ElementPlan`. */
function emitNode(node: ProfileNode, spot: Spot, source: ProfileSource): string {
  return object({
    name: text(spot.element?.name ?? node.name),
    variants: text(variantsOf(spot, source)),
    ...counts(node, spot),
    limits: limits(node, spot, source),
    rules: list(rules(node, spot, source)),
    children: list(children(node, spot, source)),
    slicing: slicing(node, spot, source),
  })
}

function list(items: readonly string[]): string {
  return `[${items.join(',\n')}]`
}

function variantsOf({ element }: Spot, { model }: ProfileSource): readonly Partial<Variant>[] {
  return (element?.types ?? []).map(({ property, type }) =>
    isPrimitive(type, model) ? { property, type, extra: `_${property}` } : { property, type },
  )
}

function counts(
  { min = 0, max = '*' }: ProfileNode,
  { element, isSlice }: Spot,
): { min: string; max: string } {
  const isOurs = element && min > (isSlice ? 0 : Number(element.required))
  const isBound = element && max !== '*' && (isSlice || element.repeats || max === '0')
  return { min: isOurs ? String(min) : '0', max: isBound ? String(Number(max)) : 'Infinity' }
}

/** JavaScript of the `Limits` that R4 itself does not set. */
function limits(node: ProfileNode, { element }: Spot, source: ProfileSource): string {
  const members = {
    maxLength: node.maxLength === undefined ? NOTHING : String(node.maxLength),
    fixed: text(node.fixed),
    pattern: text(node.pattern),
    minValue: text(node.minValue),
    maxValue: text(node.maxValue),
    ...types(node, element, source),
    allowed:
      node.binding === undefined || node.binding === element?.binding
        ? NOTHING
        : source.bindings.use(node.binding),
  }
  return Object.values(members).every((js) => js === NOTHING) ? NOTHING : object(members)
}

const NOTHING = 'undefined'
const BASE = 'http://hl7.org/fhir/StructureDefinition/'

function types(
  node: ProfileNode,
  element: Element | undefined,
  { sources, bindings, model }: ProfileSource,
): Readonly<Record<'types' | 'targets' | 'targetProfiles' | 'profiles', string>> {
  const choices = element ? (node.types ?? []) : []
  const codes = new Set(choices.map(({ code }) => code))
  const isNarrower = element?.types.some(({ type }) => isData(type) && !codes.has(type)) === true
  const profiles = choices.flatMap(({ profile = [] }) => profile)
  const known = profiles.filter((url) => sources.profiles.has(url))
  const targetProfiles = choices.flatMap(({ targetProfile = [] }) => targetProfile)
  const targets = targetProfiles.map(targetType)
  return {
    types: isNarrower && codes.size > 0 ? text([...codes]) : NOTHING,
    targets: targets.length > 0 && !targets.includes('') ? bindings.set(targets) : NOTHING,
    targetProfiles: targetProfiles.every(isTypeOfR4) ? NOTHING : text(targetProfiles),
    profiles: known.length > 0 && known.length === profiles.length ? text(known) : NOTHING,
  }

  function isTypeOfR4(url: string): boolean {
    return url.startsWith(BASE) && model.get(url.slice(BASE.length))?.kind === 'resource'
  }

  /** The resource type that a profile of a target has; '' when any will do. */
  function targetType(url: string): string {
    const type = sources.profiles.get(url)?.type ?? url.replace(BASE, '')
    return type !== 'Resource' && model.get(type)?.kind === 'resource' ? type : ''
  }
}

function isData(type: string): boolean {
  return !type.includes('.')
}

function rules(node: ProfileNode, spot: Spot, source: ProfileSource): readonly string[] {
  const known = new Set([
    ...(spot.element?.constraints ?? []).map(({ key }) => key),
    ...spot.types.flatMap((type) => source.model.get(type)?.constraints.map(({ key }) => key) ?? []),
  ])
  const own = new Map(node.constraints.filter(({ key }) => !known.has(key)).map((rule) => [rule.key, rule]))
  return [...own.values()].flatMap((rule) => ruleOf(rule, spot, source))
}

function ruleOf(rule: Constraint, { types: allowed, root }: Spot, source: ProfileSource): readonly string[] {
  const expression = source.corrections.invariants[rule.key]?.expression ?? rule.expression
  if (expression === undefined) return []
  return allowed.map((type) => {
    const test = compiledRule({ ...rule, expression }, type, { owner: root, source, item: 'e' })
    return `{ text: ${text(`${rule.key}: ${rule.human}`)}, severity: ${text(rule.severity)}, type: ${text(type)}, test: (e, RESOURCE, ROOT) => ${test} }`
  })
}

function children(node: ProfileNode, spot: Spot, source: ProfileSource): readonly string[] {
  return [...node.children.values()].flatMap((child) => {
    const { element } = elementAt(source.model, spot.types[0] ?? '', child.name)
    if (!element) throw new Error(`${spot.types.join()} has no element ${child.name}`)
    const plan = emitNode(child, spotOf(child, element, spot), source)
    return saysNothing(plan) ? [] : [plan]
  })
}

function saysNothing(plan: string): boolean {
  return plan.endsWith(
    'min: 0, max: Infinity, limits: undefined, rules: [], children: [], slicing: undefined }',
  )
}

function spotOf(node: ProfileNode, element: Element, { root }: Spot): Spot {
  return { element, types: typesOf(node, element).map(({ code }) => code), root }
}

function slicing(node: ProfileNode, spot: Spot, source: ProfileSource): string {
  const { element } = spot
  const { slicing: defined } = node
  if (!defined || !element) return NOTHING
  const slices = [...node.slices].map(([name, slice]) => {
    const at = { ...spotOf(slice, element, spot), isSlice: true }
    const by = (defined.discriminator ?? []).map((each) =>
      emitDiscriminator(each, { slice, name, spot: at, source, emitNode }),
    )
    return object({ name: text(name), plan: emitNode(slice, at, source), by: list(by) })
  })
  return object({
    rules: text(defined.rules ?? 'open'),
    ordered: String(defined.ordered === true),
    slices: list(slices),
  })
}

/** JavaScript of a JSON value; of nothing, `undefined`. */
function text(value: unknown): string {
  return value === undefined ? NOTHING : JSON.stringify(value)
}
