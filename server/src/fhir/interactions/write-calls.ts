import { fault } from '../../kernel/fault.ts'
import { untilWon } from '../../kernel/turns.ts'
import type { Lost } from '../../kernel/turns.ts'
import type { Guard } from '../../store/port.ts'
import { deletionAnswer, writeAnswer } from '../calls/answers.ts'
import { resourceOf } from '../calls/call.ts'
import type { Answer, Call } from '../calls/call.ts'
import { criteriaOf, onlyNew, preconditionOf, resolveAll, resolveCriteria } from '../calls/conditions.ts'
import { lostOf, refusal } from '../calls/refusal.ts'
import type { RestDeps } from '../calls/rest-deps.ts'
import { Parsed } from '../resources.ts'
import type { Draft, TransactResult, Written } from '../resources.ts'
import { mergeInto } from './merge-taken.ts'
import { refuseProvenance, withProvenance } from './provenance.ts'

export async function create(deps: RestDeps, call: Call, type: string): Promise<Answer> {
  const { ifNoneExist } = call.conditions
  const resource = await resourceOf(call, type)
  const parsed = new Parsed(resource)
  const draft: Draft = { type, method: 'POST', parsed, text: call.text, ...placeOf(call) }
  if (ifNoneExist === undefined) return createDraft(deps, call, draft)
  const query = criteriaOf(ifNoneExist, type)
  if (query === '')
    throw fault('malformed', { code: 'required', text: 'If-None-Exist is empty: give search parameters' })
  deps.access.authorise(call.caller, 'create', type)
  return untilWon(deps.turns, async (inTurn) => {
    const { id, guard } = await resolveCriteria(deps, call.caller, { type, query })
    if (id === undefined) return tryDraft(deps, call, { draft, guards: [guard], inTurn })
    return writeAnswer(call, deps.base, {
      version: await deps.resources.read(call.caller, type, id),
      status: 200,
    })
  })
}

export async function update(
  deps: RestDeps,
  call: Call,
  target: { type: string; id: string },
): Promise<Answer> {
  const { type, id } = target
  const resource = await resourceOf(call, type)
  if (resource['id'] !== id) {
    throw fault('malformed', {
      code: 'invalid',
      text: `The body must have the id of the address, "${id.slice(0, 64)}"`,
      at: `${call.at ?? type}.id`,
    })
  }
  const draft: Draft = {
    type,
    id,
    method: 'PUT',
    parsed: new Parsed(resource),
    text: call.text,
    ...expectation(call),
    ...placeOf(call),
  }
  return answerWrite(
    deps,
    call,
    versionOf(await deps.resources.transact(call.caller, { drafts: withProvenance(call, draft) }), draft),
  )
}

export async function updateByCriteria(deps: RestDeps, call: Call, type: string): Promise<Answer> {
  const resource = await resourceOf(call, type)
  const given = resource['id']
  const content = { type, parsed: new Parsed(resource), text: call.text, ...placeOf(call) }
  return untilWon(deps.turns, async (inTurn) => {
    const { id, guard } = await resolveCriteria(deps, call.caller, { type, query: queryText(call) })
    if (id !== undefined && given !== undefined && given !== id) {
      throw fault('malformed', {
        code: 'invalid',
        text: `The criteria mean ${type}/${id}, the body has another id`,
        at: `${call.at ?? type}.id`,
      })
    }
    const known = id ?? given
    const asked = id === undefined ? { precondition: onlyNew(call.conditions) } : expectation(call)
    const draft: Draft =
      typeof known === 'string'
        ? { ...content, ...asked, id: known, method: 'PUT' }
        : { ...content, ...asked, method: 'POST' }
    return tryDraft(deps, call, { draft, guards: [guard], inTurn })
  })
}

export async function remove(
  deps: RestDeps,
  call: Call,
  target: { type: string; id: string },
): Promise<Answer> {
  refuseProvenance(call)
  const draft: Draft = { ...target, method: 'DELETE', ...expectation(call) }
  const gone = versionOf(await deps.resources.transact(call.caller, { drafts: [draft] }), draft)
  return deletionAnswer(call, [gone])
}

/** Deletes all that the criteria mean, or none. @see FHIR R4, "RESTful API", conditional delete */
export async function removeByCriteria(deps: RestDeps, call: Call, type: string): Promise<Answer> {
  refuseProvenance(call)
  deps.access.authorise(call.caller, 'delete', type)
  return untilWon(deps.turns, async (inTurn) => {
    const { ids, guard } = await resolveAll(deps, call.caller, { type, query: queryText(call) })
    if (ids.length === 0) return deletionAnswer(call, [])
    const deletion = { type, method: 'DELETE', ...expectation(call) } as const
    const drafts = ids.map((id): Draft => Object.assign({ id }, deletion))
    const transaction = { drafts, guards: [guard], inTurn }
    const result = await deps.resources.transact(call.caller, transaction)
    if (result.outcome === 'stale' && result.why === 'guard') return lostOf(transaction)
    if (result.outcome === 'stale') throw refusal(result, { type })
    return deletionAnswer(call, result.versions)
  })
}

export function queryText({ query }: Pick<Call, 'query'>): string {
  const text = new URLSearchParams()
  for (const [name, value] of query) text.append(name, value)
  return text.toString()
}

function expectation({ conditions }: Pick<Call, 'conditions'>): Pick<Draft, 'precondition'> {
  const precondition = preconditionOf(conditions)
  return precondition ? { precondition } : {}
}

function placeOf({ at }: Call): { readonly at?: string } {
  return at === undefined ? {} : { at }
}

/** What stands on what was found before is lost when that has changed. */
async function tryDraft(
  deps: RestDeps,
  call: Call,
  { draft, ...conditions }: { draft: Draft; guards: readonly Guard[]; inTurn: boolean },
): Promise<Answer | Lost> {
  const transaction = { ...conditions, drafts: withProvenance(call, draft) }
  const result = await deps.resources.transact(call.caller, transaction)
  if (result.outcome === 'stale' && result.why === 'guard') return lostOf(transaction)
  return answerWrite(deps, call, versionOf(result, draft))
}

async function createDraft(deps: RestDeps, call: Call, draft: Draft): Promise<Answer> {
  const result = await deps.resources.transact(call.caller, { drafts: withProvenance(call, draft) })
  const holder = result.outcome === 'stale' && deps.takenIdentifier === 'merge' ? result.holder : undefined
  if (!holder) return answerWrite(deps, call, versionOf(result, draft))
  return writeAnswer(call, deps.base, {
    version: await mergeInto(deps, call, { draft, holder }),
    status: 200,
  })
}

function answerWrite({ base }: RestDeps, call: Call, version: Written): Answer {
  return writeAnswer(call, base, { version, status: version.isCreated ? 201 : 200 })
}

/** The stored version, or the refusal that fits. @throws Fault `conflict` */
function versionOf(result: TransactResult, draft: Draft): Written {
  if (result.outcome === 'stale') throw refusal(result, draft)
  const [version] = result.versions
  if (!version) throw new Error('a commit without versions')
  return version
}
