/** The parts of R4's own definitions that the generator reads; everything else in the files is ignored. */
export interface StructureDefinition {
  readonly resourceType: 'StructureDefinition'
  readonly name: string
  readonly kind: 'primitive-type' | 'complex-type' | 'resource' | 'logical'
  readonly abstract: boolean
  readonly derivation?: 'specialization' | 'constraint'
  readonly baseDefinition?: string
  readonly snapshot: { element: ElementDefinition[] }
}

/** An extension of R4 itself. */
export interface ExtensionDefinition {
  readonly url: string
  readonly context: readonly { readonly type: string; readonly expression: string }[]
  readonly snapshot: { readonly element: readonly ElementDefinition[] }
}

export interface ElementDefinition {
  path: string
  min: number
  max: string
  type?: readonly { code: string; profile?: readonly string[]; targetProfile?: readonly string[] }[]
  contentReference?: string
  isSummary?: boolean
  isModifier?: boolean
  binding?: {
    strength: string
    valueSet?: string
    extension?: readonly { url: string; valueCanonical?: string }[]
  }
  constraint?: readonly Constraint[]
}

export interface Constraint {
  readonly key: string
  readonly severity: 'error' | 'warning'
  readonly human: string
  readonly expression?: string
  /** The definition that it was inherited from, in snapshots. */
  readonly source?: string
}
