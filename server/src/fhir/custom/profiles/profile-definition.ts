import type { JsonObject } from '../../../kernel/json.ts'
import { limits } from '../../../kernel/limits.ts'
import type { ProfileDefinition, ProfileElement } from '../../generate/profiles/definitions.ts'

export const BASE = 'http://hl7.org/fhir/StructureDefinition/'

/** A profile as the store holds it, without what R4 says anyway; `undefined` for what is no profile of a type. */
export function usable(resource: JsonObject): ProfileDefinition | undefined {
  // The store holds valid StructureDefinitions only.
  const profile = resource as unknown as ProfileDefinition
  const elements = [...(profile.differential?.element ?? []), ...(profile.snapshot?.element ?? [])]
  if (profile.derivation !== 'constraint' || elements.some(isTooDeep)) return undefined
  const snapshot = profile.snapshot && { element: profile.snapshot.element.map(plain) }
  const differential = profile.differential
    ? { element: profile.differential.element.map(plain) }
    : snapshot && withoutR4(snapshot)
  return { ...profile, ...(differential && { differential }), ...(snapshot && { snapshot }) }
}

/** A snapshot repeats R4's own rules, which are checked anyway. */
export function withoutR4({ element }: Elements): Elements {
  return {
    element: element.map(({ constraint = [], ...rest }) => ({
      ...rest,
      constraint: constraint.filter(({ source }) => source?.startsWith(BASE) !== true),
    })),
  }
}

export function bare(canonical: string): string {
  return canonical.replace(/\|.*$/s, '')
}

/** One that names the profiles it is made of without their versions: those have been found. */
export function unversioned({ differential, snapshot, ...profile }: ProfileDefinition): ProfileDefinition {
  return {
    ...profile,
    ...(profile.baseDefinition !== undefined && { baseDefinition: bare(profile.baseDefinition) }),
    ...(differential && { differential: withoutVersions(differential) }),
    ...(snapshot && { snapshot: withoutVersions(snapshot) }),
  }
}

function withoutVersions({ element }: Elements): Elements {
  return { element: element.map(unversionedTypes) }
}

function unversionedTypes({ type, ...element }: ProfileElement): ProfileElement {
  const types = type?.map(({ profile, targetProfile, ...rest }) => ({
    ...rest,
    ...(profile && { profile: profile.map(bare) }),
    ...(targetProfile && { targetProfile: targetProfile.map(bare) }),
  }))
  return { ...element, ...(types && { type: types }) }
}

type Elements = NonNullable<ProfileDefinition['snapshot']>

function isTooDeep({ id, path }: ProfileElement): boolean {
  return Math.max(path.split('.').length, (id ?? '').split(/[./]/).length) > limits.fhir.nesting
}

/** Types that only name the kind of an element, and the rules of R4 itself. */
function plain({ type, constraint, ...element }: ProfileElement): ProfileElement {
  const types = type?.filter(({ code }) => !NO_TYPES.test(code)) ?? []
  const rules = constraint?.filter(({ key }) => !OF_R4.test(key)) ?? []
  return {
    ...element,
    ...(types.length > 0 && { type: types }),
    ...(rules.length > 0 && { constraint: rules }),
  }
}

const NO_TYPES = /^(?:BackboneElement|Element|http:\/\/hl7\.org\/fhirpath\/.*)$/
const OF_R4 = /^(?:ele-1|ext-1|dom-[2-6])$/
