import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import { sameUrn } from '../../keys/same-urn.ts'
import { isObject } from '../collections.ts'

/** What the references of one resource lead to inside of it, and what is known of it by now. */
export interface Targets {
  /** The resource of a Bundle's entry. @param reference by its fullUrl, or as type and id */
  entryOf(reference: string): JsonObject | undefined
  /** Whether a target meets a profile: looked at once. One that is looked at already, further out, is taken to meet it. */
  meets(target: JsonObject, profile: string, look: () => boolean): boolean
}

/** @param outermost what is checked */
export function targetsIn(outermost: JsonObject): Targets {
  let entries: ReadonlyMap<string, JsonObject> | undefined
  const known = new Map<JsonObject, Map<string, boolean>>()
  return {
    entryOf: (reference) => (entries ??= entriesOf(outermost)).get(sameUrn(unversioned(reference))),
    meets: (target, profile, look) => {
      const own = known.get(target) ?? new Map<string, boolean>()
      known.set(target, own)
      const before = own.get(profile)
      if (before !== undefined) return before
      own.set(profile, true)
      const isMet = look()
      own.set(profile, isMet)
      return isMet
    },
  }
}

function unversioned(reference: string): string {
  return reference.replace(/\/_history\/[A-Za-z0-9.-]{1,64}$/, '')
}

/** The first of several counts. */
function entriesOf({ resourceType, entry }: JsonObject): ReadonlyMap<string, JsonObject> {
  const found = new Map<string, JsonObject>()
  if (resourceType !== 'Bundle' || !Array.isArray(entry)) return found
  const add = (name: string, resource: JsonObject): void => {
    if (!found.has(name)) found.set(name, resource)
  }
  for (const each of (entry as readonly JsonValue[]).filter(isObject)) {
    const { fullUrl, resource } = each
    if (!isObject(resource)) continue
    const { resourceType: type, id } = resource
    if (typeof fullUrl === 'string') add(sameUrn(fullUrl), resource)
    if (typeof type === 'string' && typeof id === 'string') add(`${type}/${id}`, resource)
  }
  return found
}
