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
