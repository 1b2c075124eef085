import { fault } from '../../kernel/fault.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { TypeModule } from '../definitions.ts'
import { readReference } from '../keys/references.ts'
import type { Clause } from './clause.ts'
import { meetingRows } from './hits.ts'
import type { Filter } from './request.ts'
import { lookUp } from './scope.ts'
import type { Scope, SearchDeps } from './scope.ts'

/** `_list=42`: what the entries of these lists name; a list that is not there has no members. */
export async function listClause(
  deps: SearchDeps,
  scope: Scope,
  { filter, module }: { filter: Extract<Filter, { kind: 'list' }>; module: TypeModule },
): Promise<Clause> {
  const { lists, label } = filter
  const lister = await deps.definitions.load('List')
  if (!lister) throw fault('unsupported', { code: 'not-supported', text: 'Lists are not supported' })
  deps.access.authorise(scope.caller, 'read', 'List')
  const anyOf = lists.map((id) => ({ by: 'id' as const, id }))
  const query = await lookUp(deps, scope, { module: lister, clause: { label, anyOf } })
  const rows = (await deps.reader.fetch('List', lists)).filter((row) => row !== undefined)
  const ids = new Set<string>()
  for (const { bytes } of await meetingRows(query, rows)) {
    const list = JSON.parse(Buffer.from(bytes).toString('utf8')) as JsonObject
    for (const id of membersOf(list, { type: module.type, base: deps.base })) ids.add(id)
  }
  return { label, anyOf: [...ids].map((id) => ({ by: 'id', id })) }
}

function membersOf({ entry }: JsonObject, { type, base }: { type: string; base: string }): readonly string[] {
  if (!Array.isArray(entry)) return []
  return (entry as readonly JsonValue[]).flatMap((each) => {
    const { deleted, item } = each as { deleted?: boolean; item?: { reference?: string } }
    const target = readReference(item?.reference ?? '', base)
    return deleted !== true && target.type === type && target.id !== undefined ? [target.id] : []
  })
}
