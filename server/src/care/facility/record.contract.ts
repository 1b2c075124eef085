/** The parts of FHIR R4 that the ward board reads. Decimals are the texts that the record holds. */
export interface Location {
  readonly id: string
  readonly name?: string | undefined
  readonly status?: string | undefined
  readonly identifier?: readonly { readonly value?: string | undefined }[] | undefined
  readonly physicalType?: Concept | undefined
  readonly partOf?: Reference | undefined
}

export interface Encounter {
  readonly id: string
  readonly subject?: Reference | undefined
  readonly period?: { readonly start?: string | undefined } | undefined
  readonly location?:
    | readonly {
        readonly location: Reference
        readonly status?: string | undefined
        readonly physicalType?: Concept | undefined
      }[]
    | undefined
}

export interface Patient {
  readonly id: string
  readonly name?: readonly HumanName[] | undefined
  readonly birthDate?: string | undefined
  readonly gender?: 'male' | 'female' | 'other' | 'unknown' | undefined
}

export interface HumanName {
  readonly use?: string | undefined
  readonly text?: string | undefined
  readonly family?: string | undefined
  readonly given?: readonly string[] | undefined
}

export interface Observation extends Choice {
  readonly id: string
  readonly status?: string | undefined
  readonly code: Concept
  readonly effectiveDateTime?: string | undefined
  readonly effectiveInstant?: string | undefined
  readonly effectivePeriod?: Period | undefined
  readonly issued?: string | undefined
  readonly interpretation?: readonly Concept[] | undefined
  readonly dataAbsentReason?: Concept | undefined
  readonly component?: readonly Component[] | undefined
  readonly referenceRange?:
    | readonly {
        readonly low?: Quantity | undefined
        readonly high?: Quantity | undefined
        readonly text?: string | undefined
      }[]
    | undefined
}

export interface Flag {
  readonly id: string
  /** The reading that raised an alarm. */
  readonly contained?: readonly Partial<Observation>[] | undefined
  readonly status: string
  readonly code: Concept
  readonly subject: Reference
  readonly period?: { readonly start?: string | undefined } | undefined
}

export interface Communication {
  readonly id: string
  readonly sent?: string | undefined
}

export interface Component extends Choice {
  readonly code: Concept
}

/** `value[x]` of an Observation or of a component. */
export interface Choice {
  readonly valueQuantity?: Quantity | undefined
  readonly valueString?: string | undefined
  readonly valueInteger?: number | undefined
  readonly valueBoolean?: boolean | undefined
  readonly valueCodeableConcept?: Concept | undefined
  readonly valueRatio?:
    | Readonly<Partial<Record<'numerator' | 'denominator', Quantity | undefined>>>
    | undefined
  readonly valueRange?: Readonly<Partial<Record<'low' | 'high', Quantity | undefined>>> | undefined
  readonly valuePeriod?: Period | undefined
  readonly valueDateTime?: string | undefined
  readonly valueTime?: string | undefined
  readonly valueSampledData?: { readonly data?: string | undefined } | undefined
}

interface Period {
  readonly start?: string | undefined
  readonly end?: string | undefined
}

export interface Quantity {
  readonly value?: string | number | undefined
  readonly comparator?: string | undefined
  readonly unit?: string | undefined
  readonly code?: string | undefined
}

export interface Concept {
  readonly text?: string | undefined
  readonly coding?:
    | readonly {
        readonly system?: string | undefined
        readonly code?: string | undefined
        readonly display?: string | undefined
      }[]
    | undefined
}

interface Reference {
  readonly reference?: string | undefined
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
