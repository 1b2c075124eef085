import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import type { Check } from '../check.ts'
import { isObject } from '../collections.ts'
import { checkProfile } from './check-profile.ts'
import { isVersionOfR4 } from './version.ts'

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
    else {
      const base = baseIn(url, check)
      if (base === undefined) warn(i, check)
      else if (!isOf(resource, base)) report(i, check, `The profile is one for ${base}: remove it.`)
    }
  }
}

function report(index: number, check: Check, text: string): void {
  check.step('meta', -1)
  check.step('profile', index)
  check.fault('value', text)
  check.leave()
  check.leave()
}

const NOT_HELD = 'This server does not hold the profile: the resource was not checked against it.'
/** Of profiles that are posted nobody knows here. */
const NOT_CHECKED = 'Writes are checked against no such profile: ask $validate whether this server holds it.'

function warn(index: number, check: Check): void {
  check.step('meta', -1)
  check.step('profile', index)
  check.warn('not-found', check.warnings ? NOT_HELD : NOT_CHECKED)
  check.leave()
  check.leave()
}

/** Checks a resource against profiles that somebody asks for; where it is no R4, this says nothing. */
export function checkAsked(urls: readonly string[], resource: JsonObject, check: Check): void {
  for (const url of urls) {
    const plan = check.profileOf(url)
    if (plan && plan.type === resource['resourceType']) {
      if (check.malformed === 0) checkProfile(plan, resource, check)
      continue
    }
    const type = plan?.type ?? baseIn(url, check)
    if (type === undefined)
      check.fault(
        'not-found',
        `This server does not hold the profile ${url.slice(0, 200)}, or cannot use it.`,
      )
    else if (!isOf(resource, type))
      check.fault('value', `The profile ${url.slice(0, 200)} is one for ${type}.`)
  }
}

const BASE = 'http://hl7.org/fhir/StructureDefinition/'

/** The type whose definition in R4 has this url. A resource that is of the type meets it: it says nothing more. */
function baseIn(url: string, { types }: Check): string | undefined {
  if (!url.startsWith(BASE)) return undefined
  const [type = '', version = ''] = url.slice(BASE.length).split('|', 2)
  if (!isVersionOfR4(version)) return undefined
  return types.has(type) || type === 'Resource' || type === 'DomainResource' ? type : undefined
}

const NO_DOMAIN: ReadonlySet<unknown> = new Set(['Binary', 'Bundle', 'Parameters'])

function isOf({ resourceType }: JsonObject, type: string): boolean {
  return (
    type === resourceType ||
    type === 'Resource' ||
    (type === 'DomainResource' && !NO_DOMAIN.has(resourceType))
  )
}
