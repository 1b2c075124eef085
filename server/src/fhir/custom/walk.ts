import { createContext, Script, type Context } from 'node:vm'

import { limits } from '../../kernel/limits.ts'

/** Why an expression cannot be walked to its end. */
export class BeyondWalk extends Error {}

/** The work that posted expressions may still make, all of one request together. */
export interface Walk {
  /** @throws BeyondWalk when it was too much */
  spend(steps: number): void
  /** Whether a text has the pattern. @throws BeyondWalk for what is no pattern, and for one that takes too long */
  matches(text: string, pattern: string): boolean
  /** The text with something else in place of what has the pattern. @throws BeyondWalk */
  replaceMatches(text: string, pattern: string, by: string): string
}

/** @param most how much */
export function createWalk(most: number): Walk {
  const { ruleSteps, ruleTextChars, patternMs, patternSteps } = limits.fhir
  let left = most
  const spend = (steps: number): void => {
    left -= steps + 1
    if (left < 0) throw new BeyondWalk('the rules take too long')
  }
  let place: Context | undefined
  const run = (script: Script, given: { text: string; pattern: string; by?: string }): unknown => {
    spend(patternSteps)
    if (given.text.length > ruleTextChars) throw new BeyondWalk('the text is too long')
    try {
      // A pattern may be one that tries for years: only there can it be stopped.
      place = Object.assign(place ?? createContext({}), given)
      return script.runInContext(place, { timeout: patternMs })
    } catch (error) {
      // A slow one counts for all the others.
      if (!isSyntax(error)) left -= ruleSteps / SLOW_MOST
      throw new BeyondWalk('a pattern cannot be used', { cause: error })
    }
  }
  return {
    spend,
    matches: (text, pattern) => run(TEST, { text, pattern }) === true,
    replaceMatches: (text, pattern, by) => String(run(REPLACE, { text, pattern, by })),
  }
}

/** So many slow patterns end a request's walks. */
const SLOW_MOST = 2

const TEST = new Script("new RegExp(pattern, 's').test(text)")
const REPLACE = new Script("text.replace(new RegExp(pattern, 'g'), by)")

function isSyntax(error: unknown): boolean {
  return error instanceof Error && error.name === 'SyntaxError'
}
