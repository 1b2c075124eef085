import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import type { Check } from '../check.ts'
import { isObject } from '../collections.ts'
import { checkProfile } from './check-profile.ts'

const LOINC = 'http://loinc.org'
const R4 = 'http://hl7.org/fhir/StructureDefinition/'

/** LOINC code to the profile of R4. @see FHIR R4, "Vital Signs" */
const PROFILES: Readonly<Record<string, string>> = {
  '85353-1': 'vitalspanel',
  '9279-1': 'resprate',
  '8867-4': 'heartrate',
  '2708-6': 'oxygensat',
  '8310-5': 'bodytemp',
  '8302-2': 'bodyheight',
  '9843-4': 'headcircum',
  '29463-7': 'bodyweight',
  '39156-5': 'bmi',
  '85354-9': 'bp',
}

/**
 * An Observation with the code of a vital sign should follow R4's profile for it, although it names none: where it does not, the author
 * is told. Never an error, since a value that came without its time or category is better kept than lost.
 */
export function adviseOnVitalSign(observation: JsonObject, check: Check): void {
  const url = vitalSignOf(observation)
  const plan = url === undefined || isClaiming(observation, check) ? undefined : check.profileOf(url)
  if (plan) check.advised(() => checkProfile(plan, observation, check))
}

function vitalSignOf({ code }: JsonObject): string | undefined {
  const profile = listOf(isObject(code) ? code['coding'] : undefined).flatMap((coding) =>
    isObject(coding) && coding['system'] === LOINC ? profileFor(coding['code']) : [],
  )[0]
  return profile === undefined ? undefined : `${R4}${profile}`
}

function profileFor(code: JsonValue | undefined): string | readonly string[] {
  return (typeof code === 'string' && Object.hasOwn(PROFILES, code) ? PROFILES[code] : undefined) ?? []
}

/** Names a profile that the hub holds: it is checked against that one. */
function isClaiming({ meta }: JsonObject, check: Check): boolean {
  return listOf(isObject(meta) ? meta['profile'] : undefined).some(
    (named) => typeof named === 'string' && check.profileOf(named) !== undefined,
  )
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}
