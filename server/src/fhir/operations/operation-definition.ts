/** The elements of an OperationDefinition that differ from one operation to the next. */
export interface OperationDefinition {
  /** Canonical address: that of HL7 for operations of the specification. */
  readonly url: string
  /** Types whose operation of this name is defined elsewhere. */
  readonly urlOf?: Readonly<Record<string, string>>
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
