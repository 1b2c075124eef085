import { Fault } from '../../kernel/fault.ts'
import { createPace } from '../../kernel/pace.ts'
import { jsonBody } from '../rest/answers.ts'
import type { Answer, Call } from '../rest/call.ts'
import { dispatch } from '../rest/dispatch.ts'
import { answerTo } from '../rest/outcome.ts'
import type { RestDeps } from '../rest/rest-deps.ts'
import { patchBody } from './patch-step.ts'
import { contentOf, placed } from './read-bundle.ts'
import type { Broken, Entry, ReadBundle } from './read-bundle.ts'
import { responseBundle } from './response.ts'

/** Each entry stands for itself: one that fails gets its outcome, the others go on. */
export async function batch(deps: RestDeps, call: Call, entries: ReadBundle['entries']): Promise<Answer> {
  const answers: Answer[] = []
  const pace = createPace()
  for (const entry of entries) {
    answers.push(await answerEntry(deps, call, entry))
    await pace()
  }
  return responseBundle('batch-response', answers)
}

async function answerEntry(deps: RestDeps, call: Call, entry: Entry | Broken): Promise<Answer> {
  try {
    if ('fault' in entry) throw entry.fault
    return await dispatch(deps, entryCall(call, entry))
  } catch (error) {
    const { status, outcome } = answerTo(error instanceof Fault ? placed(error, entry.at) : error)
    if (status === 500) throw error
    return { status, headers: {}, body: jsonBody(outcome) }
  }
}

export function entryCall({ caller, prefer }: Call, entry: Entry): Call {
  const { method, path, query, conditions, at } = entry
  const body = method === 'PATCH' ? patchBody(entry) : contentOf(entry)
  return { caller, method, path, query, conditions, prefer, ...body, at: `${at}.resource` }
}
