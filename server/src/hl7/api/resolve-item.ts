import type { Caller } from '../../auth/caller.ts'
import type { Resources } from '../../fhir/resources.ts'
import { fault } from '../../kernel/fault.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { RecordStore } from '../../store/port.ts'
import { FLOW } from '../journal/entry.ts'
import { isElements, isList, parseExact } from '../record/exact-json.ts'
import type { WorkItem } from '../record/worklist.ts'

export interface ResolveDeps {
  readonly records: RecordStore
  readonly resources: Pick<Resources, 'read' | 'transact'>
}

/**
 * Ends an item of the worklist: the record stays as it is, or takes what the feed said, in the name of the caller.
 *
 * @throws Fault `not-found`, `conflict` when the record has changed meanwhile, `unprocessable` when there is nothing to take
 */
export async function resolveItem(
  { records, resources }: ResolveDeps,
  caller: Caller,
  { id, decision }: { id: string; decision: 'keep' | 'take' },
): Promise<void> {
  const record = await records.get(FLOW.worklist, id)
  if (record === undefined)
    throw fault('not-found', { code: 'not-found', text: 'This item is not on the worklist any more.' })
  const done = { op: 'delete' as const, collection: FLOW.worklist, id, revision: record.revision }
  if (decision === 'keep') {
    await records.apply([done])
    return
  }
  const item = record.value as unknown as WorkItem
  if (item.kind === 'identity') {
    throw fault('unprocessable', {
      code: 'business-rule',
      text: 'Nothing can be taken of an identifier: merge the two patients if they are one, then keep the record.',
    })
  }
  const [type = '', resourceId = ''] = item.reference.split('/')
  const current = await resources.read(caller, type, resourceId)
  const incoming = item.incoming === undefined ? undefined : wrapped(item.incoming)
  const text = JSON.stringify(
    withElement(parseExact(Buffer.from(current.bytes).toString('utf8')), item.element, incoming),
  )
  const resource = JSON.parse(text) as JsonObject
  const result = await resources.transact(caller, {
    drafts: [{ type, id: resourceId, method: 'PUT', resource, text, expected: current.version }],
    records: [done],
  })
  if (result.outcome === 'stale') {
    throw fault('conflict', { code: 'conflict', text: 'The record has changed meanwhile; look again.' })
  }
}

function wrapped(text: string): JsonValue | undefined {
  return parseExact(`{"value":${text}}`)['value']
}

/** The resource with one element set, or removed when there is no value. */
function withElement(resource: JsonObject, element: string, value: JsonValue | undefined): JsonObject {
  const steps = element.split(/[.[\]]+/).filter((step) => step !== '')
  return set(resource, steps, value) as JsonObject
}

function set(
  target: JsonValue | undefined,
  [step, ...rest]: readonly string[],
  value: JsonValue | undefined,
): JsonValue | undefined {
  if (step === undefined) return value
  if (isList(target)) {
    const items = target.map((item, at) => (at === Number(step) ? set(item, rest, value) : item))
    return items.filter((item) => item !== undefined)
  }
  const { [step]: old, ...others } = isElements(target) ? target : {}
  const member = set(old, rest, value)
  return member === undefined ? others : { ...others, [step]: member }
}
