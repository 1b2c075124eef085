import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import type { AllowedCodes } from '../bindings.ts'
import type { Collection } from '../collections.ts'

/** What the generator makes of one StructureDefinition: data for `check-profile.ts`, with its FHIRPath compiled. */
export interface ProfilePlan {
  readonly url: string
  /** The resource or data type that it constrains. */
  readonly type: string
  readonly root: ElementPlan
}

/**
 * What a profile adds to R4 for one element, or for one slice of it. What it leaves as it is, is not here. All plans have all members in
 * one order, so that the engine sees one shape.
 */
export interface ElementPlan {
  readonly name: string
  /** Where the element stands in JSON: one property, or one for each variant of a choice. */
  readonly variants: readonly Variant[]
  readonly min: number
  readonly max: number
  readonly limits: Limits | undefined
  readonly rules: readonly Rule[]
  readonly children: readonly ElementPlan[]
  readonly slicing: Slicing | undefined
}

export interface Slicing {
  readonly rules: 'open' | 'closed' | 'openAtEnd'
  readonly ordered: boolean
  readonly slices: readonly Slice[]
}

/** What a single value must be. */
export interface Limits {
  readonly maxLength: number | undefined
  readonly fixed: JsonValue | undefined
  readonly pattern: JsonValue | undefined
  readonly minValue: JsonValue | undefined
  readonly maxValue: JsonValue | undefined
  /** Type codes; absent: any that R4 allows. */
  readonly types: readonly string[] | undefined
  /** Types that a reference may point to. */
  readonly targets: ReadonlySet<string> | undefined
  /** Profiles and types of R4 of which what a reference points to must meet one; absent where types say it all. */
  readonly targetProfiles: readonly string[] | undefined
  /** Profiles of which a value must meet one. */
  readonly profiles: readonly string[] | undefined
  readonly allowed: AllowedCodes | undefined
}

export interface Variant {
  readonly property: string
  /** `_property` of a primitive. */
  readonly extra: string | undefined
  readonly type: string
}

export interface Rule {
  readonly text: string
  readonly severity: 'error' | 'warning'
  /** Type of the values that it is compiled for. */
  readonly type: string
  readonly test: (value: JsonValue, resource: JsonObject, root: JsonObject) => boolean
}

export interface Slice {
  readonly name: string
  readonly plan: ElementPlan
  /** An item belongs to the slice when all of them hold. */
  readonly by: readonly Discriminator[]
}

export interface Discriminator {
  readonly kind: 'value' | 'exists' | 'type' | 'profile'
  /** What the discriminator looks at; absent for the item itself. */
  readonly path: ((item: JsonValue, root: JsonObject) => Collection) | undefined
  /** What a value must meet. */
  readonly plan: ElementPlan | undefined
  readonly exists: boolean
  readonly types: readonly string[]
  readonly profiles: readonly string[]
}
