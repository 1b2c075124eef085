import type { Alias } from '../../fhir/aliases.ts'
import { identifiersOf, kindOf } from '../mapping/compile/other-number.ts'
import { isTheirs, patientsOf, type Said, type SameThingDeps } from './same-thing.ts'

/**
 * An order that was made without a number of its placer is sent with its id in that place, and the result, the dispense or the new state that comes
 * back names that. Ids that a client has chosen may look like numbers: it has to be of the patient, and without a number of that kind.
 *
 * @returns the id, when there is such a thing
 */
export async function sentById(
  deps: SameThingDeps,
  { image, identifiers, patients }: Said,
  { type, system, value }: Alias,
): Promise<string | undefined> {
  if (image.terms?.byId !== true || patients.length === 0 || !ID.test(value)) return undefined
  const number = identifiers.find((one) => one['system'] === system && one['value'] === value)
  const resource = number && (await deps.resources.read(type, value))
  if (number === undefined || resource === undefined) return undefined
  if (identifiersOf(resource).some((one) => kindOf(one) === kindOf(number))) return undefined
  const held = { alias: { type }, id: value, patients: patientsOf(resource) }
  return (await isTheirs(deps, held, patients)) ? value : undefined
}

/** @see FHIR R4, "id" */
const ID = /^[A-Za-z0-9.-]{1,64}$/
