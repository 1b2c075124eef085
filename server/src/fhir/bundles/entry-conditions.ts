import { fault } from '../../kernel/fault.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { Call, Conditions } from '../calls/call.ts'
import { misplaced } from '../calls/conditions.ts'

const CONDITIONS = ['ifMatch', 'ifNoneMatch', 'ifModifiedSince', 'ifNoneExist'] as const

type Address = Pick<Call, 'method' | 'path'>

/**
 * Under what conditions the request of an entry is meant.
 *
 * @param at where the request stands
 * @throws Fault `malformed` for one that cannot be looked at: it must not pass for none
 */
export function conditionsOf(request: JsonObject, address: Address, at: string): Conditions {
  const given = CONDITIONS.flatMap((name) => {
    const value = request[name]
    if (value === undefined) return []
    const text = problemOf(name, value, address)
    if (text !== undefined) throw fault('malformed', { code: 'value', text, at: `${at}.${name}` })
    return [[name, value]]
  })
  return Object.fromEntries(given) as Conditions
}

function problemOf(
  name: (typeof CONDITIONS)[number],
  value: JsonValue,
  address: Address,
): string | undefined {
  if (typeof value !== 'string') return `${name} must be a text`
  if (name === 'ifModifiedSince' && Number.isNaN(Date.parse(value)))
    return 'ifModifiedSince must be an instant such as 2026-01-31T12:00:00Z'
  return misplaced(name, address, name)
}
