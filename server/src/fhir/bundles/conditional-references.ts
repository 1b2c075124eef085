import { Fault, fault } from '../../kernel/fault.ts'
import { createPace } from '../../kernel/pace.ts'
import type { Guard } from '../../store/port.ts'
import type { Call } from '../calls/call.ts'
import { resolveCriteria } from '../calls/conditions.ts'
import type { RestDeps } from '../calls/rest-deps.ts'
import { rewriteStrings } from '../json/rewrite.ts'
import type { Rewrite } from '../json/rewrite.ts'
import { meetsAll } from '../search/clause.ts'
import type { Subject } from '../search/clause.ts'
import type { Matches } from '../search/search.ts'
import { draftSubject } from '../search/subject.ts'
import { contentOf, placed } from './read-bundle.ts'

/** A resource of the transaction on its way to the commit. */
export interface Linked {
  /** JSON without layout. */
  readonly text: string
  readonly type: string
  readonly id: string
  readonly at: string
}

const CONDITIONAL = /^(?<type>[A-Z][A-Za-z]+)\?(?<query>.+)$/s

/**
 * Replaces references such as `Practitioner?identifier=s|v` by the one resource that they mean, stored already or part of the same
 * transaction.
 *
 * @throws Fault `precondition` when none, `multiple-matches` when several meet the criteria
 */
export async function resolveReferences(
  deps: RestDeps,
  call: Call,
  { resources, deleted }: Pick<Wanted, 'resources' | 'deleted'>,
): Promise<{ texts: readonly string[]; guards: readonly Guard[] }> {
  const guards: Guard[] = []
  const resolved = new Map<string, string>()
  const subjects = new Map<Linked, Subject>()
  const texts: string[] = []
  const replace: Rewrite = (name, value) => (name === 'reference' ? resolved.get(value) : undefined)
  const pace = createPace()
  for (const linked of resources) {
    await pace()
    const references = conditionalReferences(linked)
    for (const reference of references) {
      if (resolved.has(reference)) continue
      const wanted = { reference, resources, deleted, subjects, at: linked.at }
      const { target, guard } = await placedTarget(deps, call, wanted)
      resolved.set(reference, target)
      guards.push(guard)
    }
    texts.push(references.length === 0 ? linked.text : rewriteStrings(linked.text, replace))
  }
  return { texts, guards }
}

function conditionalReferences({ text }: Linked): readonly string[] {
  const found: string[] = []
  if (!text.includes('?')) return found
  rewriteStrings(text, (name, value) => {
    if (name === 'reference' && value.includes('?') && CONDITIONAL.test(value)) found.push(value)
    return undefined
  })
  return found
}

interface Wanted {
  readonly reference: string
  readonly resources: readonly Linked[]
  /** `Patient/1`, what the same transaction deletes. */
  readonly deleted: ReadonlySet<string>
  /** Resources that were asked for before, as criteria see them. */
  readonly subjects: Map<Linked, Subject>
  readonly at: string
}

async function placedTarget(deps: RestDeps, call: Call, wanted: Wanted): ReturnType<typeof resolveOne> {
  try {
    return await resolveOne(deps, call, wanted)
  } catch (error) {
    throw error instanceof Fault ? placed(error, wanted.at) : error
  }
}

async function resolveOne(
  deps: RestDeps,
  call: Call,
  wanted: Wanted,
): Promise<{ target: string; guard: Guard }> {
  const { type = '', query = '' } = CONDITIONAL.exec(wanted.reference)?.groups ?? {}
  if (!deps.definitions.types.includes(type))
    throw fault('malformed', {
      code: 'value',
      text: `"${type.slice(0, 64)}" is no resource type of FHIR R4`,
    })
  const { id, guard, matches } = await resolveCriteria(deps, call.caller, { type, query })
  const stored = id === undefined || wanted.deleted.has(`${type}/${id}`) ? [] : [id]
  const ids = await withWritten(deps, wanted, { type, matches, stored })
  const [only] = ids
  if (only === undefined || ids.size > 1) throw notOne(type, ids.size)
  return { target: `${type}/${only}`, guard }
}

interface Criteria {
  readonly type: string
  readonly matches: Matches
  readonly stored: readonly string[]
}

/** What the transaction writes replaces what is stored. */
async function withWritten(
  deps: RestDeps,
  { resources, subjects }: Wanted,
  { type, matches, stored }: Criteria,
): Promise<ReadonlySet<string>> {
  const ids = new Set(stored)
  const pace = createPace()
  for (const resource of resources) {
    if (resource.type !== type) continue
    const subject = subjects.get(resource) ?? subjectOf(deps, resource, matches)
    subjects.set(resource, subject)
    if (meets(subject, matches)) ids.add(resource.id)
    else ids.delete(resource.id)
    await pace()
  }
  return ids
}

function notOne(type: string, found: number): Error {
  const text = `The conditional reference to ${type} meets ${found === 0 ? 'no resource' : 'several resources'}`
  return found === 0
    ? fault('precondition', { code: 'not-found', text })
    : fault('multiple-matches', { code: 'multiple-matches', text })
}

/** A resource of the transaction as criteria see it. */
export function subjectOf({ base, clock }: RestDeps, { id, text }: Linked, { module }: Matches): Subject {
  const resource = { ...contentOf({ text }).resource, id }
  const keys = module.extract(resource, { lastUpdated: clock(), facilities: [], base })
  return draftSubject({ id, keys, resource, module, base })
}

export function meets(subject: Subject, { clauses }: Matches): boolean {
  // What the caller may see is known of own resources; the criteria decide.
  const criteria = clauses.filter(
    ({ anyOf }) => !anyOf.some((test) => test.by === 'key' && test.key.startsWith('_facility=')),
  )
  return meetsAll(criteria, subject)
}
