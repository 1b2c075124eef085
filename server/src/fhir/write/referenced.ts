import { Fault, type Issue } from '../../kernel/fault.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import type { ResourceReader } from '../../store/port.ts'
import { readReference } from '../keys/references.ts'
import { contentOf } from './prepare.ts'
import type { Prepared } from './prepare.ts'

interface Found {
  readonly type: string
  readonly id: string
  readonly at: string
}

/**
 * Refuses literal references to resources that are not here (`HUB_REFERENCES=enforce`). What the same transaction writes is here; a target
 * that is deleted at the same moment is not noticed.
 *
 * @throws Fault `unprocessable` with one issue for each such reference
 */
export async function checkReferenced(
  prepared: readonly Prepared[],
  reader: Pick<ResourceReader, 'read'>,
  base: string,
): Promise<void> {
  const known = new Map<string, boolean>()
  for (const { draft, id } of prepared) known.set(`${draft.type}/${id}`, draft.method !== 'DELETE')
  const issues: Issue[] = []
  for (const { draft } of prepared) {
    const found: Found[] = []
    const content = await contentOf(draft)
    // What stands in a stored Bundle may mean its other entries.
    const strange = draft.type === 'Bundle' ? [] : issues
    if (content) collect(content.resource, draft.at ?? draft.type, { base, found, issues: strange })
    for (const { type, id, at } of found) {
      const key = `${type}/${id}`
      const isHere = known.get(key) ?? (await exists(reader, type, id))
      known.set(key, isHere)
      if (!isHere) issues.push(missing(key, at))
    }
  }
  if (issues.length > 0) throw new Fault('unprocessable', issues.slice(0, limits.fhir.issues))
}

async function exists(reader: Pick<ResourceReader, 'read'>, type: string, id: string): Promise<boolean> {
  const version = await reader.read(type, id)
  return version !== undefined && !version.deleted
}

function missing(key: string, at: string): Issue {
  const text = `${key} is not here: create it first, or in the same transaction`
  return { severity: 'error', code: 'not-found', text, at }
}

/** Names of entries of the same Bundle: what is left of them leads nowhere. */
const OF_BUNDLES = /^urn:(?:uuid|oid):/i

interface Collected {
  readonly base: string
  readonly found: Found[]
  readonly issues: Issue[]
}

/** Every Reference with a literal reference to this server, at any depth. */
function collect(value: JsonObject, at: string, { base, found, issues }: Collected): void {
  for (const [name, member] of Object.entries(value)) {
    if (name === 'reference' && typeof member === 'string') {
      const { type, id } = readReference(member, base)
      if (type !== undefined && id !== undefined) found.push({ type, id, at: `${at}.reference` })
      else if (OF_BUNDLES.test(member)) issues.push(missing(member.slice(0, 100), `${at}.reference`))
    } else if (Array.isArray(member)) {
      ;(member as readonly JsonValue[]).forEach((item, i) => {
        if (isObject(item)) collect(item, `${at}.${name}[${String(i)}]`, { base, found, issues })
      })
    } else if (isObject(member)) collect(member, `${at}.${name}`, { base, found, issues })
  }
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
