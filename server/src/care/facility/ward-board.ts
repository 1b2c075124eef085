import type { AlarmOf } from './alarm-view.ts'
import type { PatientValues } from './patient-values.ts'
import type { Encounter, HumanName, Location, Observation, Patient } from './record.contract.ts'
import { hasCode, referenced } from './record.contract.ts'
import { testCode, valueView } from './value-view.contract.ts'
import type { Bed, Occupant, ValueView, WardBoard } from './wards.contract.ts'

/** What the record holds about a ward, read by searches. */
export interface WardRecord {
  readonly ward: Location
  /** Everything below the ward. */
  readonly places: readonly Location[]
  /** In progress, at the ward or below it. */
  readonly encounters: readonly Encounter[]
  /** By reference (`Patient/1`). */
  readonly patients: ReadonlyMap<string, Patient>
  readonly values: ReadonlyMap<string, PatientValues>
  /** The alarms of these patients, the most urgent first. */
  readonly alarms: readonly AlarmOf[]
}

const RESULTS_SHOWN = 4

/** The board of one ward: every bed in the order of its label, then who is on the ward without a bed. */
export function wardBoard(record: WardRecord): WardBoard {
  const { ward, places, encounters } = record
  const parents = new Set(places.flatMap((place) => referenced(place.partOf, 'Location') ?? []))
  const beds = places.filter((place) => isBed(place, parents))
  const bedIds = new Set(beds.map(({ id }) => `Location/${id}`))
  const unplaced = encounters.filter((encounter) => !placesOf(encounter).some((place) => bedIds.has(place)))
  const names = new Map([ward, ...places].map((place) => [`Location/${place.id}`, nameOf(place)]))
  return {
    id: ward.id,
    name: nameOf(ward),
    beds: [
      ...beds
        .map((bed) => bedView(bed, record))
        .toSorted((a, b) => a.label.localeCompare(b.label, 'en', { numeric: true })),
      ...unplaced.map((encounter): Bed => {
        const place = placesOf(encounter).find((id) => names.has(id)) ?? `Location/${ward.id}`
        const occupant = occupantOf(encounter, record)
        return {
          id: place,
          label: names.get(place) ?? '',
          kind: 'no-bed',
          occupants: occupant ? [occupant] : [],
        }
      }),
    ].filter(({ kind, occupants }) => kind === 'bed' || occupants.length > 0),
  }
}

/** A bed says so, or is the last link of a chain of places that do not say what they are. */
function isBed(place: Location, parents: ReadonlySet<string>): boolean {
  if (place.status === 'inactive') return false
  if (place.physicalType?.coding === undefined) return !parents.has(`Location/${place.id}`)
  return hasCode(place.physicalType, 'bd')
}

function bedView(bed: Location, record: WardRecord): Bed {
  const id = `Location/${bed.id}`
  const here = record.encounters.filter((encounter) => placesOf(encounter).includes(id))
  return {
    id,
    label: nameOf(bed),
    kind: 'bed',
    occupants: here.flatMap((encounter) => occupantOf(encounter, record) ?? []),
  }
}

function occupantOf(encounter: Encounter, { patients, values, alarms }: WardRecord): Occupant | undefined {
  const reference = referenced(encounter.subject, 'Patient')
  const patient = reference === undefined ? undefined : patients.get(reference)
  if (reference === undefined || patient === undefined) return undefined
  const since = encounter.period?.start
  const alarm = alarms.find(({ patient: of }) => of === reference)
  const { vitals = {}, results = [] } = values.get(reference) ?? {}
  return {
    encounter: `Encounter/${encounter.id}`,
    patient: reference,
    name: patientName(patient),
    ...(patient.birthDate === undefined ? {} : { birthDate: patient.birthDate }),
    ...(patient.gender === undefined ? {} : { gender: patient.gender }),
    ...(since === undefined ? {} : { since }),
    ...(alarm === undefined ? {} : { alarm: withoutPatient(alarm) }),
    vitals: Object.fromEntries(
      Object.entries(vitals).flatMap(([vital, observation]) => {
        const view = valueView(observation)
        return view ? [[vital, view]] : []
      }),
    ),
    results: latestResults(results),
  }
}

function withoutPatient({ patient: _patient, ...alarm }: AlarmOf): Occupant['alarm'] {
  return alarm
}

function latestResults(results: readonly Observation[]): ValueView[] {
  const latest = new Map<string, ValueView>()
  for (const result of results) {
    const view = valueView(result)
    const known = latest.get(testCode(result))
    if (view && (known === undefined || view.at > known.at)) latest.set(testCode(result), view)
  }
  return [...latest.values()]
    .toSorted((a, b) => urgency(b) - urgency(a) || b.at - a.at)
    .slice(0, RESULTS_SHOWN)
}

function urgency({ flag }: ValueView): number {
  if (flag === undefined) return 0
  return flag.startsWith('critical') ? 2 : 1
}

/** Where the patient is now: places that the encounter says were left or are only planned do not count. */
export function placesOf({ location = [] }: Encounter): readonly string[] {
  return location
    .filter(({ status }) => status === undefined || status === 'active')
    .flatMap((entry) => referenced(entry.location, 'Location') ?? [])
}

export function nameOf({ name, identifier, id }: Location): string {
  return name ?? identifier?.[0]?.value ?? id
}

/** `FAMILY, Given` of the official name, else of the first. */
export function patientName({ name = [] }: Patient): string {
  const chosen = name.find(({ use }) => use === 'official') ?? name[0]
  return chosen === undefined ? '' : humanName(chosen)
}

function humanName({ family, given = [], text }: HumanName): string {
  if (family === undefined) return text ?? given.join(' ')
  return [family.toUpperCase(), given.join(' ')].filter(Boolean).join(', ')
}
