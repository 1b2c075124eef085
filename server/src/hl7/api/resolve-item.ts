import type { Caller } from '../../auth/caller.ts'
import type { Resources } from '../../fhir/resources.ts'
import type { Clock } from '../../kernel/clock.ts'
import { fault } from '../../kernel/fault.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import type { RecordChange, RecordStore } from '../../store/port.ts'
import { FLOW } from '../journal/entry.ts'
import { isElements, isList, parseExact } from '../record/exact-json.ts'
import type { WorkItem } from '../record/worklist.ts'
import type { Decided } from './decided.ts'

export interface ResolveDeps {
  readonly records: RecordStore
  readonly resources: Pick<Resources, 'read' | 'transact'>
  readonly clock: Clock
}

export interface Resolved {
  readonly reference: string
}

/**
 * Ends an item of the worklist: the record stays as it is, or takes what the feed said, in the name of the caller.
 *
 * @throws Fault `not-found`, `conflict` when the record has changed meanwhile, `unprocessable` when there is nothing to take
 */
export async function resolveItem(
  deps: ResolveDeps,
  caller: Caller,
  { id, decision }: { id: string; decision: 'keep' | 'take' },
): Promise<Resolved> {
  const record = await deps.records.get(FLOW.worklist, id)
  if (record === undefined)
    throw fault('not-found', { code: 'not-found', text: 'This item is not on the worklist any more.' })
  const item = record.value as unknown as WorkItem
  const at = deps.clock()
  const decided: Decided = { item, decision, by: caller.subject, at }
  const value = decided as unknown as JsonObject
  const expires = at + limits.hl7.decided.ms
  const done: readonly RecordChange[] = [
    { op: 'delete', collection: FLOW.worklist, id, revision: record.revision },
    { op: 'put', collection: FLOW.decided, id, value, expires },
  ]
  if (decision === 'keep') {
    await deps.records.apply(done)
    return item
  }
  if (item.kind !== 'element')
    throw fault('unprocessable', { code: 'business-rule', text: NOTHING[item.kind] })
  await write(deps, caller, { item, value: item.incoming, done })
  return item
}

const NOTHING = {
  identity:
    'Nothing can be taken of an identifier: merge the two patients if they are one, then keep the record.',
  place:
    'Nothing can be taken of a bed: have the sender correct where the patients are, or keep the record if they share it.',
}

/**
 * Takes a decision back: the item is on the worklist again, and the record says what it said before, in the name of the caller.
 *
 * @throws Fault `not-found` when nothing was decided lately, `conflict` when the item is back already or the record has changed since
 */
export async function reopenItem(deps: ResolveDeps, caller: Caller, id: string): Promise<Resolved> {
  const record = await deps.records.get(FLOW.decided, id)
  if (record === undefined)
    throw fault('not-found', { code: 'not-found', text: 'This decision cannot be taken back any more.' })
  const { item, decision } = record.value as unknown as Decided
  const done: readonly RecordChange[] = [
    { op: 'insert', collection: FLOW.worklist, id, value: item as unknown as JsonObject },
    { op: 'delete', collection: FLOW.decided, id, revision: record.revision },
  ]
  if (decision === 'take') {
    await write(deps, caller, { item, value: item.current, expected: item.incoming, done })
    return item
  }
  const result = await deps.records.apply(done)
  if (result.outcome === 'refused') throw changed('This conflict is on the worklist again already.')
  return item
}

interface Change {
  readonly item: WorkItem
  /** JSON text; the element is removed when there is none. */
  readonly value: string | undefined
  /** What the element has to say still, JSON text; absent when that does not matter. */
  readonly expected?: string | undefined
  /** In the same commit. */
  readonly done: readonly RecordChange[]
}

async function write({ resources }: ResolveDeps, caller: Caller, change: Change): Promise<void> {
  const { reference, element } = change.item
  const [type = '', id = ''] = reference.split('/')
  const current = await resources.read(caller, type, id)
  const before = parseExact(Buffer.from(current.bytes).toString('utf8'))
  const value = change.value === undefined ? undefined : wrapped(change.value)
  const after = withElement(before, element, value)
  if ('expected' in change) {
    const expected = change.expected === undefined ? undefined : wrapped(change.expected)
    if (JSON.stringify(withElement(before, element, expected)) !== JSON.stringify(before))
      throw changed('The record has changed since; decide again by hand.')
  }
  const text = JSON.stringify(after)
  const resource = JSON.parse(text) as JsonObject
  const result = await resources.transact(caller, {
    drafts: [{ type, id, method: 'PUT', resource, text, expected: current.version }],
    records: change.done,
  })
  if (result.outcome === 'stale') throw changed('The record has changed meanwhile; look again.')
}

function changed(text: string) {
  return fault('conflict', { code: 'conflict', text })
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
