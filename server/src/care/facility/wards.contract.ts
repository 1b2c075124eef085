import { z } from 'zod'

/** Answers of `/api/v1/wards`, shared with the console. Every value names the element of the record that it shows. */
export const VITALS = ['hr', 'spo2', 'bp', 'rr', 'temp'] as const
export type Vital = (typeof VITALS)[number]

/** Of the codes of `v3-ObservationInterpretation`; `critical` is one that asks to act now. */
const Interpretation = z.enum(['low', 'high', 'abnormal', 'critical-low', 'critical-high', 'critical'])
export type Interpretation = z.infer<typeof Interpretation>

const ValueView = z.object({
  /** `Observation/<id>`. */
  resource: z.string(),
  label: z.string(),
  /** One part, two for a blood pressure; `text` has the digits of the sender, `element` is its FHIRPath. */
  parts: z.array(z.object({ text: z.string(), element: z.string() })).min(1),
  /** As it is printed: `mmHg`, `°C`. */
  unit: z.string().optional(),
  /** When it was measured, milliseconds UTC. */
  at: z.number(),
  flag: Interpretation.optional(),
  /** Absent for a final value. */
  standing: z.enum(['preliminary', 'corrected']).optional(),
})
export type ValueView = z.infer<typeof ValueView>

export const OpenAlarm = z.object({
  /** Logical id of the Flag. */
  id: z.string(),
  /** Milliseconds UTC. */
  since: z.number(),
  /** The reading that raised it; absent when the Flag does not say. */
  breach: z
    .object({
      metric: z.enum(VITALS),
      value: z.number(),
      limits: z.object({ low: z.number(), high: z.number() }),
    })
    .optional(),
  /** When somebody said that they take care of it, milliseconds UTC. */
  acknowledged: z.number().optional(),
})
export type OpenAlarm = z.infer<typeof OpenAlarm>

const Occupant = z.object({
  encounter: z.string(),
  patient: z.string(),
  /** `ELTAYEB, Amna`. */
  name: z.string(),
  birthDate: z.string().optional(),
  gender: z.enum(['male', 'female', 'other', 'unknown']).optional(),
  /** Start of the stay: FHIR dateTime. */
  since: z.string().optional(),
  /** A vital sign is critical now: of the open alarms one that nobody acknowledged, else the one that began first. */
  alarm: OpenAlarm.optional(),
  vitals: z.partialRecord(z.enum(VITALS), ValueView),
  /** The latest of each laboratory test, flagged ones first. */
  results: z.array(ValueView),
})
export type Occupant = z.infer<typeof Occupant>

const Bed = z.object({
  /** `Location/<id>`; of the room or ward for a patient without a bed. */
  id: z.string(),
  label: z.string(),
  kind: z.enum(['bed', 'no-bed']),
  occupants: z.array(Occupant),
})
export type Bed = z.infer<typeof Bed>

export const Wards = z.object({ wards: z.array(z.object({ id: z.string(), name: z.string() })) })
/** The first ward, in the order of the list, that has patients; absent when none has, as far as was looked. */
export const FirstTaken = z.object({ id: z.string().optional() })
export const WardBoard = z.object({ id: z.string(), name: z.string(), beds: z.array(Bed) })
export type WardBoard = z.infer<typeof WardBoard>
