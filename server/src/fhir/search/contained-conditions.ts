import type { Caller } from '../../auth/caller.ts'
import { fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Row } from '../../store/port.ts'
import type { TypeModule } from '../definitions.ts'
import { boundedKey } from '../keys/bounded.ts'
import { innerFilter, noSource } from './chains.ts'
import { meetsAll } from './clause.ts'
import type { Clause, Subject } from './clause.ts'
import { compartmentClause } from './compartments.ts'
import { containedKeys, containedSubjects } from './contained-subjects.ts'
import type { ContainedSubject } from './contained-subjects.ts'
import type { Filter } from './request.ts'
import { filterClause, scopeOf } from './resolve.ts'
import type { SearchDeps } from './scope.ts'

/** A contained resource where it stands. */
export interface Place {
  readonly row: Row
  readonly container: Subject
  readonly resource: JsonObject
  readonly each: ContainedSubject
}

/** What a search asks of a contained resource: of itself, or of what refers to it, which stands in its container or is it. */
export interface Condition {
  readonly holds: (place: Place) => boolean
  /** What every container of a match meets. */
  readonly narrowing?: Clause
}

interface Asked {
  readonly module: TypeModule
  readonly filters: readonly Filter[]
  readonly compartment?: string
}

/** @throws Fault `malformed`, `forbidden` */
export async function conditionsOf(
  deps: SearchDeps,
  caller: Caller,
  { module, filters, compartment }: Asked,
): Promise<readonly Condition[]> {
  const conditions = compartment === undefined ? [] : [inCompartment(module, compartment)]
  for (const filter of filters) conditions.push(await conditionOf(deps, caller, { module, filter }))
  return conditions
}

interface One {
  readonly module: TypeModule
  readonly filter: Filter
}

async function conditionOf(deps: SearchDeps, caller: Caller, { module, filter }: One): Promise<Condition> {
  if (filter.kind === 'list') return inList(filter)
  return filter.kind === 'has' ? referredTo(deps, caller, filter) : ofItself(deps, caller, { module, filter })
}

async function ofItself(deps: SearchDeps, caller: Caller, { module, filter }: One): Promise<Condition> {
  const clause = await filterClause(deps, scopeOf(caller, true), { module, filter })
  const keys = containedKeys(module.type, filter, clause)
  return {
    holds: ({ each }) => meetsAll([clause], each),
    narrowing: { label: clause.label, anyOf: keys.map((key) => ({ by: 'key', key })) },
  }
}

/** It belongs to whom it refers to. It is the owner of no compartment itself: its id is one within its container. */
function inCompartment(module: TypeModule, compartment: string): Condition {
  const clause = compartmentClause(module, compartment)
  const isOwner = compartment.startsWith(`${module.type}/`)
  return { holds: ({ each }) => !isOwner && meetsAll([clause], each) }
}

/** A List has what is contained in itself as members; nothing outside can name it. */
function inList({ lists, label }: Extract<Filter, { kind: 'list' }>): Condition {
  return {
    narrowing: { label, anyOf: lists.map((id) => ({ by: 'id', id })) },
    holds: ({ row, each, resource }) => {
      const { entry = [] } = resource as { entry?: readonly Item[] }
      return (
        row.type === 'List' &&
        lists.includes(row.id) &&
        entry.some(({ deleted, item }) => deleted !== true && item?.reference === `#${each.id}`)
      )
    },
  }
}

interface Item {
  readonly deleted?: boolean
  readonly item?: { readonly reference?: string }
}

/** `_has`: its container refers to it, or another resource that is contained beside it. */
async function referredTo(
  deps: SearchDeps,
  caller: Caller,
  asked: Extract<Filter, { kind: 'has' }>,
): Promise<Condition> {
  const { source, reference, rest, label } = asked
  const module = await deps.definitions.load(source)
  const param = module?.params.find(({ code, type }) => code === reference && type === 'reference')
  if (!module || !param) throw noSource(asked)
  deps.access.authorise(caller, 'search', source)
  const filter = innerFilter(module, { rest, mayMiss: false })
  if (!filter) throw fault('malformed', { code: 'invalid', text: `"${label.slice(0, 128)}" asks nothing` })
  const clause = await filterClause(deps, scopeOf(caller, true), { module, filter })
  // What refers to it may itself be contained: its id means nothing outside, so that lists and references are looked for within, too.
  const within = isOutward(filter) ? await conditionOf(deps, caller, { module, filter }) : undefined
  const { base } = deps
  return {
    holds: (place) => {
      const { row, container, resource, each } = place
      const key = boundedKey(`${param.code}=#${each.id}`)
      if (row.type === source && container.has(key) && meetsAll([clause], container)) return true
      return containedSubjects(resource, { module, base }).some(
        (beside) =>
          beside.has(key) && (within?.holds({ ...place, each: beside }) ?? meetsAll([clause], beside)),
      )
    },
  }
}

function isOutward({ kind }: Filter): boolean {
  return kind === 'has' || kind === 'list'
}
