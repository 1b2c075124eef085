import { fault } from '../../kernel/fault.ts'
import { createPace } from '../../kernel/pace.ts'
import type { RestDeps } from '../calls/rest-deps.ts'
import type { Subject } from '../search/clause.ts'
import { meets, subjectOf } from './conditional-references.ts'
import type { Linked, LinkedOf } from './conditional-references.ts'
import type { Steps } from './steps.ts'

/**
 * What is created or updated by criteria must be the only one that meets them, also among what the same transaction writes: in its order the
 * criteria would meet several.
 *
 * @throws Fault `multiple-matches`
 * @see FHIR R4, "RESTful API", transaction processing rules
 */
export async function checkOnlyMatches(
  deps: RestDeps,
  criteria: Steps['criteria'],
  written: LinkedOf,
): Promise<void> {
  const subjects = new Map<Linked, Subject>()
  const pace = createPace()
  for (const [step, matches] of criteria) {
    if (step.kind !== 'write') continue
    for (const linked of written(step.type)) {
      if (linked.id === step.id) continue
      const subject = subjects.get(linked) ?? (await subjectOf(deps, linked, matches))
      subjects.set(linked, subject)
      await pace()
      if (!meets(subject, matches)) continue
      const text = `${linked.at} meets the criteria, too: of what a transaction writes only one ${step.type} may meet them`
      throw fault('multiple-matches', { code: 'multiple-matches', text, at: step.entry.at })
    }
  }
}
