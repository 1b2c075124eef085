import { Fault, fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { createPace } from '../../kernel/pace.ts'
import type { Guard } from '../../store/port.ts'
import { parseObject } from '../json/parse.ts'
import { rewriteStrings, rewriteValues } from '../json/rewrite.ts'
import type { Rewrite } from '../json/rewrite.ts'
import type { Call } from '../rest/call.ts'
import { resolveCriteria } from '../rest/conditions.ts'
import type { RestDeps } from '../rest/rest-deps.ts'
import { meetsAll } from '../search/clause.ts'
import type { Matches } from '../search/search.ts'
import { draftSubject } from '../search/subject.ts'
import { placed } from './read-bundle.ts'
import type { Content } from './read-bundle.ts'

/** A resource of the transaction on its way to the commit. */
export interface Linked extends Content {
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
): Promise<{ contents: readonly Content[]; guards: readonly Guard[] }> {
  const guards: Guard[] = []
  const resolved = new Map<string, string>()
  const pace = createPace()
  for (const linked of resources) {
    await pace()
    for (const reference of conditionalReferences(linked)) {
      if (resolved.has(reference)) continue
      const { target, guard } = await placedTarget(deps, call, {
        reference,
        resources,
        deleted,
        at: linked.at,
      })
      resolved.set(reference, target)
      guards.push(guard)
    }
  }
  if (resolved.size === 0) return { contents: resources, guards }
  const replace: Rewrite = (name, value) => (name === 'reference' ? resolved.get(value) : undefined)
  return { contents: resources.map((each) => rewritten(each, replace)), guards }
}

function rewritten({ text, resource }: Content, replace: Rewrite): Content {
  return {
    text: rewriteStrings(text, replace),
    ...(resource && { resource: rewriteValues(resource, replace) }),
  }
}

function conditionalReferences({ text }: Linked): readonly string[] {
  const found: string[] = []
  if (!text.includes('?')) return found
  rewriteStrings(text, (name, value) => {
    if (name === 'reference' && CONDITIONAL.test(value)) found.push(value)
    return undefined
  })
  return found
}

interface Wanted {
  readonly reference: string
  readonly resources: readonly Linked[]
  /** `Patient/1`, what the same transaction deletes. */
  readonly deleted: ReadonlySet<string>
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
  { reference, resources, deleted }: Wanted,
): Promise<{ target: string; guard: Guard }> {
  const { type = '', query = '' } = CONDITIONAL.exec(reference)?.groups ?? {}
  if (!deps.definitions.types.includes(type))
    throw fault('malformed', {
      code: 'value',
      text: `"${type.slice(0, 64)}" is no resource type of FHIR R4`,
    })
  const { id, guard, matches } = await resolveCriteria(deps, call.caller, { type, query })
  const ids = new Set(id === undefined || deleted.has(`${type}/${id}`) ? [] : [id])
  // What the transaction writes replaces what is stored.
  for (const resource of resources.filter((each) => each.type === type)) {
    if (meets(deps, resource, matches)) ids.add(resource.id)
    else ids.delete(resource.id)
  }
  const [only] = ids
  if (only === undefined || ids.size > 1) throw notOne(type, ids.size)
  return { target: `${type}/${only}`, guard }
}

function notOne(type: string, found: number): Error {
  const text = `The conditional reference to ${type} meets ${found === 0 ? 'no resource' : 'several resources'}`
  return found === 0
    ? fault('precondition', { code: 'not-found', text })
    : fault('multiple-matches', { code: 'multiple-matches', text })
}

function meets({ base, clock }: RestDeps, linked: Linked, { clauses, module }: Matches): boolean {
  const resource: JsonObject = { ...(linked.resource ?? parseObject(linked.text)), id: linked.id }
  const keys = module.extract(resource, { lastUpdated: clock(), facilities: [], base })
  // What the caller may see is known of own resources; the criteria decide.
  const criteria = clauses.filter(
    ({ anyOf }) => !anyOf.some((test) => test.by === 'key' && test.key.startsWith('_facility=')),
  )
  return meetsAll(criteria, draftSubject({ id: linked.id, keys, resource, module, base }))
}
