import type { SearchParam } from '../definitions.ts'

/** Types that form a strict hierarchy, with the parameter that names the parent. */
export const PARENTS: Readonly<Record<string, string>> = {
  Encounter: 'part-of',
  Location: 'partof',
  Organization: 'partof',
  Task: 'part-of',
}

/** Whether a reference may lead into a hierarchy. */
export function isHierarchical({ type, target = [] }: Pick<SearchParam, 'type' | 'target'>): boolean {
  return type === 'reference' && target.some((each) => Object.hasOwn(PARENTS, each))
}

/** Types of definitions, which are referred to by url and version. */
const DEFINITIONS =
  /^(?:ActivityDefinition|EventDefinition|Library|Measure|OperationDefinition|PlanDefinition|Questionnaire|StructureDefinition|ValueSet)$/

/** Whether a reference is a canonical: it refers to definitions and to nothing else. */
export function isCanonical({ type, target = [] }: Pick<SearchParam, 'type' | 'target'>): boolean {
  return type === 'reference' && target.length > 0 && target.every((each) => DEFINITIONS.test(each))
}
