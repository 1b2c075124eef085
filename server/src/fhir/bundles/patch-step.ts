import { fault } from '../../kernel/fault.ts'
import type { Fault } from '../../kernel/fault.ts'
import type { Guard } from '../../store/port.ts'
import type { Call } from '../calls/call.ts'
import { preconditionOf, resolveCriteria } from '../calls/conditions.ts'
import type { RestDeps } from '../calls/rest-deps.ts'
import { patchedDraft } from '../interactions/patch-calls.ts'
import { readPatch } from '../patch/patch.ts'
import type { Patch } from '../patch/patch.ts'
import { contentOf } from './entry.ts'
import type { Entry } from './entry.ts'
import type { Step } from './step.ts'

/**
 * A PATCH entry comes down to the update with the patched resource.
 *
 * @throws Fault `not-found`, `gone`, `unprocessable`, `precondition`
 */
export async function patchStep(
  deps: RestDeps,
  call: Call,
  { entry, type, id }: { readonly entry: Entry; readonly type: string; readonly id: string | undefined },
): Promise<{ readonly step: Step; readonly guard?: Guard }> {
  const { text, contentType } = await patchBody(entry)
  const change = readPatch(() => deps.definitions.elements(), text, contentType)
  if (id !== undefined) return { step: await patched(deps, call, { entry, type, id, change }) }
  const found = await resolveCriteria(deps, call.caller, { type, query: entry.queryText })
  if (found.id === undefined) throw nothingToPatch(type, entry)
  return { step: await patched(deps, call, { entry, type, id: found.id, change }), guard: found.guard }
}

interface Target {
  readonly entry: Entry
  readonly type: string
  readonly id: string
  readonly change: Patch
}

async function patched(deps: RestDeps, call: Call, { entry, type, id, change }: Target): Promise<Step> {
  const current = await deps.resources.read(call.caller, type, id)
  const { conditions, at } = entry
  const draft = await patchedDraft({ conditions, at: `${at}.resource` }, current, change)
  if (!draft?.text) return { kind: 'found', entry, type, id }
  const precondition = preconditionOf(conditions)
  return {
    kind: 'write',
    entry,
    method: 'PATCH',
    type,
    id,
    text: draft.text,
    read: current.version,
    ...(precondition ? { precondition } : {}),
  }
}

/** A JSON Patch comes in a Binary, a FHIRPath Patch as Parameters; see FHIR R4, "RESTful API", patch. */
export async function patchBody(entry: Entry): Promise<Pick<Call, 'text' | 'contentType'>> {
  const { text, resource = {} } = await contentOf(entry)
  const { resourceType, contentType, data } = resource
  if (resourceType === 'Parameters') return { text, contentType: 'application/fhir+json' }
  if (resourceType === 'Binary' && typeof contentType === 'string' && typeof data === 'string')
    return { text: Buffer.from(data, 'base64').toString('utf8'), contentType }
  throw fault('malformed', {
    code: 'invalid',
    text: 'A PATCH entry has a Binary with contentType application/json-patch+json and data, or Parameters',
    at: `${entry.at}.resource`,
  })
}

function nothingToPatch(type: string, { at }: Entry): Fault {
  return fault('not-found', {
    code: 'not-found',
    text: `No ${type} meets these criteria: nothing is patched`,
    at: `${at}.request.url`,
  })
}
