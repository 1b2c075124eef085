import { setTimeout as delay } from 'node:timers/promises'

import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { msaOf } from '../mllp/msa.ts'
import type { AnswerBook } from './answer-book.ts'
import { answeredId } from './mllp-sender.ts'
import type { Outbox, StoredOut } from './outbox.ts'

interface LateAnswersDeps {
  readonly outbox: Outbox
  readonly answers: Pick<AnswerBook, 'keep' | 'apply'>
  readonly report: (error: unknown, message: string) => void
  /** Told of an answer that belongs to no message of ours. */
  readonly onStray: () => void
}

/** Answers that nobody waits for: those of the application in enhanced mode, on their own connection or through a feed. */
export interface LateAnswers {
  /** @throws Fault `unavailable` when the store stays away, `busy` when too many wait for it: nobody will send the answer again */
  take(answer: Buffer): Promise<void>
  stop(): void
}

export function createLateAnswers(deps: LateAnswersDeps): LateAnswers {
  const stopping = new AbortController()
  let waiting = 0
  return {
    async take(answer) {
      if (waiting >= limits.hl7.lateAnswers) throw tooMany()
      waiting++
      try {
        const stored = await surely(deps, answer, stopping.signal)
        if (stored === undefined) deps.onStray()
        else await deps.answers.apply(stored, answer)
      } finally {
        waiting--
      }
    },
    stop: () => stopping.abort(),
  }
}

function tooMany() {
  return fault('busy', { code: 'throttled', text: 'Too many answers wait for the store.' })
}

/** Tries until the store has it. @returns the message that it answers */
async function surely(
  deps: LateAnswersDeps,
  answer: Buffer,
  signal: AbortSignal,
): Promise<StoredOut | undefined> {
  const end = AbortSignal.any([signal, AbortSignal.timeout(limits.hl7.lateAnswerMs)])
  for (;;) {
    try {
      return await writeDown(deps, answer)
    } catch (error) {
      if (end.aborted) throw error
      await delay(limits.hl7.outboundRetryMs, undefined, { signal: end }).catch(() => undefined)
    }
  }
}

async function writeDown(deps: LateAnswersDeps, answer: Buffer): Promise<StoredOut | undefined> {
  const { outbox, answers } = deps
  const stored = await outbox.byControlId(answeredId(answer) ?? '')
  if (stored === undefined) return undefined
  const code = msaOf(answer)?.[1] ?? ''
  const state = code === 'AA' || code === 'CA' ? ('answered' as const) : ('dead' as const)
  const text = answer.toString('latin1').slice(0, limits.hl7.answerKept)
  const change = stored.message.state === 'queued' ? {} : { state, code, answer: text }
  const moved = await outbox.move(stored, change, answers.keep(stored, answer))
  // Who changed the message meanwhile may have sent it again: look once more.
  return moved ? stored : writeDown(deps, answer)
}
