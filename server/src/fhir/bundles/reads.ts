import { Fault } from '../../kernel/fault.ts'
import { jsonBody } from '../calls/answers.ts'
import type { Answer, Call } from '../calls/call.ts'
import { answerTo } from '../calls/outcome.ts'
import type { RestDeps } from '../calls/rest-deps.ts'
import { dispatchEntry } from './batch.ts'
import { placed } from './entry.ts'
import type { Entry } from './entry.ts'
import type { Step } from './step.ts'

/**
 * Asks the reads of a transaction before its writes: all actions are accepted or none, so one that cannot be answered stops the whole. What
 * is not there yet may be made by the transaction itself.
 *
 * @throws Fault of the first read that cannot be answered
 * @see FHIR R4, "RESTful API", transaction
 */
export async function checkReads(deps: RestDeps, call: Call, steps: readonly Step[]): Promise<void> {
  const written = new Set(steps.flatMap((step) => (step.kind === 'write' ? step.type : [])))
  for (const step of steps) {
    if (step.kind !== 'read') continue
    const { entry } = step
    try {
      await dispatchEntry(deps, call, entry)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      const isMissing = error.kind === 'not-found' || error.kind === 'gone'
      if (!isMissing || !written.has(entry.path[0] ?? '')) throw placed(error, entry.at)
    }
  }
}

/** The writes are done by now: a read that fails reports it in its entry. */
export async function readAnswer(deps: RestDeps, call: Call, entry: Entry): Promise<Answer> {
  try {
    return await dispatchEntry(deps, call, entry)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const { status, outcome } = answerTo(placed(error, entry.at))
    return { status, headers: {}, body: jsonBody(outcome) }
  }
}
