import { DefinitionError } from '../../generate/definition-error.ts'
import type { Element } from '../../generate/model.ts'
import type { ProfileDefinition, TypeChoice } from '../../generate/profiles/definitions.ts'
import type { Spot } from '../../generate/profiles/source.ts'
import { elementAt, treeOf, typesOf } from '../../generate/profiles/tree.ts'
import type { ElementModel, ProfileNode } from '../../generate/profiles/tree.ts'
import type { AllowedCodes } from '../../validation/bindings.ts'
import { PRIMITIVES } from '../../validation/primitives.ts'
import type { ElementPlan, Limits, ProfilePlan } from '../../validation/profiles/plan.ts'
import { discriminatorsOf } from './posted-discriminator.ts'
import type { SliceSource } from './posted-discriminator.ts'
import { rulesOf } from './posted-rules.ts'
import type { RuleSource } from './posted-rules.ts'
import { BASE } from './profile-definition.ts'

export interface PostedSource extends RuleSource {
  readonly model: ElementModel
  /** Posted profiles by url, the base of each among them. */
  readonly profiles: ReadonlyMap<string, ProfileDefinition>
  /** Whether the hub has compiled a profile of this url. */
  readonly isCompiled: (url: string) => boolean
  /** The slices that cannot be told apart. */
  readonly skipped: Set<string>
  /** What required bindings allow; value sets that are not stored are missing. */
  readonly allowed: ReadonlyMap<string, AllowedCodes>
}

/** What a profile says, over the profiles that it is made of. @throws DefinitionError that says why it cannot be used */
export function postedTree(profile: ProfileDefinition, { model, profiles }: PostedSource): ProfileNode {
  return treeOf(profile, { model, sources: { profiles } })
}

/** The same as a plan, without any code: paths and rules are walked. */
export function postedPlan(profile: ProfileDefinition, source: PostedSource): ProfilePlan {
  const { url, type, compiledBase } = profile
  const root = planOf(postedTree(profile, source), { types: [type], root: type }, source)
  if (compiledBase === undefined) return { url, type, root }
  return { url, type, root: { ...root, limits: { ...NO_LIMITS, profiles: [compiledBase] } } }
}

const NO_LIMITS: Limits = {
  maxLength: undefined,
  fixed: undefined,
  pattern: undefined,
  minValue: undefined,
  maxValue: undefined,
  types: undefined,
  targets: undefined,
  targetProfiles: undefined,
  profiles: undefined,
  allowed: undefined,
}

function planOf(node: ProfileNode, spot: Spot, source: PostedSource): ElementPlan {
  const { element } = spot
  return {
    name: element?.name ?? node.name,
    variants: (element?.types ?? []).map(({ property, type }) => ({
      property,
      extra: isPrimitive(type) ? `_${property}` : undefined,
      type,
    })),
    ...countsOf(node, spot),
    limits: limitsOf(node, element, source),
    rules: rulesOf(node, spot, source),
    children: childrenOf(node, spot, source),
    slicing: slicingOf(node, spot, source),
  }
}

function isPrimitive(type: string): boolean {
  return Object.hasOwn(PRIMITIVES, type)
}

function countsOf(
  { min = 0, max = '*' }: ProfileNode,
  { element, isSlice = false }: Spot,
): Pick<ElementPlan, 'min' | 'max'> {
  const isBound = element && max !== '*' && (isSlice || element.repeats || max === '0')
  return { min: element ? min : 0, max: isBound ? Number(max) : Infinity }
}

function limitsOf(node: ProfileNode, element: Element | undefined, source: PostedSource): Limits | undefined {
  const { maxLength, fixed, pattern, minValue, maxValue, binding } = node
  const limits = {
    maxLength,
    fixed,
    pattern,
    minValue,
    maxValue,
    ...typeLimits(element ? (node.types ?? []) : [], element, source),
    allowed: binding === undefined ? undefined : source.allowed.get(binding),
  }
  return Object.values(limits).every((each) => each === undefined) ? undefined : limits
}

function typeLimits(
  choices: readonly TypeChoice[],
  element: Element | undefined,
  { profiles, isCompiled, types }: PostedSource,
): Pick<Limits, 'types' | 'targets' | 'targetProfiles' | 'profiles'> {
  const typeOf = (url: string) => typeOfProfile(url, { profiles, types })
  const codes = choices.flatMap(shownCodes)
  const isNarrower = element?.types.some(({ type }) => !type.includes('.') && !codes.includes(type)) === true
  const wanted = choices.flatMap(({ profile = [] }) => profile)
  const isKnown = wanted.length > 0 && wanted.every((url) => profiles.has(url) || isCompiled(url))
  const targetProfiles = choices.flatMap(({ targetProfile = [] }) => targetProfile)
  const targets = targetProfiles.map(typeOf)
  return {
    types: isNarrower && codes.length > 0 ? codes : undefined,
    targets: targets.length > 0 && !targets.includes('') ? new Set(targets) : undefined,
    targetProfiles: targetProfiles.every((url) => isTypeOfR4(url, types)) ? undefined : targetProfiles,
    profiles: isKnown ? wanted : undefined,
  }

  /** Of a resource the types of its profiles tell more, if all are known. */
  function shownCodes({ code, profile = [] }: TypeChoice): readonly string[] {
    const shown = code === 'Resource' ? profile.map(typeOf) : []
    return shown.length === 0 || shown.includes('') ? [code] : shown
  }
}

function isTypeOfR4(url: string, types: ReadonlySet<string>): boolean {
  const name = url.startsWith(BASE) ? url.slice(BASE.length) : ''
  return types.has(name) || name === 'Resource'
}

/** Empty when any will do, or nobody knows. */
function typeOfProfile(url: string, { profiles, types }: Pick<PostedSource, 'profiles' | 'types'>): string {
  const type = profiles.get(url)?.type ?? url.replace(BASE, '')
  return types.has(type) ? type : ''
}

function childrenOf(node: ProfileNode, spot: Spot, source: PostedSource): readonly ElementPlan[] {
  return [...node.children.values()].flatMap((child) => {
    const { element } = elementAt(source.model, spot.types[0] ?? '', child.name)
    if (!element) throw new DefinitionError(`${spot.types.join()} has no element ${child.name}`)
    const plan = planOf(child, spotOf(child, element, spot), source)
    return saysNothing(plan) ? [] : [plan]
  })
}

function saysNothing({ min, max, limits, rules, children, slicing }: ElementPlan): boolean {
  return min === 0 && max === Infinity && !limits && rules.length + children.length === 0 && !slicing
}

function spotOf(node: ProfileNode, element: Element, { root }: Spot): Spot {
  return { element, types: typesOf(node, element).map(({ code }) => code), root }
}

/** Nothing where an item's slice cannot be told, which is noted: all else that the profile says is checked. */
function slicingOf(node: ProfileNode, spot: Spot, source: PostedSource): ElementPlan['slicing'] {
  const { element } = spot
  const { slicing } = node
  if (!slicing || !element) return undefined
  try {
    const slices = [...node.slices].map(([name, slice]) => {
      const at = { ...spotOf(slice, element, spot), isSlice: true }
      const by = discriminatorsOf(slicing.discriminator ?? [], { node: slice, spot: at }, sliceSource(source))
      return { name, plan: planOf(slice, at, source), by }
    })
    const rules = slicing.rules === 'closed' || slicing.rules === 'openAtEnd' ? slicing.rules : 'open'
    return { rules, ordered: slicing.ordered === true, slices }
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error
    source.skipped.add(`the slices of ${element.name} (${error.message})`)
    return undefined
  }
}

function sliceSource(source: PostedSource): SliceSource {
  return {
    ...source,
    treeOfProfile: (url) => {
      const profile = source.profiles.get(url)
      return profile && postedTree(profile, source)
    },
    typeOfProfile: (url) => typeOfProfile(url, source),
    planOf: (node, spot) => planOf(node, spot, source),
  }
}
