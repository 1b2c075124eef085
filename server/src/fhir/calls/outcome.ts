import { Fault } from '../../kernel/fault.ts'
import type { FaultKind, Issue } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'

/**
 * FHIR R4, "RESTful API": 400 is not parseable or the base structure is broken, 422 a profile or business rule; 412 only when the caller
 * sent a precondition, a lost version race without one is 409. A new kind must get its row.
 */
const STATUS: Readonly<Record<FaultKind, number>> = {
  malformed: 400,
  unprocessable: 422,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  gone: 410,
  'not-acceptable': 406,
  'media-type': 415,
  'too-large': 413,
  'too-costly': 422,
  conflict: 409,
  precondition: 412,
  'multiple-matches': 412,
  unsupported: 501,
  busy: 429,
  unavailable: 503,
}

export interface OutcomeAnswer {
  readonly status: number
  readonly outcome: JsonObject
}

/** The answer to anything that was thrown; a defect tells the caller nothing but that it is one. */
export function answerTo(error: unknown): OutcomeAnswer {
  if (error instanceof Fault) return { status: STATUS[error.kind], outcome: outcomeOf(error.issues) }
  const framework = frameworkFault(error)
  if (framework) return framework
  const text = 'The hub failed on this request; the log has the details under its request id'
  return { status: 500, outcome: outcomeOf([{ severity: 'fatal', code: 'exception', text }]) }
}

const TOO_LARGE: Issue = {
  severity: 'error',
  code: 'too-long',
  text: 'The body is larger than this server accepts',
}
const UNREADABLE: Issue = { severity: 'error', code: 'invalid', text: 'The request cannot be read' }

// Fastify refuses some requests before a handler sees them; its messages carry no clinical content, but may name internals.
function frameworkFault(error: unknown): OutcomeAnswer | undefined {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  if (typeof status !== 'number' || status < 400 || status > 499) return undefined
  const wrong = wrongPlaces(error)
  return { status, outcome: outcomeOf(wrong.length > 0 ? wrong : [status === 413 ? TOO_LARGE : UNREADABLE]) }
}

interface Unreadable {
  /** Fastify: `body`, `params`, `querystring`. */
  readonly validationContext?: string
  readonly validation?: readonly { readonly instancePath?: string; readonly message?: string }[]
}

/** What the schema of a route says of a request: where it is wrong and what was expected there, without the value that came. */
function wrongPlaces(error: unknown): readonly Issue[] {
  const { validation = [], validationContext = 'request' } = error as Unreadable
  return validation.map(({ instancePath = '', message = 'is wrong' }) => {
    // Of the whole there is no path but `/`.
    const at = validationContext + instancePath.replaceAll('/', '.').replace(/\.$/, '')
    return { severity: 'error', code: 'invalid', at, text: `${at}: ${message}` }
  })
}

export function outcomeOf(issues: readonly Issue[]): JsonObject {
  return {
    resourceType: 'OperationOutcome',
    issue: issues.map(({ severity, code, at, text, line, column }) => ({
      ...(line === undefined || column === undefined ? {} : { extension: place(line, column) }),
      severity,
      code,
      details: { text: printable(text) },
      ...(line === undefined ? {} : { diagnostics: `line ${line}, column ${column ?? 1}` }),
      ...(at === undefined ? {} : { expression: [printable(at)] }),
    })),
  }
}

const UNPRINTABLE = /\p{Cc}+/gu

/** What came in is told back: a string of FHIR has no control characters, nor halves of a character. */
function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, ' ').toWellFormed()
}

const OF_ISSUE = 'http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-'

/** Line and column of the source for machines. */
function place(line: number, column: number): readonly JsonObject[] {
  return [
    { url: `${OF_ISSUE}line`, valueInteger: line },
    { url: `${OF_ISSUE}col`, valueInteger: column },
  ]
}
