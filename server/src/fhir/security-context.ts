import type { Caller } from '../auth/caller.ts'
import type { ResourceReader } from '../store/port.ts'
import type { Access } from './access.ts'
import type { Definitions } from './definitions.ts'
import { isObject, parseObject } from './json/parse.ts'
import { readReference } from './keys/references.ts'
import { meetsAll } from './search/clause.ts'
import type { Clause } from './search/clause.ts'
import { subjectOf } from './search/subject.ts'

export interface ContextDeps {
  readonly reader: ResourceReader
  readonly definitions: Definitions
  readonly access: Access
  readonly base: string
}

/**
 * For each Binary whether the caller may read the resource that stands behind it (`securityContext`); one without is like any other
 * resource.
 *
 * @see FHIR R4, "Binary", security context
 */
export async function mayOpen(
  deps: ContextDeps,
  caller: Caller,
  bodies: readonly Uint8Array[],
): Promise<readonly boolean[]> {
  const contexts = bodies.map((body) => contextOf(body, deps.base))
  const readable = new Set<string>()
  const named = contexts.filter((context) => context !== undefined)
  for (const [type, group] of Map.groupBy(named, (context) => context.type)) {
    const ids = [...new Set(group.map(({ id }) => id))]
    for (const id of await visibleIds(deps, caller, { type, ids })) readable.add(`${type}/${id}`)
  }
  return contexts.map((context) => context === undefined || readable.has(`${context.type}/${context.id}`))
}

/** The same as a condition of a search, so that pages are full and totals true. */
export function contextClause(deps: ContextDeps, caller: Caller): Clause {
  return {
    label: 'what the content belongs to',
    anyOf: [],
    join: {
      keep: async (rows) =>
        mayOpen(
          deps,
          caller,
          rows.map(({ bytes }) => bytes),
        ),
    },
  }
}

async function visibleIds(
  { reader, definitions, access, base }: ContextDeps,
  caller: Caller,
  { type, ids }: { type: string; ids: readonly string[] },
): Promise<readonly string[]> {
  const module = access.allows(caller, 'read', type) ? await definitions.load(type) : undefined
  if (!module) return []
  const clauses = access.constraintFor(caller, type)
  const rows = await reader.fetch(type, ids)
  return rows.flatMap((row) => (row && meetsAll(clauses, subjectOf(row, module, base)) ? row.id : []))
}

interface Context {
  readonly type: string
  readonly id: string
}

function contextOf(body: Uint8Array, base: string): Context | undefined {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  // Content may be large: most has no context, and need not be parsed.
  if (!text.includes('securityContext') && !text.includes('\\u')) return undefined
  const { securityContext } = parseObject(text.toString('utf8'))
  const reference = isObject(securityContext) ? securityContext['reference'] : undefined
  const { type, id } = typeof reference === 'string' ? readReference(reference, base) : {}
  return type === undefined || id === undefined ? undefined : { type, id }
}
