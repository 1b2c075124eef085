import type { Caller } from '../../auth/caller.ts'
import { ALIASES } from '../../fhir/aliases.ts'
import type { Resources } from '../../fhir/resources.ts'
import { fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { everyRecord } from '../../store/every-record.ts'
import type { RecordStore } from '../../store/port.ts'
import { objectsIn } from '../mapping/model/objects.ts'
import {
  deleteMoved,
  mergeOf,
  MERGING,
  putMerge,
  stepOf,
  stepsOf,
  type MergeRecord,
} from '../record/merge-record.ts'
import { createDraftBook } from './draft-book.ts'
import { knownMerge } from './listed-merges.ts'
import { withoutLinkOf } from './merged-resources.ts'
import { restore } from './repoint.ts'

export interface UndoDeps {
  readonly records: RecordStore
  readonly resources: Pick<Resources, 'peek' | 'transact'>
}

/** Takes a merge back: references, aliases, links and identifiers, as far as nobody has changed them since. @throws Fault `not-found`, `conflict` */
export async function undoMerge(deps: UndoDeps, caller: Caller, id: string): Promise<MergeRecord> {
  const merge = await knownMerge(deps.records, id)
  if (merge.state !== 'done')
    throw fault('conflict', { code: 'conflict', text: 'Only a merge that is done can be taken back.' })
  const later = await mergedFurther(deps, merge)
  if (later !== undefined) {
    const text = `What survived was merged itself since; take that one back first: ${later.id}.`
    throw fault('conflict', { code: 'conflict', text })
  }
  const undone = await takeBack(deps, caller, merge)
  await deps.records.apply(putMerge(undone))
  return undone
}

/** The newest merge of what survived this one into something else, however many came since: what moved here has moved on. */
async function mergedFurther(
  { records }: UndoDeps,
  { kind, to }: MergeRecord,
): Promise<MergeRecord | undefined> {
  if (kind !== 'merge') return undefined
  for await (const record of everyRecord(records, { collection: MERGING.merges, reverse: true })) {
    const one = mergeOf(record)
    if (one.kind === 'merge' && one.from === to && one.state !== 'undone') return one
  }
  return undefined
}

async function takeBack(deps: UndoDeps, caller: Caller, merge: MergeRecord): Promise<MergeRecord> {
  const left: string[] = []
  for await (const record of everyRecord(deps.records, stepsOf(merge.id))) {
    const step = stepOf(record)
    const [type = '', id = ''] = step.reference.split('/')
    const current = await deps.resources.peek(type, id)
    const text = current && restore(Buffer.from(current.bytes).toString('utf8'), { ...merge, ...step })
    if (current === undefined || text === undefined) {
      left.push(step.reference)
      continue
    }
    const resource = JSON.parse(text) as JsonObject
    const draft = { type, id, method: 'PUT' as const, expected: current.version, text, resource }
    const records = [deleteMoved(merge, step.reference)]
    const result = await deps.resources.transact(caller, { drafts: [draft], records, facilities: [] })
    if (result.outcome !== 'committed') left.push(step.reference)
  }
  if (merge.kind === 'merge') await partAgain(deps, caller, merge)
  return { ...merge, state: 'undone', left }
}

/** Both are themselves again: links, numbers and aliases in one commit. */
async function partAgain({ resources }: UndoDeps, caller: Caller, merge: MergeRecord): Promise<void> {
  const { from, to, wasActive, identifiers } = merge
  const book = createDraftBook(resources, [])
  await book.change(to, (resource) => {
    const own = objectsIn(resource['identifier']).filter((one) => !identifiers.includes(JSON.stringify(one)))
    return withoutLinkOf({ ...resource, ...(own.length > 0 && { identifier: own }) }, from, ['replaces'])
  })
  await book.change(from, (resource) =>
    withoutLinkOf(resource['active'] === false && wasActive ? { ...resource, active: true } : resource, to, [
      'replaced-by',
    ]),
  )
  const [type = '', id = ''] = from.split('/')
  const records = merge.aliases.map((alias) => ({
    op: 'put' as const,
    collection: ALIASES,
    id: alias,
    value: { type, id },
  }))
  const result = await resources.transact(caller, { drafts: book.drafts(), records, facilities: [] })
  if (result.outcome !== 'committed')
    throw fault('conflict', { code: 'conflict', text: 'One of both was changed meanwhile; try again.' })
}
