import { Lost, untilWon } from '../../kernel/turns.ts'
import type { StoredRecord, StoredVersion } from '../../store/port.ts'
import type { Call } from '../calls/call.ts'
import { holderId } from '../calls/refusal.ts'
import type { RestDeps } from '../calls/rest-deps.ts'
import { membersOf, withMembers } from '../json/members.ts'
import { parseObject } from '../json/parse.ts'
import type { Draft } from '../resources.ts'

const NEVER_FILLED = new Set(['resourceType', 'id', 'meta', 'text'])

/**
 * Instead of a second resource for the same identifier, the one that holds it gets the elements that it does not have. What it has is
 * never changed.
 */
export async function mergeInto(
  deps: RestDeps,
  call: Call,
  taken: { draft: Draft; holder: StoredRecord },
): Promise<StoredVersion> {
  const { draft } = taken
  const id = holderId(taken.holder)
  const names = [`${draft.type}/${id}`]
  const tries = async (inTurn: boolean): Promise<StoredVersion | Lost> => {
    const current = await deps.resources.read(call.caller, draft.type, id)
    const text = filled(Buffer.from(current.bytes).toString('utf8'), draft.text ?? '{}')
    if (text === undefined) return current
    const resource = parseObject(text)
    const result = await deps.resources.transact(call.caller, {
      drafts: [{ type: draft.type, id, method: 'PUT', resource, text, expected: current.version }],
      inTurn,
    })
    const [version] = result.outcome === 'committed' ? result.versions : []
    return version ?? new Lost(names)
  }
  return untilWon(deps.turns, tries, names)
}

/** The text with the absent elements of the other one; `undefined` when none is absent. */
function filled(text: string, other: string): string | undefined {
  const present = membersOf(text)
  const names = new Set(present.map(({ name }) => name))
  const absent = membersOf(other).filter(({ name }) => !names.has(name) && !NEVER_FILLED.has(name))
  if (absent.length === 0) return undefined
  const keep = present.map(({ name, valueStart, end }) => [name, text.slice(valueStart, end)])
  const add = absent.map(({ name, valueStart, end }) => [name, other.slice(valueStart, end)])
  return withMembers('{}', Object.fromEntries([...keep, ...add]) as Record<string, string>)
}
