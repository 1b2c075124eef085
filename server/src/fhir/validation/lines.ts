import type { Issue } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { locate } from '../json/locate.ts'

/** The issues with line and column in the text that the caller sent; without them when it is too long to count. */
export function withLines(issues: readonly Issue[], text: string): readonly Issue[] {
  if (text.length > limits.fhir.locatedChars) return issues
  return issues.map((issue) => (issue.at === undefined ? issue : { ...issue, ...locate(text, issue.at) }))
}
