import { rewriteStrings } from '../json/rewrite.ts'
import type { Entry } from './read-bundle.ts'
import type { Step } from './steps.ts'

/** Elements whose whole value is a link: references, and the uri types (canonicals are not, FHIR R4, "Transaction"). */
const LINKS = new Set([
  'reference',
  'valueUri',
  'valueUrl',
  'valueOid',
  'valueUuid',
  'url',
  'uri',
  'instantiatesUri',
])
const RELATIVE = /^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}$/
/** The value of an href or src attribute, without its quotes. */
const NARRATIVE_LINK = /(?<=\b(?:href|src)=["'])[^"']+(?=["'])/g

/** Where the full addresses of a transaction's entries end up: `urn:uuid:…` to `Patient/<new id>`. */
export type LinkMap = ReadonlyMap<string, string>

export function linkMap(steps: readonly Step[]): LinkMap {
  const map = new Map<string, string>()
  for (const step of steps) {
    if (step.kind !== 'write' && step.kind !== 'found') continue
    if (step.entry.fullUrl !== undefined) map.set(step.entry.fullUrl, `${step.type}/${step.id}`)
  }
  return map
}

/** The resource text of an entry with its links to other entries replaced; everything else keeps its exact text. */
export function relinked(entry: Pick<Entry, 'fullUrl' | 'text'>, links: LinkMap): string {
  const root = rootOf(entry.fullUrl)
  const find = (target: string): string | undefined =>
    links.get(target) ?? (root !== undefined && RELATIVE.test(target) ? links.get(root + target) : undefined)
  return rewriteStrings(entry.text, (name, value) => {
    if (LINKS.has(name)) return find(value)
    return name === 'div' && value.includes('=') ? narrative(value, find) : undefined
  })
}

/** `http://other/fhir/` of `http://other/fhir/Patient/1`: what its relative references mean. */
function rootOf(fullUrl: string | undefined): string | undefined {
  const parts = fullUrl?.startsWith('http') === true ? fullUrl.split('/') : []
  return parts.length > 4 ? `${parts.slice(0, -2).join('/')}/` : undefined
}

function narrative(div: string, find: (target: string) => string | undefined): string | undefined {
  const changed = div.replaceAll(NARRATIVE_LINK, (target) => find(target) ?? target)
  return changed === div ? undefined : changed
}
