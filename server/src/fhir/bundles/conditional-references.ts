import { Fault, fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { createPace } from '../../kernel/pace.ts'
import type { Soon } from '../../kernel/soon.ts'
import type { Guard } from '../../store/port.ts'
import type { Call } from '../calls/call.ts'
import { resolveCriteria } from '../calls/conditions.ts'
import type { RestDeps } from '../calls/rest-deps.ts'
import { readReference } from '../keys/references.ts'
import { meetsAll } from '../search/clause.ts'
import type { Subject } from '../search/clause.ts'
import type { Matches } from '../search/search.ts'
import { draftSubject } from '../search/subject.ts'
import { placed } from './entry.ts'

/** A resource of the transaction on its way to the commit. */
export interface Linked {
  readonly type: string
  readonly id: string
  readonly at: string
  /** The resource with its links to other entries replaced: parsed when it is asked for. @throws Fault `malformed` */
  read(): Soon<JsonObject>
}

/** What a transaction writes of a type: few ask. */
export type LinkedOf = (type: string) => readonly Linked[]

const CONDITIONAL = /^(?<type>[A-Z][A-Za-z]+)\?(?<query>.+)$/s

/** Also below the own address: what that says is the same. */
function criteriaIn(reference: string, { base }: Pick<RestDeps, 'base'>): CriteriaGroups | undefined {
  return CONDITIONAL.exec(readReference(reference, base).text)?.groups
}

type CriteriaGroups = Readonly<Record<string, string | undefined>>

export interface ConditionalReferences {
  /** What the criteria mean, as far as they were resolved; those that were not are noted. */
  target(reference: string): string | undefined
  /**
   * Resolves what was noted: references such as `Practitioner?identifier=s|v` mean one resource, stored already or part of the same transaction.
   *
   * @param at whose references they are
   * @throws Fault `precondition` when none, `multiple-matches` when several meet the criteria
   * @returns `undefined` when there was nothing to resolve
   */
  resolveNoted(at: string): Promise<void> | undefined
  /** What must not have changed up to the commit: what was known before, and what was resolved. */
  readonly guards: readonly Guard[]
}

export function createConditionalReferences(
  deps: RestDeps,
  call: Call,
  {
    guards: known,
    ...transaction
  }: Pick<Wanted, 'resources' | 'deleted'> & { readonly guards: readonly Guard[] },
): ConditionalReferences {
  const guards = [...known]
  const resolved = new Map<string, string>()
  const subjects = new Map<Linked, Subject>()
  const noted = new Set<string>()
  const resolveAll = async (at: string): Promise<void> => {
    for (const reference of noted) {
      const { target, guard } = await placedTarget(deps, call, { reference, ...transaction, subjects, at })
      resolved.set(reference, target)
      guards.push(guard)
    }
    noted.clear()
  }
  return {
    target(reference) {
      if (!reference.includes('?')) return undefined
      const target = resolved.get(reference)
      if (target === undefined && criteriaIn(reference, deps)) noted.add(reference)
      return target
    },
    resolveNoted: (at) => (noted.size === 0 ? undefined : resolveAll(at)),
    guards,
  }
}

interface Wanted {
  readonly reference: string
  readonly resources: LinkedOf
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
  const { type = '', query = '' } = criteriaIn(wanted.reference, deps) ?? {}
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
  for (const resource of resources(type)) {
    const subject = subjects.get(resource) ?? (await subjectOf(deps, resource, matches))
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
export async function subjectOf(
  { base, clock }: RestDeps,
  linked: Linked,
  { module }: Matches,
): Promise<Subject> {
  const { id } = linked
  const resource = { ...(await linked.read()), id }
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
