import type { CodeSystemRule } from '../validation/codings.ts'
import type { Concept, Specification } from './specification.ts'

/** The code systems that R4 itself defines whole, by url. */
export function emitCodeSystems({ terminology }: Specification): string {
  const whole = [...terminology.values()].flatMap((source): [string, CodeSystemRule][] => {
    const { resourceType, url, content, concept, caseSensitive = false } = source
    if (resourceType !== 'CodeSystem' || content !== 'complete' || !concept) return []
    const codes = codesIn(concept)
    return [[url, { caseSensitive, codes: caseSensitive ? codes : codes.map((code) => code.toLowerCase()) }]]
  })
  return JSON.stringify(Object.fromEntries(whole))
}

function codesIn(concepts: readonly Concept[]): readonly string[] {
  return concepts.flatMap(({ code, concept = [] }) => [code, ...codesIn(concept)])
}
