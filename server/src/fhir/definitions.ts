import type { Issue } from '../kernel/fault.ts'
import type { JsonObject } from '../kernel/json.ts'
import type { Soon } from '../kernel/soon.ts'
import type { SearchKeys } from '../store/keys.ts'
import type { ElementTable } from './elements.ts'
import type { KeyCollector } from './keys/collector.ts'
import type { ExtractContext } from './keys/extract-context.ts'
import type { ZoneOffset } from './keys/zone.ts'
import type { AllowedCodes } from './validation/bindings.ts'
import type { ProfilePlan } from './validation/profiles/plan.ts'

/**
 * What `npm run generate` compiles for one resource type into `server/.generated/`. Loaded at first use.
 * The generator writes modules that export exactly this shape; nothing else reads the specification at run time.
 */
export interface TypeModule {
  readonly type: string
  /** Checks one parsed resource, contained resources included. Stops at `most` issues. */
  validate(resource: JsonObject, most: number, options?: ValidateOptions): readonly Issue[]
  /**
   * Search keys of one valid resource. `lastUpdated` in milliseconds; `facility` as `Organization/<id>`.
   *
   * @param more adds what other than R4's own parameters find
   */
  extract(resource: JsonObject, context: ExtractContext, more?: (keys: KeyCollector) => void): SearchKeys
  /** Keys of each element that a composite parameter is asked of, under the codes of its parts. */
  elements(resource: JsonObject, composite: string, base: string): readonly SearchKeys[]
  /** Code of the date parameter that says when care was; absent for types without one. */
  readonly mainDate?: string
  /** The same where no resource has several values of it, so that keyed scans are in its order. */
  readonly ordered?: string
  /** Search parameters of the type, the common ones (`_id`, `_lastUpdated`, …) included, ordered by code. */
  readonly params: readonly SearchParam[]
  /** Elements (top level) that `_summary=true` keeps, and those that are mandatory or modifiers. */
  readonly summary: readonly string[]
  readonly mandatory: readonly string[]
}

export interface ValidateOptions {
  /** Whether rules of best practice are looked at, too. */
  readonly warnings?: boolean
  /** The JSON text that the resource was parsed from: makes the check quicker. */
  readonly text?: string
  /** Whether this is about to be stored: a reference by search must have become one to a resource. */
  readonly stored?: boolean
  /** Plans of profiles that are stored, not compiled, by url. */
  readonly posted?: ReadonlyMap<string, ProfilePlan>
  /** What a literal reference leads to in the store, where somebody has looked for it. */
  readonly targetOf?: (reference: string) => JsonObject | undefined
  /** Profiles to check against beside those that the resource names; one that is not known is an error. */
  readonly profiles?: readonly string[]
}

export type SearchParamType =
  | 'token'
  | 'reference'
  | 'string'
  | 'date'
  | 'composite'
  | 'uri'
  | 'quantity'
  | 'number'
  | 'special'

export interface SearchParam {
  readonly code: string
  readonly type: SearchParamType
  /** Canonical url of the R4 SearchParameter. */
  readonly url: string
  /** Types that a reference may point to. */
  readonly target?: readonly string[]
  /** Data types of what a token or a reference finds: some modifiers ask for what only certain types have. */
  readonly reads?: readonly string[]
  /** Parameter codes of a composite's parts. */
  readonly components?: readonly string[]
  /** Of a posted composite: its parts, under the codes that their keys stand under. */
  readonly parts?: readonly SearchParam[]
  /** Of a parameter that was posted as a resource: how far its index is; nothing when all resources are in it. */
  readonly progress?: () => Promise<IndexProgress | undefined>
  /** The parts of a composite stand in elements that repeat: they must be met by one and the same. */
  readonly perElement?: true
}

/** Resources that have the keys of a new parameter, of about so many. */
export interface IndexProgress {
  readonly done: number
  readonly total: number
  /** Those that will not have them. */
  readonly failed: number
  readonly isFinished: boolean
}

export interface Definitions {
  /** The 146 concrete R4 resource types, sorted. */
  readonly types: readonly string[]
  /** Canonical urls of the profiles that resources can be checked against. */
  readonly profiles: readonly string[]
  /** Whether one of these is meant: a version, where the canonical names one, must be that of the profile. */
  holdsProfile(canonical: string): boolean
  /** Those that constrain this resource type; reads all of them at first use. */
  profilesOf(type: string): readonly string[]
  /** Another number whenever search parameters were added or taken away. */
  revision(): number
  /** `undefined` for what is no R4 resource type. */
  load(type: string): Soon<TypeModule> | undefined
  /** Search parameters of a type as in its module, which is not loaded for it. @returns none for what is no R4 resource type */
  params(type: string): readonly SearchParam[]
  /** The codes of a value set that R4 itself lists, or knows by their syntax. @param url canonical, without version */
  valueSetOf(url: string): AllowedCodes | undefined
  /** What R4 itself defines, as far as it takes to know its codes. @param url without version */
  terminologyOf(type: 'ValueSet' | 'CodeSystem', url: string): JsonObject | undefined
  /** What single elements are, of all types; read at first use. */
  elements(): ElementTable
  /** What dates and times without an offset are meant in, in resources and in searches alike. */
  readonly zone: ZoneOffset
  /** SHA-256 of generator, definitions and zone: stored with the data, a difference means rebuild the keys. */
  readonly hash: string
  /** The same of what finds the values of posted SearchParameters: a difference means that their indexes are built again. */
  readonly walkHash: string
}
