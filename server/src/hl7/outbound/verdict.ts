import { msaOf } from '../mllp/msa.ts'
import type { OutState } from './outbox.ts'

/** What an answer says about the message that it answers. */
export interface Verdict {
  /** MSA-1. */
  readonly code: string
  /** What the receiver did with the message: `refused` for its content (AE, CE), `rejected` for what it is (AR, CR). */
  readonly outcome: 'taken' | 'refused' | 'rejected' | 'unknown'
  readonly state: OutState
  /** Why a person has to look. */
  readonly reason?: string
}

/**
 * A message that was taken may still ask for what the filler cannot do (ORC-1 of its answer): the order says that it was cancelled, and the work
 * goes on. UA and DF are no such refusals: they end the order itself.
 *
 * @see HL7 v2.5.1, 2.9.2 and table 0119
 */
export function verdictOf(answer: Buffer): Verdict {
  const msa = msaOf(answer) ?? []
  const [, code = '', , text = ''] = msa
  const outcome = OUTCOMES[code] ?? 'unknown'
  const refusals = outcome === 'taken' ? refusalsIn(answer) : []
  const lines = outcome === 'taken' ? [] : linesOf(answer).filter((line) => line.startsWith('ERR'))
  if (outcome === 'taken' && refusals.length === 0) return { code, outcome, state: TAKEN[code] ?? 'sent' }
  const reason = [code, text, ...refusals, ...lines].filter(Boolean).join(' ').slice(0, REASON_LENGTH)
  return { code, outcome, state: 'dead', reason: reason || 'MSA-1 is missing' }
}

/** Texts of a peer may hold anything, so they are cut. */
export const REASON_LENGTH = 300

const OUTCOMES: Readonly<Record<string, Verdict['outcome']>> = {
  AA: 'taken',
  CA: 'taken',
  AE: 'refused',
  CE: 'refused',
  AR: 'rejected',
  CR: 'rejected',
}

const TAKEN: Readonly<Record<string, OutState>> = { AA: 'answered', CA: 'sent' }

const REFUSALS: Readonly<Record<string, string>> = {
  DE: 'data errors',
  UC: 'unable to cancel',
  UD: 'unable to discontinue',
  UF: 'unable to refill',
  UH: 'unable to put on hold',
  UM: 'unable to replace',
  UR: 'unable to release',
  UX: 'unable to change',
}

function refusalsIn(answer: Buffer): readonly string[] {
  return linesOf(answer).flatMap((line) => {
    const [name, control = ''] = line.split(line.charAt(3))
    const words = name === 'ORC' ? REFUSALS[control.trim()] : undefined
    return words === undefined ? [] : [`ORC-1 ${control.trim()}: ${words}`]
  })
}

function linesOf(answer: Buffer): readonly string[] {
  return answer.toString('latin1').split(/[\r\n]+/)
}
