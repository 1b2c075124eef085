import type { Answer, Call } from '../calls/call.ts'
import type { RestDeps } from '../calls/rest-deps.ts'
import type { Arguments } from './arguments.ts'
import type { OperationDefinition } from './operation-definition.ts'

/**
 * One operation: its definition, from which methods, places, parameters and the CapabilityStatement follow, and what it does.
 *
 * @see FHIR R4, "Operations" and "OperationDefinition"
 */
export interface Operation {
  readonly definition: OperationDefinition
  /** Called only with arguments that fit the definition, at a place that it names. */
  run(deps: RestDeps, invocation: Invocation): Promise<Answer>
}

export interface Invocation {
  readonly call: Call
  /** Absent for the whole system. */
  readonly type?: string
  readonly id?: string
  readonly version?: number
  readonly given: Arguments
}
