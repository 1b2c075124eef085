import { Fault, fault } from '../../kernel/fault.ts'
import { uuid7 } from '../../kernel/ids.ts'
import { limits } from '../../kernel/limits.ts'
import { createPace } from '../../kernel/pace.ts'
import type { Guard, WriteMethod } from '../../store/port.ts'
import type { Call } from '../calls/call.ts'
import { criteriaOf, onlyNew, preconditionOf, resolveAll, resolveCriteria } from '../calls/conditions.ts'
import type { RestDeps } from '../calls/rest-deps.ts'
import { changesState, isOperation } from '../operations/run-operation.ts'
import type { Precondition } from '../resources.ts'
import type { Matches } from '../search/search.ts'
import { INTERACTIONS } from '../write/transact.ts'
import { contentOf, placed } from './entry.ts'
import type { Entry } from './entry.ts'
import { patchStep } from './patch-step.ts'
import type { Step } from './step.ts'

export interface Steps {
  /** In the order of the entries; a deletion by criteria has one for each resource that it means. */
  readonly steps: readonly Step[]
  readonly guards: readonly Guard[]
  /** Of the writes that criteria led to. */
  readonly criteria: ReadonlyMap<Step, Matches>
}

/** @throws Fault `malformed`, `multiple-matches`, `unsupported`: then nothing of the transaction is done */
export async function stepsOf(deps: RestDeps, call: Call, entries: readonly Entry[]): Promise<Steps> {
  const steps: Step[] = []
  const guards: Guard[] = []
  const criteria = new Map<Step, Matches>()
  const pace = createPace()
  const created = new Map<string, Step>()
  for (const entry of entries) {
    const { step, others = [], guard, matches } = await placedStep(deps, call, entry)
    const own = sameOrOwn(created, step)
    steps.push(own, ...others)
    if (steps.length > limits.fhir.bundleEntries) throw tooMany(entry)
    if (matches && own === step) criteria.set(own, matches)
    if (guard) guards.push(guard)
    await pace()
  }
  const settled = afterDeletions(steps, () => uuid7(deps.clock()))
  checkIdentities(settled)
  return { steps: settled, guards, criteria }
}

function tooMany({ at }: Entry): Fault {
  const text = `With what its criteria delete the transaction has more than ${String(limits.fhir.bundleEntries)} changes: send it in parts`
  return fault('too-costly', { code: 'too-costly', text, at })
}

/** Deletions come first: what `ifNoneExist` found is not there any more when another entry deletes it, so it is created. */
function afterDeletions(steps: readonly Step[], newId: () => string): readonly Step[] {
  const deleted = new Set(
    steps.flatMap((step) => (step.kind === 'write' && step.method === 'DELETE' ? nameOf(step) : [])),
  )
  const remade = new Map<string, string>()
  return steps.map((step): Step => {
    if (step.kind !== 'found' || step.entry.method !== 'POST' || !deleted.has(nameOf(step))) return step
    const before = remade.get(nameOf(step))
    if (before !== undefined) return { ...step, id: before }
    const id = newId()
    remade.set(nameOf(step), id)
    return { kind: 'write', method: 'POST', entry: step.entry, type: step.type, id }
  })
}

function nameOf({ type, id }: { readonly type: string; readonly id: string }): string {
  return `${type}/${id}`
}

/** Entries that would create the same resource, by the same criteria, make one. @throws Fault `malformed` where both bring content for it */
function sameOrOwn(created: Map<string, Step>, step: Step): Step {
  if (step.kind !== 'write' || step.method !== 'POST') return step
  const { ifNoneExist } = step.entry.conditions
  const criteria =
    step.entry.method === 'PUT' ? step.entry.queryText : ifNoneExist && criteriaOf(ifNoneExist, step.type)
  if (criteria === undefined) return step
  const name = `${step.type}?${criteria}`
  const first = created.get(name)
  if (first?.kind !== 'write') {
    created.set(name, step)
    return step
  }
  if (step.entry.method === 'POST') return { kind: 'found', entry: step.entry, type: step.type, id: first.id }
  throw fault('malformed', {
    code: 'duplicate',
    text: `Two entries of the transaction mean the same ${step.type}`,
    at: step.entry.at,
  })
}

interface Decided {
  readonly step: Step
  /** What else the criteria of a deletion mean. */
  readonly others?: readonly Step[]
  readonly guard?: Guard
  /** Where the step is a create or an update by criteria. */
  readonly matches?: Matches
}

async function placedStep(deps: RestDeps, call: Call, entry: Entry): Promise<Decided> {
  try {
    return await stepOf(deps, call, entry)
  } catch (error) {
    throw error instanceof Fault ? placed(error, entry.at) : error
  }
}

async function stepOf(deps: RestDeps, call: Call, entry: Entry): Promise<Decided> {
  const { method, path } = entry
  if (method === 'GET' || method === 'HEAD' || path.at(-1) === '_search')
    return { step: { kind: 'read', entry } }
  if (isOperation(path)) return operationStep(entry)
  const [type = '', id] = path
  if (!deps.definitions.types.includes(type) || path.length > (method === 'POST' ? 1 : 2)) {
    throw fault('malformed', {
      code: 'value',
      text: `A ${method} in a transaction needs the address of a type or a resource`,
      at: `${entry.at}.request.url`,
    })
  }
  return writeStep(deps, call, { entry, type, id, method })
}

interface Write {
  readonly entry: Entry
  readonly type: string
  readonly id: string | undefined
  readonly method: WriteMethod
}

async function writeStep(deps: RestDeps, call: Call, { entry, type, id, method }: Write): Promise<Decided> {
  // Who may not write is refused where nothing is to be written, too. An update by criteria may be a create: that is asked of its draft.
  if (method !== 'PUT') deps.access.authorise(call.caller, INTERACTIONS[method], type)
  if (method === 'POST') return createStep(deps, call, { entry, type })
  if (method === 'PATCH') return patchStep(deps, call, { entry, type, id })
  return id === undefined
    ? conditionalStep(deps, call, { entry, type, method })
    : { step: instanceStep({ entry, type, method, id }) }
}

/** Operations run with the reads, behind all writes: one that writes itself would be outside of the commit. */
function operationStep(entry: Entry): Decided {
  if (entry.method === 'POST' && !changesState(entry.path)) return { step: { kind: 'read', entry } }
  throw fault('unsupported', {
    code: 'not-supported',
    text: 'An operation that changes something cannot be part of a transaction: send it by itself or in a batch',
    at: `${entry.at}.request.url`,
  })
}

async function createStep(
  deps: RestDeps,
  call: Call,
  { entry, type }: { entry: Entry; type: string },
): Promise<Decided> {
  const create: Step = { kind: 'write', entry, method: 'POST', type, id: uuid7(deps.clock()) }
  const { ifNoneExist } = entry.conditions
  if (ifNoneExist === undefined) return { step: create }
  const query = criteriaOf(ifNoneExist, type)
  const { id, guard, matches } = await resolveCriteria(deps, call.caller, { type, query })
  return id === undefined
    ? { guard, matches, step: create }
    : { guard, step: { kind: 'found', entry, type, id } }
}

interface Instance {
  readonly entry: Entry
  readonly type: string
  readonly method: 'PUT' | 'DELETE'
  readonly id: string
}

function instanceStep({ entry, type, method, id }: Instance): Step {
  return { kind: 'write', entry, method, type, id, ...asked(entry) }
}

function asked({ conditions }: Entry): { readonly precondition?: Precondition } {
  const precondition = preconditionOf(conditions)
  return precondition ? { precondition } : {}
}

/** As by itself, it deletes all that the criteria mean. */
async function deletionSteps(
  deps: RestDeps,
  call: Call,
  { entry, type }: { entry: Entry; type: string },
): Promise<Decided> {
  const { ids, guard } = await resolveAll(deps, call.caller, { type, query: entry.queryText })
  const [step = { kind: 'nothing', entry } as const, ...others] = ids.map((id) =>
    instanceStep({ entry, type, method: 'DELETE', id }),
  )
  return { step, others, guard }
}

async function conditionalStep(
  deps: RestDeps,
  call: Call,
  { entry, type, method }: Omit<Instance, 'id'>,
): Promise<Decided> {
  if (method === 'DELETE') return deletionSteps(deps, call, { entry, type })
  const { id, ...found } = await resolveCriteria(deps, call.caller, { type, query: entry.queryText })
  const given = (await contentOf(entry)).resource?.['id']
  if (id !== undefined && given !== undefined && given !== id) {
    throw fault('malformed', {
      code: 'invalid',
      text: `The criteria mean ${type}/${id}, the resource has another id`,
      at: `${entry.at}.resource.id`,
    })
  }
  const known = id ?? given
  const wanted = id === undefined ? { precondition: onlyNew(entry.conditions) } : asked(entry)
  const step = { kind: 'write', entry, type, ...wanted } as const
  if (typeof known === 'string') return { ...found, step: { ...step, method, id: known } }
  return { ...found, step: { ...step, method: 'POST', id: uuid7(deps.clock()) } }
}

/** @see FHIR R4, "RESTful API", transaction: no two entries may end on the same resource. */
function checkIdentities(steps: readonly Step[]): void {
  const seen = new Set<string>()
  for (const step of steps) {
    // A patch that changes nothing is of its resource all the same; what a create found may be found twice.
    const isOwn = step.kind === 'write' || (step.kind === 'found' && step.entry.method === 'PATCH')
    if (!isOwn) continue
    const name = nameOf(step)
    if (seen.has(name)) {
      throw fault('malformed', {
        code: 'duplicate',
        text: `Two entries of the transaction end on ${name}`,
        at: step.entry.at,
      })
    }
    seen.add(name)
  }
}
