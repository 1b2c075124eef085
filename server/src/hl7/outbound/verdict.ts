import { isUtf8 } from 'node:buffer'

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
 * goes on; or say that there is no such order (ORC-5). UA and DF are no such refusals: they end the order itself.
 *
 * @see HL7 v2.5.1, 2.9.2 and tables 0038 and 0119
 */
export function verdictOf(answer: Buffer): Verdict {
  const msa = msaOf(answer) ?? []
  const [, code = '', , text = ''] = msa
  const outcome = OUTCOMES[code] ?? 'unknown'
  const refusals = outcome === 'taken' ? refusalsIn(answer) : []
  const errors = outcome === 'taken' ? [] : errorsIn(answer, text)
  if (outcome === 'taken' && refusals.length === 0) return { code, outcome, state: TAKEN[code] ?? 'sent' }
  const reason = readable([code, text, ...refusals, ...errors].filter(Boolean).join(' '))
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

/** Of table 0038. */
const NOT_FOUND = 'ER'

function refusalsIn(answer: Buffer): readonly string[] {
  return linesOf(answer).flatMap((line) => {
    const [name, control = '', , , , status = ''] = line.split(line.charAt(3))
    if (name !== 'ORC') return []
    const words = REFUSALS[control.trim()]
    const refused = words === undefined ? '' : `ORC-1 ${control.trim()}: ${words}`
    const missed = status.trim() === NOT_FOUND ? `ORC-5 ${NOT_FOUND}: order not found` : ''
    return [refused, missed].filter(Boolean)
  })
}

/** What each ERR segment says: the place, the code, and its words unless the acknowledgement has said them. */
function errorsIn(answer: Buffer, said: string): readonly string[] {
  const lines = linesOf(answer)
  const separator = lines[0]?.charAt(3) ?? '|'
  const [component = '^', repetition = '~', , subcomponent = '&'] = lines[0]?.split(separator)[1] ?? ''
  return lines.flatMap((line) => {
    const fields = line.split(separator)
    if (fields[0] !== 'ERR') return []
    const { at, code, words } = fields[2]
      ? errorOf(fields, [repetition, component])
      : olderErrorOf(fields, [repetition, component, subcomponent])
    return [placeOf(at), code, words === said ? '' : words].filter(Boolean).join(' ')
  })
}

interface PeerError {
  readonly at: readonly string[]
  readonly code: string
  readonly words: string
}

/** Of the first place where there are several. @see HL7 v2.5.1, 2.15.5 */
function errorOf(fields: readonly string[], [repetition, component]: readonly [string, string]): PeerError {
  const [, , place = '', coded = '', , , , diagnostic = '', user = ''] = fields
  const [code = '', meaning = ''] = coded.split(component)
  return { at: first(place, repetition).split(component), code, words: user || diagnostic || meaning }
}

/** Up to 2.4 place and code stand together in ERR-1. */
function olderErrorOf(
  [, old = '', , coded = '', , , , diagnostic = '', user = '']: readonly string[],
  [repetition, component, subcomponent]: readonly [string, string, string],
): PeerError {
  const at = first(old, repetition).split(component)
  const [code = '', meaning = ''] = coded ? coded.split(component) : (at[3] ?? '').split(subcomponent)
  return { at: at.slice(0, 3), code, words: user || diagnostic || meaning }
}

function first(field: string, repetition: string): string {
  return field.split(repetition)[0] ?? ''
}

/** `PV1-2`, `OBX[3]-5[1].2`: of segment, sequence, field, repetition and component. */
function placeOf([segment = '', sequence = '', field, repetition, component]: readonly string[]): string {
  const many = sequence === '' || sequence === '1' ? '' : `[${sequence}]`
  const within = `${field ? `-${field}` : ''}${repetition ? `[${repetition}]` : ''}`
  return `${segment}${many}${within}${component ? `.${component}` : ''}`
}

/** Bytes as text: receivers that do not say otherwise mostly write UTF-8. */
function readable(bytes: string): string {
  const raw = Buffer.from(bytes, 'latin1')
  return (isUtf8(raw) ? raw.toString() : bytes).slice(0, REASON_LENGTH)
}

function linesOf(answer: Buffer): readonly string[] {
  return answer.toString('latin1').split(/[\r\n]+/)
}
