import { fault } from '../../kernel/fault.ts'
import { readReference } from '../keys/references.ts'
import { sameUrn } from '../keys/same-urn.ts'
import type { Entry } from './entry.ts'
import type { ReadBundle } from './read-bundle.ts'

const ABSOLUTE = /^[A-Za-z][A-Za-z0-9+.-]*:/

/**
 * Looks at the addresses that references of a Bundle go by.
 *
 * @throws Fault `malformed`
 * @see FHIR R4, "Bundle", fullUrl
 */
export function checkFullUrls(entries: ReadBundle['entries'], base: string): void {
  const seen = new Set<string>()
  for (const entry of entries) {
    const { fullUrl, at } = entry
    if (fullUrl === undefined) continue
    const text = problemOf(entry, { fullUrl, base })
    if (text !== undefined) throw fault('malformed', { code: 'value', text, at: `${at}.fullUrl` })
    const address = sameUrn(fullUrl)
    if (seen.has(address))
      throw fault('malformed', {
        code: 'duplicate',
        text: 'Two entries have the same fullUrl (bdl-7)',
        at: `${at}.fullUrl`,
      })
    seen.add(address)
  }
}

/** R4 wants it absolute; many senders give type and id, which can mean but one thing. */
function problemOf(
  { method, path }: Entry,
  { fullUrl, base }: { fullUrl: string; base: string },
): string | undefined {
  const { type, id, version } = readReference(fullUrl, base)
  if (!ABSOLUTE.test(fullUrl) && (type === undefined || version !== undefined))
    return 'fullUrl is absolute: urn:uuid:…, or an http address that ends in Type/id'
  const isUpdate = method === 'PUT' && path.length === 2
  return isUpdate && type !== undefined && `${type}/${String(id)}` !== path.join('/')
    ? 'fullUrl is the address of another resource here: references to that one would be led astray'
    : undefined
}
