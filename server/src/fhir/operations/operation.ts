import type { Answer, Call } from '../rest/call.ts'
import type { RestDeps } from '../rest/rest-deps.ts'
import type { Arguments } from './arguments.ts'

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

/** The elements of an OperationDefinition that differ from one operation to the next. */
export interface OperationDefinition {
  /** Canonical address: that of HL7 for operations of the specification. */
  readonly url: string
  readonly name: string
  /** Without `$`. */
  readonly code: string
  readonly description: string
  /** Such an operation answers to POST alone. */
  readonly affectsState: boolean
  /** It answers to GET, too: with what came of a POST before, changing nothing. */
  readonly answersGet?: true
  readonly system: boolean
  readonly type: boolean
  readonly instance: boolean
  /** Types that it works on; `Resource` means all. */
  readonly resource: readonly string[]
  readonly parameter: readonly OperationParameter[]
  /** Takes the search parameters of its type, too. */
  readonly takesSearch?: boolean
}

export interface OperationParameter {
  readonly name: string
  readonly use: 'in' | 'out'
  readonly min: number
  /** A number or `*`. */
  readonly max: string
  /** A data type, `Resource`, or a resource type. */
  readonly type: string
  readonly documentation: string
}
