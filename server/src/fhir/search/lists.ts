import type { Caller } from '../../auth/caller.ts'
import { fault } from '../../kernel/fault.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { TypeModule } from '../definitions.ts'
import { readReference } from '../keys/references.ts'
import type { Clause } from './clause.ts'
import { meetingRows } from './hits.ts'
import type { Filter } from './request.ts'
import { lookUp } from './scope.ts'
import type { Scope, SearchDeps } from './scope.ts'
import { alternatives } from './values.ts'

/** `_list=42`: what the entries of these lists name; a list that is not there has no members. */
export async function listClause(
  deps: SearchDeps,
  scope: Scope,
  { filter, module }: { filter: Extract<Filter, { kind: 'list' }>; module: TypeModule },
): Promise<Clause> {
  const { lists, label } = filter
  const members = await listMembers(deps, scope.caller, lists)
  const ids = new Set(members.flatMap(({ type, id }) => (type === module.type ? [id] : [])))
  return { label, anyOf: [...ids].map((id) => ({ by: 'id', id })) }
}

/** What an entry of a List refers to. */
export interface ListMember {
  readonly type: string
  readonly id: string
  /** Absent: whatever version. */
  readonly version?: string
}

/** What the entries of the lists name that exist for the caller; what was taken out of one is marked there as deleted. */
export async function listMembers(
  deps: SearchDeps,
  caller: Caller,
  lists: readonly string[],
): Promise<readonly ListMember[]> {
  const module = await deps.definitions.load('List')
  if (!module) throw fault('unsupported', { code: 'not-supported', text: 'Lists are not supported' })
  deps.access.authorise(caller, 'read', 'List')
  const anyOf = lists.map((id) => ({ by: 'id' as const, id }))
  const query = await lookUp(deps, { caller }, { module, clause: { label: '_list', anyOf } })
  const rows = (await deps.reader.fetch('List', lists)).filter((row) => row !== undefined)
  return (await meetingRows(query, rows)).flatMap(({ bytes }) =>
    membersOf(JSON.parse(Buffer.from(bytes).toString('utf8')) as JsonObject, deps.base),
  )
}

function membersOf({ entry }: JsonObject, base: string): readonly ListMember[] {
  if (!Array.isArray(entry)) return []
  return (entry as readonly JsonValue[]).flatMap((each) => {
    const { deleted, item } = each as { deleted?: boolean; item?: { reference?: string } }
    const { type, id, version } = readReference(item?.reference ?? '', base)
    if (deleted === true || type === undefined || id === undefined) return []
    return [{ type, id, ...(version === undefined ? {} : { version }) }]
  })
}

/**
 * The ids of the lists that a `_list` names.
 *
 * @throws Fault `unsupported` for functional lists (`$current-problems`): R4 says that what is current is not told by the state of a resource,
 * and names no List that tells it; an empty or wrong list of allergies is dangerous
 * @see FHIR R4, "Resource Life Cycle", current resource lists
 */
export function listIds(value: string): readonly string[] {
  const lists = alternatives(value).map((list) => list.replace(/^List\//, ''))
  const functional = lists.find((list) => list.startsWith('$'))
  if (functional === undefined) return lists
  throw fault('unsupported', {
    code: 'not-supported',
    text: `The functional list ${functional.slice(0, 64)} is not supported by this server, which does not decide what is current: name a List by its id, or search by status such as clinical-status=active`,
  })
}
