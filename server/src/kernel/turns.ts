import { setTimeout } from 'node:timers/promises'

import { fault } from './fault.ts'
import { limits } from './limits.ts'

/** Lets those who lost a race wait for each other, first come, first served, instead of racing again. Within this process. */
export interface Turns {
  /** Whether somebody works on one of these names, or waits to. They are asked for only where anybody does at all. */
  readonly areTaken: (names: () => readonly string[]) => boolean
  /**
   * Works when all who came before for one of the names have done.
   *
   * @throws Fault `busy` when too many wait, or when it takes too long
   */
  readonly take: <T>(names: readonly string[], work: () => Promise<T>) => Promise<T>
}

export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>()
  let waiting = 0
  return {
    areTaken: (names) => last.size > 0 && names().some((name) => last.has(name)),
    take: async (names, work) => {
      if (waiting >= limits.fhir.turnsWaiting) throw busy()
      // All names at once: each waits only for those who came before it, so no two can wait for each other.
      const before = Promise.all(names.flatMap((name) => last.get(name) ?? []))
      const own = Promise.withResolvers<void>()
      // Who gives up lets nobody pass by those whom it waited for.
      const turn = Promise.all([before, own.promise])
      for (const name of names) last.set(name, turn)
      const forget = () => {
        for (const name of names) if (last.get(name) === turn) last.delete(name)
      }
      void turn.then(forget)
      waiting += 1
      try {
        await inTime(before)
        return await work()
      } finally {
        waiting -= 1
        own.resolve()
      }
    },
  }
}

async function inTime(before: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<never>()
  const timer = globalThis.setTimeout(() => late.reject(busy()), limits.fhir.turnMs)
  try {
    await Promise.race([before, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

function busy(): Error {
  return fault('busy', {
    code: 'throttled',
    text: 'Too many write the same resource, or by the same criteria: try again shortly',
  })
}

/** What an attempt gives that stood on something which has changed meanwhile: what it, and who else lost, should wait for. */
export class Lost {
  readonly names: readonly string[]

  constructor(names: readonly string[]) {
    this.names = names
  }
}

/** Whoever has its turn must not wait for the same names again. */
type Attempt<T> = (inTurn: boolean) => Promise<T | Lost>

/**
 * Tries until nobody else comes between: once at once, then in turn with the others that lost.
 *
 * @param known what it is about, where that is known from the start: then it does not push in
 * @throws Fault `conflict`
 */
export async function untilWon<T extends object>(
  turns: Turns,
  attempt: Attempt<T>,
  known: readonly string[] = [],
): Promise<T> {
  if (turns.areTaken(() => known)) return turns.take(known, () => tried(attempt))
  const first = await attempt(false)
  return first instanceof Lost ? turns.take(first.names, () => tried(attempt)) : first
}

async function tried<T extends object>(attempt: Attempt<T>): Promise<T> {
  for (let count = 0; ; count += 1) {
    await beforeTry(count)
    const next = await attempt(true)
    if (!(next instanceof Lost)) return next
  }
}

/**
 * Waits before the next try of what other processes overtook: at random, so that those who met do not meet again, and longer each time.
 *
 * @param count tries since the first one
 * @throws Fault `conflict` after `limits.fhir.tries`
 */
export async function beforeTry(count: number): Promise<void> {
  const { most, stepMs, mostMs } = limits.fhir.tries
  if (count === most)
    throw fault('conflict', {
      code: 'conflict',
      text: 'Others kept writing the same resource, or what this stands on: read it again and retry',
    })
  if (count > 1) await setTimeout(Math.random() * Math.min(count * stepMs, mostMs))
}
