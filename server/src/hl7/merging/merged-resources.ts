import type { JsonObject } from '../../kernel/json.ts'
import { objectsIn } from '../mapping/model/objects.ts'
import { isSame } from '../record/exact-json.ts'

/** The survivor knows the numbers of the one that it replaces, as old ones. */
export function mergedSurvivor(
  resource: JsonObject,
  { from, identifiers }: { readonly from: string | undefined; readonly identifiers: readonly JsonObject[] },
): JsonObject {
  const own = objectsIn(resource['identifier'])
  const added = identifiers
    .filter(({ system, value }) => !own.some((one) => one['system'] === system && one['value'] === value))
    .map((identifier): JsonObject => Object.assign({}, identifier, { use: 'old' }))
  const known = added.length === 0 ? resource : { ...resource, identifier: [...own, ...added] }
  return from === undefined ? known : linked(known, from, 'replaces')
}

/** New numbers stand first, those of before are old ones then. */
export function withNewNumbers(
  resource: JsonObject,
  numbers: readonly JsonObject[],
  before: readonly JsonObject[],
): JsonObject {
  const own = objectsIn(resource['identifier'])
  const added = numbers.filter((one) => !own.some(isOne(one)))
  if (added.length === 0) return resource
  const kept = own.map((one) => (before.some(isOne(one)) ? Object.assign({}, one, { use: 'old' }) : one))
  return { ...resource, identifier: [...added, ...kept] }
}

function isOne(one: JsonObject): (other: JsonObject) => boolean {
  return (other) => one['system'] === other['system'] && one['value'] === other['value']
}

/** The same with numbers that were somebody else's. */
export function withIdentifiers(resource: JsonObject, identifiers: readonly JsonObject[]): JsonObject {
  const own = objectsIn(resource['identifier'])
  const added = identifiers.filter(
    ({ system, value }) => !own.some((one) => one['system'] === system && one['value'] === value),
  )
  return added.length === 0 ? resource : { ...resource, identifier: [...own, ...added] }
}

/** The one that is replaced: out of use, and it says by whom. */
export function mergedInto(resource: JsonObject, to: string): JsonObject {
  const type = resource['resourceType']
  if (type === 'Patient') return linked({ ...resource, active: false }, to, 'replaced-by')
  if (type === 'Account') return { ...resource, status: 'inactive', partOf: { reference: to } }
  return { ...resource, status: 'entered-in-error' }
}

/** Only a patient says in itself what it is linked to. */
function linked(resource: JsonObject, other: string, type: string): JsonObject {
  if (resource['resourceType'] !== 'Patient') return resource
  const link = { other: { reference: other }, type }
  const links = objectsIn(resource['link'])
  return links.some((one) => isSame(one, link)) ? resource : { ...resource, link: [...links, link] }
}

export function withLink(resource: JsonObject, other: string): JsonObject {
  return linked(resource, other, 'seealso')
}

export function withoutLink(resource: JsonObject, other: string): JsonObject {
  return withoutLinkOf(resource, other, ['seealso', 'refer'])
}

/** @param types of the links that go */
export function withoutLinkOf(resource: JsonObject, other: string, types: readonly string[]): JsonObject {
  const links = objectsIn(resource['link'])
  const kept = links.filter(
    ({ type, ...link }) =>
      typeof type !== 'string' ||
      !types.includes(type) ||
      (link['other'] as JsonObject)['reference'] !== other,
  )
  if (kept.length === links.length) return resource
  const { link: _link, ...rest } = resource
  return kept.length === 0 ? rest : { ...rest, link: kept }
}

/** What a later snapshot of its sender does not have any more. */
export function withdrawn(resource: JsonObject, reference: string): JsonObject {
  if (!reference.startsWith('AllergyIntolerance/')) return { ...resource, status: 'entered-in-error' }
  const { clinicalStatus: _clinicalStatus, ...rest } = resource
  return { ...rest, verificationStatus: ENTERED_IN_ERROR }
}

const ENTERED_IN_ERROR = {
  coding: [
    {
      system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification',
      code: 'entered-in-error',
    },
  ],
}
