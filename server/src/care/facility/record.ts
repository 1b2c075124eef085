/** The parts of FHIR R4 that the ward board reads. Decimals are the texts that the record holds. */
export interface Location {
  readonly id: string
  readonly name?: string
  readonly status?: string
  readonly identifier?: readonly { readonly value?: string }[]
  readonly physicalType?: Concept
  readonly partOf?: Reference
}

export interface Encounter {
  readonly id: string
  readonly subject?: Reference
  readonly period?: { readonly start?: string }
  readonly location?: readonly {
    readonly location: Reference
    readonly status?: string
    readonly physicalType?: Concept
  }[]
}

export interface Patient {
  readonly id: string
  readonly name?: readonly HumanName[]
  readonly birthDate?: string
  readonly gender?: 'male' | 'female' | 'other' | 'unknown'
}

export interface HumanName {
  readonly use?: string
  readonly text?: string
  readonly family?: string
  readonly given?: readonly string[]
}

export interface Observation {
  readonly id: string
  readonly code: Concept
  readonly effectiveDateTime?: string
  readonly effectiveInstant?: string
  readonly effectivePeriod?: { readonly start?: string; readonly end?: string }
  readonly issued?: string
  readonly interpretation?: readonly Concept[]
  readonly valueQuantity?: Quantity
  readonly valueString?: string
  readonly valueInteger?: number
  readonly valueCodeableConcept?: Concept
  readonly component?: readonly Component[]
}

export interface Component {
  readonly code: Concept
  readonly valueQuantity?: Quantity
}

export interface Quantity {
  readonly value?: string | number
  readonly comparator?: string
  readonly unit?: string
  readonly code?: string
}

export interface Concept {
  readonly text?: string
  readonly coding?: readonly { readonly system?: string; readonly code?: string; readonly display?: string }[]
}

interface Reference {
  readonly reference?: string
}

/**
 * Reads a stored resource, which was validated when it was written. A number that a double would print differently (`5.60`) becomes the
 * text that stands in the record.
 */
export function parseStored(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes), keepDigits)
}

function keepDigits(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value
  return String(value) === context.source ? value : context.source
}

export function hasCode(concept: Concept | undefined, code: string): boolean {
  return concept?.coding?.some((coding) => coding.code === code) ?? false
}

/** `Patient/1` of a relative reference; `undefined` for anything else. */
export function referenced(reference: Reference | undefined, type: string): string | undefined {
  const text = reference?.reference
  return text?.startsWith(`${type}/`) ? text.split('/').slice(0, 2).join('/') : undefined
}
