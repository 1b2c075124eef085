import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import type { Check } from '../check.ts'
import { isObject } from '../collections.ts'
import { checkProfile } from './check-profile.ts'

/** Checks a resource against the profiles that its meta names. One that the hub does not hold is a warning. */
export function checkClaims(resource: JsonObject, check: Check): void {
  const { meta } = resource
  const profile = isObject(meta) ? meta['profile'] : undefined
  if (Array.isArray(profile)) checkAgainst(profile as readonly JsonValue[], resource, check)
}

function checkAgainst(urls: readonly JsonValue[], resource: JsonObject, check: Check): void {
  for (let i = 0; i < urls.length; i++) {
    const url = urls[i]
    if (typeof url !== 'string') continue
    const plan = check.profileOf(url)
    if (plan && plan.type === resource['resourceType']) checkProfile(plan, resource, check)
    else if (plan) report(i, check, `The profile is one for ${plan.type}: remove it.`)
    else if (!isBase(url, resource)) warn(i, check)
  }
}

function report(index: number, check: Check, text: string): void {
  check.step('meta', -1)
  check.step('profile', index)
  check.fault('value', text)
  check.leave()
  check.leave()
}

function warn(index: number, check: Check): void {
  check.step('meta', -1)
  check.step('profile', index)
  check.warn('not-found', 'This server does not hold the profile: the resource was not checked against it.')
  check.leave()
  check.leave()
}

/** Checks a resource against profiles that somebody asks for; where it is no R4, this says nothing. */
export function checkAsked(urls: readonly string[], resource: JsonObject, check: Check): void {
  for (const url of urls) {
    const plan = check.profileOf(url)
    if (plan && plan.type === resource['resourceType']) {
      if (check.malformed === 0) checkProfile(plan, resource, check)
    } else if (plan) check.fault('value', `The profile ${url.slice(0, 200)} is one for ${plan.type}.`)
    else if (!isBase(url, resource))
      check.fault('not-found', `This server does not hold the profile ${url.slice(0, 200)}.`)
  }
}

const BASE = 'http://hl7.org/fhir/StructureDefinition/'

/** R4's own definition of the type says nothing more. */
function isBase(url: string, { resourceType }: JsonObject): boolean {
  if (!url.startsWith(BASE)) return false
  const bar = url.indexOf('|')
  return url.slice(BASE.length, bar === -1 ? url.length : bar) === resourceType
}
