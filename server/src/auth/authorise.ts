import { fault } from '../kernel/fault.ts'
import type { Caller } from './caller.ts'
import { type Command, type Interaction, isShared, may, mayUse } from './permissions.ts'
import { scopesAllow } from './scopes.ts'

/**
 * Lets the caller go on when a role and, where the token has scopes, a scope allow the interaction with the type. An update that creates
 * (PUT to a new id) is asked as `create`.
 *
 * @throws Fault `forbidden` that names the missing right
 */
export function authorise(caller: Caller, interaction: Interaction, type: string): void {
  if (isAllowed(caller, interaction, type)) return
  const missing = may(caller.roles, interaction, type) ? 'scope' : 'right'
  throw fault('forbidden', {
    code: 'forbidden',
    text: `The ${missing} to ${interaction} ${type} is missing.`,
  })
}

/** The question of `authorise` as a value, for menus, searches over several types and events. */
export function isAllowed(caller: Caller, interaction: Interaction, type: string): boolean {
  if (!may(caller.roles, interaction, type)) return false
  return caller.scopes === undefined || scopesAllow(caller.scopes, interaction, type)
}

/** @throws Fault `forbidden` that names the missing right */
export function authoriseCommand(caller: Caller, command: Command): void {
  // A command may touch any type: a narrowed token must not reach around its scopes.
  const whole = caller.scopes === undefined || caller.scopes.some((scope) => scope.type === '*')
  if (whole && mayUse(caller.roles, command)) return
  throw fault('forbidden', { code: 'forbidden', text: `The right ${command} is missing.` })
}

/** Search keys of which a resource must have one; a resource is the caller's to see when it meets every clause. No clauses: all of the type. */
export type KeyClauses = readonly (readonly string[])[]

/** What limits the caller to some resources of a type: facility and patient compartment, as the keys that every store indexes. */
export function constraintFor(caller: Caller, type: string): KeyClauses {
  if ((caller.facilities === 'all' && caller.patient === undefined) || isShared(type)) return []
  const clauses: (readonly string[])[] = []
  if (caller.facilities !== 'all') clauses.push(caller.facilities.map((facility) => `_facility=${facility}`))
  if (caller.patient !== undefined) clauses.push([`_compartment=${caller.patient}`])
  return clauses
}

/** Whether a resource with these keys meets every clause. */
export function meets(clauses: KeyClauses, hasKey: (key: string) => boolean): boolean {
  return clauses.every((anyOf) => anyOf.some((key) => hasKey(key)))
}
