import { limits } from '../../kernel/limits.ts'

/**
 * Shares the main thread between taking messages in and processing them. Each step of processing waits for its place in a turn of the event
 * loop; when the slice of the turn is used up, the rest waits for the next one, behind what has arrived meanwhile.
 */
export interface Turns {
  /** Before a message is mapped: comes when nothing that was begun can go on. */
  begin(): Promise<void>
  /** Before a mapped message is compared and committed. What was begun is finished first, so that little lies in memory half done. */
  finish(): Promise<void>
  /** A message has come in: senders wait for answers, so that turns are short for a while. */
  arrived(): void
}

/** @param before what must not wait for the steps of a turn: comes ahead of them */
export function createTurns(
  slice: Readonly<Record<keyof typeof limits.hl7.slice, number>> = limits.hl7.slice,
  before: () => void = () => undefined,
): Turns {
  const [finishing, beginning]: [(() => void)[], (() => void)[]] = [[], []]
  let isScheduled = false
  let arrivedMs = -Infinity
  let endedMs = -Infinity
  let untilMs = 0

  const schedule = (): void => {
    isScheduled = true
    setImmediate(open)
    // Node runs what the promises of an immediate bring before the next immediate of the same turn: the clock sees the whole work of a step,
    // and what that work hands in may come in the same turn.
    for (let at = 0; at < STEPS; at++) setImmediate(step)
    setImmediate(close)
  }
  // A slow disk or much intake makes long turns: the slice grows with them, so that more commits share a sync.
  const open = (): void => {
    before()
    const nowMs = performance.now()
    const isBusy = nowMs - arrivedMs < slice.busyMs
    const [share, mostMs] = isBusy
      ? [slice.busyShare, slice.busyMostMs]
      : [slice.quietShare, slice.quietMostMs]
    untilMs = nowMs + Math.min(mostMs, Math.max(slice.leastMs, (nowMs - endedMs) * share))
  }
  const step = (): void => {
    if (performance.now() < untilMs) (finishing.shift() ?? beginning.shift())?.()
  }
  const close = (): void => {
    endedMs = performance.now()
    isScheduled = false
    if (finishing.length + beginning.length > 0) schedule()
  }
  const place = async (line: (() => void)[]): Promise<void> =>
    new Promise<void>((resolve) => {
      line.push(resolve)
      if (!isScheduled) schedule()
    })
  return {
    begin: async () => place(beginning),
    finish: async () => place(finishing),
    arrived: () => {
      arrivedMs = performance.now()
    },
  }
}

/** Steps of one turn at most. */
const STEPS = 128
