import { z } from 'zod'

import { getJson } from './http.ts'

/** The parts of FHIR R4 that the console reads. Decimals are numbers, or texts where a double would print them differently. */
const Decimal = z.union([z.number(), z.string()])
const Coding = z.object({
  system: z.string().optional(),
  code: z.string().optional(),
  display: z.string().optional(),
})
const Concept = z.object({ text: z.string().optional(), coding: z.array(Coding).optional() })
const Reference = z.object({ reference: z.string().optional(), display: z.string().optional() })
const Period = z.object({ start: z.string().optional(), end: z.string().optional() })
const Quantity = z.object({
  value: Decimal.optional(),
  comparator: z.string().optional(),
  unit: z.string().optional(),
  code: z.string().optional(),
})
const Identifier = z.object({
  use: z.string().optional(),
  type: Concept.optional(),
  system: z.string().optional(),
  value: z.string().optional(),
})

export const FhirPatient = z.object({
  resourceType: z.literal('Patient'),
  id: z.string(),
  identifier: z.array(Identifier).optional(),
  name: z
    .array(
      z.object({
        use: z.string().optional(),
        text: z.string().optional(),
        family: z.string().optional(),
        given: z.array(z.string()).optional(),
      }),
    )
    .optional(),
  gender: z.enum(['male', 'female', 'other', 'unknown']).optional(),
  birthDate: z.string().optional(),
  link: z.array(z.object({ other: Reference, type: z.string() })).optional(),
  deceasedBoolean: z.boolean().optional(),
  deceasedDateTime: z.string().optional(),
  telecom: z.array(z.object({ system: z.string().optional(), value: z.string().optional() })).optional(),
  address: z
    .array(
      z.object({
        text: z.string().optional(),
        line: z.array(z.string()).optional(),
        city: z.string().optional(),
        country: z.string().optional(),
      }),
    )
    .optional(),
})
export type FhirPatient = z.infer<typeof FhirPatient>

/** Logical id of the patient whose record goes on in the place of this one, after a merge. */
export function replacedBy({ link = [] }: FhirPatient): string | undefined {
  const { reference = '' } = link.find(({ type }) => type === 'replaced-by')?.other ?? {}
  return /^Patient\/([^/]+)/.exec(reference)?.[1]
}

const Range = z.object({ low: Quantity.optional(), high: Quantity.optional(), text: z.string().optional() })
const Choice = z.object({
  valueQuantity: Quantity.optional(),
  valueString: z.string().optional(),
  valueInteger: z.number().optional(),
  valueBoolean: z.boolean().optional(),
  valueCodeableConcept: Concept.optional(),
  valueRatio: z.object({ numerator: Quantity.optional(), denominator: Quantity.optional() }).optional(),
  valueRange: Range.optional(),
  valuePeriod: Period.optional(),
  valueDateTime: z.string().optional(),
  valueTime: z.string().optional(),
  valueSampledData: z.object({ data: z.string().optional() }).optional(),
})
export const FhirObservation = Choice.extend({
  resourceType: z.literal('Observation'),
  id: z.string(),
  status: z.string(),
  category: z.array(Concept).optional(),
  code: Concept,
  effectiveDateTime: z.string().optional(),
  effectiveInstant: z.string().optional(),
  effectivePeriod: Period.optional(),
  issued: z.string().optional(),
  interpretation: z.array(Concept).optional(),
  dataAbsentReason: Concept.optional(),
  component: z.array(Choice.extend({ code: Concept })).optional(),
  referenceRange: z.array(Range).optional(),
})
export type FhirObservation = z.infer<typeof FhirObservation>

export const FhirEncounter = z.object({
  resourceType: z.literal('Encounter'),
  id: z.string(),
  status: z.string(),
  class: Coding.optional(),
  period: Period.optional(),
  location: z.array(z.object({ location: Reference, status: z.string().optional() })).optional(),
})
export type FhirEncounter = z.infer<typeof FhirEncounter>

export const FhirLocation = z.object({
  resourceType: z.literal('Location'),
  id: z.string(),
  name: z.string().optional(),
  partOf: Reference.optional(),
})
export type FhirLocation = z.infer<typeof FhirLocation>

/** What a search found: matches and what they include, in the order of the Bundle. */
export interface Found {
  readonly resources: readonly unknown[]
  /** Whether there is a page behind this one. */
  readonly isMore: boolean
}

const Bundle = z.object({
  link: z.array(z.object({ relation: z.string() })).default([]),
  entry: z
    .array(z.object({ resource: z.unknown(), search: z.object({ mode: z.string().optional() }).optional() }))
    .default([]),
})

/** One page of a search: `find('Observation', { patient: '1', _sort: '-date' })`. */
export async function find(
  type: string,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Found> {
  const { entry, link } = await getJson(Bundle, `/fhir/${type}?${new URLSearchParams(query)}`, signal)
  const wanted = entry.filter(({ search }) => search?.mode !== 'outcome')
  const isMore = link.some(({ relation }) => relation === 'next')
  return { resources: wanted.map(({ resource }) => resource), isMore }
}

/** The resources that a schema knows; included ones of other types are left out. */
export function only<T>(schema: z.ZodType<T>, resources: readonly unknown[]): readonly T[] {
  return resources.flatMap((resource) => {
    const parsed = schema.safeParse(resource)
    return parsed.success ? [parsed.data] : []
  })
}
