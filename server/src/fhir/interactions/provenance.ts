import { Fault, fault } from '../../kernel/fault.ts'
import { uuid7 } from '../../kernel/ids.ts'
import type { Call } from '../calls/call.ts'
import { withMembers } from '../json/members.ts'
import { parseObject } from '../json/parse.ts'
import type { Draft } from '../resources.ts'

/**
 * A draft, and the Provenance that came in the header of its request and has it as its target: both are stored, or none.
 *
 * @throws Fault `malformed` when the header is no Provenance
 * @see FHIR R4, "Provenance", section "Using HTTP headers"
 */
export function withProvenance(
  { provenance: header }: Pick<Call, 'provenance'>,
  draft: Draft,
): readonly [Draft, ...Draft[]] {
  if (header === undefined) return [draft]
  // Node reads headers byte by byte.
  const given = Buffer.from(header, 'latin1').toString('utf8')
  if (typeIn(given) !== 'Provenance')
    throw fault('malformed', {
      code: 'invalid',
      text: 'X-Provenance must hold a Provenance',
      at: 'Provenance',
    })
  const id = draft.id ?? uuid7(Date.now())
  const target = JSON.stringify([{ reference: `${draft.type}/${id}` }])
  const text = withMembers(given, { target, id: undefined })
  return [
    { ...draft, id },
    { type: 'Provenance', method: 'POST', resource: parseObject(text), text },
  ]
}

/** The body may be in order: it is the header that is told of. */
function typeIn(header: string): unknown {
  try {
    return parseObject(header)['resourceType']
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const text = `X-Provenance must hold a Provenance as JSON in one line: ${error.message}`
    throw fault(error.kind, { code: 'structure', text })
  }
}

/** @throws Fault `malformed` where there is nothing that a Provenance could be about */
export function refuseProvenance({ provenance }: Pick<Call, 'provenance'>): void {
  if (provenance === undefined) return
  throw fault('malformed', {
    code: 'not-supported',
    text: 'X-Provenance stands with creates and updates only',
  })
}
