import { figure } from './figure.ts'

interface Counted {
  readonly count: number
  readonly isMore: boolean
}

/**
 * A count that was ended at a limit (`10,000+`); `?` where the limit was reached before anything of it was seen. Isolated: on an Arabic page the
 * sign would go to the other side of the number.
 */
export function atLeast({ count, isMore }: Counted, language: string): string {
  const text = figure(count, language)
  if (!isMore) return text
  return count === 0 ? '?' : `\u2066${text}+\u2069`
}

/** What was counted apart, together. */
export function allOf(counts: readonly Counted[]): Counted {
  return {
    count: counts.reduce((sum, { count }) => sum + count, 0),
    isMore: counts.some(({ isMore }) => isMore),
  }
}
