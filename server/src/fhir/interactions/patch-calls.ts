import { fault } from '../../kernel/fault.ts'
import { untilWon } from '../../kernel/turns.ts'
import type { Lost } from '../../kernel/turns.ts'
import type { Guard, StoredVersion } from '../../store/port.ts'
import { writeAnswer } from '../calls/answers.ts'
import type { Answer, Call } from '../calls/call.ts'
import { checkExpected, resolveCriteria } from '../calls/conditions.ts'
import { isReadable } from '../calls/negotiate.ts'
import { lostOf, refusal } from '../calls/refusal.ts'
import type { RestDeps } from '../calls/rest-deps.ts'
import { parseObject } from '../json/parse.ts'
import { readPatch } from '../patch/patch.ts'
import type { Patch } from '../patch/patch.ts'
import type { Draft } from '../resources.ts'
import { refuseProvenance } from './provenance.ts'
import { queryText } from './write-calls.ts'

interface Target {
  readonly type: string
  readonly id: string
}

export async function patch(deps: RestDeps, call: Call, target: Target): Promise<Answer> {
  const change = changeOf(deps, call, target.type)
  const names = [`${target.type}/${target.id}`]
  const tries = (inTurn: boolean) => tryPatch(deps, call, { target, change, guards: [], inTurn })
  return untilWon(deps.turns, tries, names)
}

export async function patchByCriteria(deps: RestDeps, call: Call, type: string): Promise<Answer> {
  const change = changeOf(deps, call, type)
  return untilWon(deps.turns, async (inTurn) => {
    const { id, guard } = await resolveCriteria(deps, call.caller, { type, query: queryText(call) })
    if (id === undefined)
      throw fault('not-found', {
        code: 'not-found',
        text: `No ${type} meets these criteria: nothing is patched`,
      })
    return tryPatch(deps, call, { target: { type, id }, change, guards: [guard], inTurn })
  })
}

/** A patch that turns out to change nothing wants the right to change, too. */
function changeOf(deps: RestDeps, { caller, text, contentType }: Call, type: string): Patch {
  deps.access.authorise(caller, 'update', type)
  const format = isReadable(contentType ?? '') ? contentType : undefined
  return readPatch(() => deps.definitions.elements(), text, format)
}

interface Attempt {
  readonly target: Target
  readonly change: Patch
  readonly guards: readonly Guard[]
  readonly inTurn: boolean
}

/** Lost when somebody else wrote between reading and writing. */
async function tryPatch(
  deps: RestDeps,
  call: Call,
  { target, change, ...conditions }: Attempt,
): Promise<Answer | Lost> {
  refuseProvenance(call)
  const current = await deps.resources.read(call.caller, target.type, target.id)
  const draft = await patchedDraft(call, current, change)
  if (!draft) return writeAnswer(call, deps.base, { version: current, status: 200 })
  const transaction = { ...conditions, drafts: [draft] }
  const result = await deps.resources.transact(call.caller, transaction)
  const [version] = result.outcome === 'committed' ? result.versions : []
  if (version) return writeAnswer(call, deps.base, { version, status: 200 })
  if (result.outcome === 'stale' && (result.why === 'version' || result.why === 'guard'))
    return lostOf(transaction)
  throw result.outcome === 'stale' ? refusal(result, draft) : new Error('a commit without versions')
}

/**
 * The draft that a patch makes of a version; `undefined` when it changes nothing.
 *
 * @throws Fault `precondition` when the caller expects another version, `unprocessable` when the patch does not fit
 */
export async function patchedDraft(
  { conditions, at }: Pick<Call, 'conditions' | 'at'>,
  current: StoredVersion,
  change: Patch,
): Promise<Draft | undefined> {
  const { type, id, version } = current
  checkExpected({ conditions }, current)
  const before = Buffer.from(current.bytes).toString('utf8')
  const text = await change(before)
  if (text === before) return undefined
  const place = at === undefined ? {} : { at }
  return { type, id, method: 'PATCH', resource: parseObject(text), text, expected: version, ...place }
}
