import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { JsonValue } from '../../../kernel/json.ts'
import type { Specification, ValueSetSource } from '../specification.ts'
import type { Constraint } from '../structure-definition.ts'

/** A StructureDefinition that constrains a type; also with a snapshot only. */
export interface ProfileDefinition {
  readonly resourceType: 'StructureDefinition'
  readonly url: string
  readonly version?: string
  readonly name: string
  readonly type: string
  readonly derivation?: string
  readonly baseDefinition?: string
  /** Of a posted one: the base that is compiled and checked beside it. */
  readonly compiledBase?: string
  /** Of an extension: where it may stand. */
  readonly context?: readonly { readonly type: string; readonly expression: string }[]
  readonly differential?: { readonly element: readonly ProfileElement[] }
  readonly snapshot?: { readonly element: readonly ProfileElement[] }
}

export interface ProfileElement {
  readonly id?: string
  readonly path: string
  readonly sliceName?: string
  readonly min?: number
  readonly max?: string
  readonly maxLength?: number
  readonly isModifier?: boolean
  readonly type?: readonly TypeChoice[]
  readonly slicing?: SlicingDefinition
  readonly binding?: { readonly strength: string; readonly valueSet?: string }
  readonly constraint?: readonly Constraint[]
  /** `fixedCode`, `patternCodeableConcept`, `minValueDecimal`, … */
  readonly [value: `fixed${string}` | `pattern${string}` | `minValue${string}` | `maxValue${string}`]:
    | JsonValue
    | undefined
}

export interface TypeChoice {
  readonly code: string
  readonly profile?: readonly string[]
  readonly targetProfile?: readonly string[]
}

export interface SlicingDefinition {
  readonly discriminator?: readonly { readonly type: string; readonly path: string }[]
  readonly ordered?: boolean
  readonly rules?: string
}

const PROFILES_FOLDER = fileURLToPath(new URL('../../../../../fhir-profiles', import.meta.url))

export interface ProfileSources {
  readonly profiles: ReadonlyMap<string, ProfileDefinition>
  /** Those of `fhir-profiles/`: they must compile whole. */
  readonly own: ReadonlySet<string>
  readonly terminology: Specification['terminology']
}

/** The profiles of R4 itself and those of `fhir-profiles/`, with the value sets and code systems beside them. */
export function readProfiles(
  specification: Specification,
  removed: Readonly<Record<string, string>>,
): ProfileSources {
  const own = readdirSync(PROFILES_FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => resourcesOf(join(PROFILES_FOLDER, name)))
  const definitions = own.filter(({ resourceType }) => resourceType === 'StructureDefinition')
  const sets = own.filter(({ resourceType }) => resourceType === 'ValueSet' || resourceType === 'CodeSystem')
  const known = [...specification.profiles.filter(({ url }) => !Object.hasOwn(removed, url)), ...definitions]
  return {
    profiles: new Map(known.map((profile) => [profile.url, profile as ProfileDefinition])),
    own: new Set(definitions.map(({ url }) => url)),
    terminology: new Map([
      ...specification.terminology,
      ...sets.map((set): [string, ValueSetSource] => [
        `${set.resourceType} ${set.url}`,
        set as unknown as ValueSetSource,
      ]),
    ]),
  }
}

interface Canonical {
  readonly resourceType: string
  readonly url: string
}

function resourcesOf(folder: string): readonly Canonical[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Canonical)
}
