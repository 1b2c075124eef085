import { createHash } from 'node:crypto'

import { fault } from '../../kernel/fault.ts'
import type { Candidate } from './persons.ts'

/** Where an answer ended. It holds for the same query only, and needs no memory: the next answer goes on behind it in the order of then. */
export function pointerOf(query: string, { confidence, id }: Candidate): string {
  return Buffer.from([markOf(query), confidence, id].join(' ')).toString('base64url')
}

/** Those behind the pointer. @throws Fault `not-found` when it is none of this query */
export function behind(
  candidates: readonly Candidate[],
  query: string,
  pointer: string | undefined,
): readonly Candidate[] {
  if (pointer === undefined) return candidates
  const [mark, confidence = '', id = ''] = Buffer.from(pointer, 'base64url').toString('utf8').split(' ')
  if (mark !== markOf(query) || !/^\d{1,3}$/.test(confidence)) {
    const text = 'The pointer belongs to another query; send the query as it was.'
    throw fault('not-found', { code: 'not-found', at: 'DSC-1', text })
  }
  const last = Number(confidence)
  return candidates.filter((one) => one.confidence < last || (one.confidence === last && one.id > id))
}

function markOf(query: string): string {
  return createHash('sha256').update(query).digest('base64url').slice(0, 12)
}
