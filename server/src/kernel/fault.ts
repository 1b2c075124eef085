/** Expected failures are one type with a closed `kind`; anything else that is thrown is a defect. */
export type FaultKind =
  | 'malformed'
  | 'unprocessable'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'gone'
  | 'not-acceptable'
  | 'media-type'
  | 'too-large'
  | 'too-costly'
  | 'conflict'
  | 'precondition'
  | 'multiple-matches'
  | 'unsupported'
  | 'busy'
  | 'unavailable'

/** The codes of FHIR R4 `http://hl7.org/fhir/issue-type` that the hub uses. */
export type IssueType =
  | 'invalid'
  | 'structure'
  | 'required'
  | 'value'
  | 'invariant'
  | 'security'
  | 'login'
  | 'expired'
  | 'forbidden'
  | 'suppressed'
  | 'processing'
  | 'not-supported'
  | 'duplicate'
  | 'multiple-matches'
  | 'not-found'
  | 'deleted'
  | 'too-long'
  | 'code-invalid'
  | 'extension'
  | 'too-costly'
  | 'business-rule'
  | 'conflict'
  | 'transient'
  | 'lock-error'
  | 'exception'
  | 'timeout'
  | 'throttled'
  | 'informational'

/** One thing that is wrong: IssueType code, the element (FHIRPath `Patient.birthDate` or HL7 `PID-7`), what to do about it. */
export interface Issue {
  readonly severity: 'fatal' | 'error' | 'warning' | 'information'
  readonly code: IssueType
  readonly at?: string
  readonly text: string
  /** Where the element stands in the text that the caller sent; both count from 1. */
  readonly line?: number
  readonly column?: number
  /** Canonical url of the profile that asks for more than R4 does. */
  readonly profile?: string
}

export class Fault extends Error {
  readonly kind: FaultKind
  readonly issues: readonly Issue[]

  constructor(kind: FaultKind, issues: Issue | readonly Issue[], options?: ErrorOptions) {
    const list: readonly Issue[] = 'text' in issues ? [issues] : issues
    super(list[0]?.text ?? kind, options)
    this.name = 'Fault'
    this.kind = kind
    this.issues = list
  }
}

/** A fault with one issue of severity `error`: `fault('not-found', { code: 'not-found', text: 'Patient/1 is not known.' })`. */
export function fault(kind: FaultKind, issue: Omit<Issue, 'severity'>): Fault {
  return new Fault(kind, { severity: 'error', ...issue })
}
