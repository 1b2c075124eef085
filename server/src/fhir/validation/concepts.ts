import { counted } from '../../kernel/counted.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { Check } from './check.ts'
import { isObject } from './collections.ts'

/**
 * What a code system says of its concepts. With a grammar nobody but its steward knows how many there are.
 *
 * @see FHIR R4, "CodeSystem", count and CodeSystemContentMode
 */
export function checkConcepts({ content, count, concept, compositional }: JsonObject, check: Check): void {
  const here = countOf(concept)
  if (content === 'not-present' && here > 0)
    check.addAt(
      'concept',
      'value',
      'The content is "not-present": leave the concepts out, or mend the content.',
    )
  if (typeof count !== 'number' || compositional === true || content === 'not-present') return
  if (content === 'complete' ? count !== here : count < here)
    check.addAt('count', 'value', `Listed here: ${counted(here, 'concept')}. Mend the count or leave it out.`)
}

function countOf(concepts: JsonValue | undefined): number {
  if (!Array.isArray(concepts)) return 0
  return (concepts as readonly JsonValue[]).reduce<number>(
    (sum, each) => sum + 1 + (isObject(each) ? countOf(each['concept']) : 0),
    0,
  )
}
