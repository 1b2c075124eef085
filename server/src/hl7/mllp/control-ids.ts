import type { Clock } from '../../kernel/clock.ts'

/** Gives values for MSH-10 of what the hub sends: unique across processes, at most 20 characters (the limit up to version 2.6). */
export function createControlIds(clock: Clock): () => string {
  const process = Math.trunc(Math.random() * 36 ** 4)
    .toString(36)
    .padStart(4, '0')
  let last = 0
  return () => {
    last = Math.max(last + 1, clock() * 1000)
    // In two steps, because numbers of 32 bits become text much faster.
    const low = (last % HALF).toString(36).padStart(5, '0')
    return `${Math.floor(last / HALF).toString(36)}${low}${process}`.toUpperCase()
  }
}

const HALF = 36 ** 5
