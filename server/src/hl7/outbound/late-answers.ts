import { setTimeout as delay } from 'node:timers/promises'

import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { AnswerBook } from './answer-book.ts'
import { answeredId } from './mllp-sender.ts'
import type { Outbox, OutMessage, StoredOut } from './outbox.ts'
import { verdictOf } from './verdict.ts'

interface LateAnswersDeps {
  readonly outbox: Outbox
  readonly answers: Pick<AnswerBook, 'keep' | 'apply'>
  readonly report: (error: unknown, message: string) => void
  /** Told of an answer that belongs to no message of ours. */
  readonly onStray: () => void
}

/** Answers that nobody waits for: those of the application in enhanced mode, on their own connection or through a feed. */
export interface LateAnswers {
  /**
   * @param destination that the connection belongs to: it answers its own messages only
   * @throws Fault `unavailable` when the store stays away, `busy` when too many wait for it: nobody will send the answer again
   */
  take(answer: Buffer, destination?: string): Promise<void>
  stop(): void
}

export function createLateAnswers(deps: LateAnswersDeps): LateAnswers {
  const stopping = new AbortController()
  let waiting = 0
  return {
    async take(answer, destination) {
      if (waiting >= limits.hl7.lateAnswers) throw tooMany()
      waiting++
      try {
        const stored = await surely({ ...deps, destination }, answer, stopping.signal)
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

interface From extends LateAnswersDeps {
  readonly destination: string | undefined
}

/** Tries until the store has it. @returns the message that it answers */
async function surely(deps: From, answer: Buffer, signal: AbortSignal): Promise<StoredOut | undefined> {
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

async function writeDown(deps: From, answer: Buffer): Promise<StoredOut | undefined> {
  const { outbox, answers, destination } = deps
  const stored = await outbox.byControlId(answeredId(answer) ?? '')
  if (stored === undefined) return undefined
  if (destination !== undefined && stored.message.destination !== destination) return undefined
  const moved = await outbox.move(stored, changeBy(answer, stored.message), answers.keep(stored, answer))
  // Who changed the message meanwhile may have sent it again: look once more.
  return moved ? stored : writeDown(deps, answer)
}

/**
 * What an answer that nobody waits for says about a message. When the application has spoken the message has arrived, whatever its lane knows of it,
 * and the transport (CA, CE, CR) has nothing to add.
 */
function changeBy(answer: Buffer, { state, code: before, attempts }: OutMessage): Partial<OutMessage> {
  const { state: next, code, reason } = verdictOf(answer)
  const isSettled = state === 'queued' || before?.startsWith('A') === true
  if (code.startsWith('C') && isSettled) return {}
  return {
    state: next,
    code,
    // It may have come before the lane could count its first attempt.
    attempts: Math.max(attempts, 1),
    ...(reason === undefined ? {} : { reason }),
    answer: answer.toString('latin1').slice(0, limits.hl7.answerKept),
  }
}
