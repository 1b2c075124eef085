import { boundedKey } from './bounded.ts'

/** The key of every resource that contains one of the type: `#Medication`. */
export function containedMarker(type: string): string {
  return `#${type}`
}

/** A key of a contained resource among those of its container: `#Medication:code=http://loinc.org|8480-6`. */
export function containedKey(type: string, key: string): string {
  return boundedKey(`#${type}:${key}`)
}

/** Whether a key is worth a place in the container: that a value is there, or is of a system, narrows little. */
export function isNarrowing(key: string): boolean {
  return !key.endsWith(':missing=false') && !key.endsWith('|')
}
