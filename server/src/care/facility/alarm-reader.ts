import type { Caller } from '../../auth/caller.ts'
import type { AlarmOf } from './alarm-view.ts'
import { openAlarms } from './alarm-view.ts'
import type { Alarms } from './alarms.contract.ts'
import type { Communication, Encounter, Flag, Location, Patient } from './record.contract.ts'
import { referenced } from './record.contract.ts'
import { type Reading, inChunks } from './search.ts'
import { nameOf, patientName, placesOf } from './ward-board.ts'

/**
 * The open alarms, the most urgent first.
 *
 * @param patients of these only (`Patient/1`); absent: of all whom the caller may see
 */
export async function readAlarms(
  { find, caller }: Reading,
  patients?: readonly string[],
): Promise<readonly AlarmOf[]> {
  // A Flag that ended stays in the record; its period keeps it out of this search.
  const query = { date: `gt${new Date().toISOString()}` }
  const flags =
    patients === undefined
      ? await find<Flag>(caller, 'Flag', query)
      : await inChunks(patients, (subject) => find<Flag>(caller, 'Flag', { subject, ...query }))
  const ids = openAlarms(flags, []).map(({ id }) => id)
  const acknowledgements = await byId<Communication>({ find, caller }, 'Communication', ids)
  return openAlarms(flags, acknowledgements)
}

/** The open alarms with the names and places of their patients. */
export async function readAlarmList(reading: Reading): Promise<Alarms> {
  const alarms = await readAlarms(reading)
  const references = [...new Set(alarms.map(({ patient }) => patient))]
  const ids = references.map((reference) => reference.slice('Patient/'.length))
  const [patients, places] = await Promise.all([
    byId<Patient>(reading, 'Patient', ids),
    placesOfPatients(reading, references),
  ])
  const names = new Map(patients.map((patient) => [`Patient/${patient.id}`, patientName(patient)]))
  return {
    alarms: alarms.map((alarm) => {
      const place = places.get(alarm.patient)
      const about = { name: names.get(alarm.patient) ?? '', ...(place === undefined ? {} : { place }) }
      return Object.assign(about, alarm)
    }),
  }
}

/** The label of the last place that the stay in progress names: the bed, where there is one. */
async function placesOfPatients(
  reading: Reading,
  references: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { find, caller } = reading
  const stays = await inChunks(references, (patient) =>
    find<Encounter>(caller, 'Encounter', { patient, status: 'in-progress' }),
  )
  const at = stays.flatMap((stay) => {
    const [patient, place] = [referenced(stay.subject, 'Patient'), placesOf(stay).at(-1)]
    return patient === undefined || place === undefined ? [] : [[patient, place] as const]
  })
  const ids = at.map(([, place]) => place.slice('Location/'.length))
  const locations = await byId<Location>(reading, 'Location', [...new Set(ids)])
  const names = new Map(locations.map((location) => [`Location/${location.id}`, nameOf(location)]))
  return new Map(
    at.flatMap(([patient, place]) => (names.has(place) ? [[patient, names.get(place) ?? '']] : [])),
  )
}

async function byId<T>({ find, caller }: Reading, type: string, ids: readonly string[]): Promise<T[]> {
  return inChunks(ids, (_id) => find<T>(caller, type, { _id }))
}

/** The open alarm with this id; `undefined` when there is none, or no more. */
export async function readAlarm(
  { find, caller }: { readonly find: Reading['find']; readonly caller: Caller },
  id: string,
): Promise<AlarmOf | undefined> {
  const flags = await byId<Flag>({ find, caller }, 'Flag', [id])
  const acknowledgements = await byId<Communication>({ find, caller }, 'Communication', [id])
  return openAlarms(flags, acknowledgements)[0]
}
