import type { Caller } from '../../auth/caller.ts'
import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { readAlarms } from './alarm-reader.ts'
import { readPatientValues } from './patient-values.ts'
import type { Encounter, Location, Patient } from './record.contract.ts'
import { hasCode, referenced } from './record.contract.ts'
import { type Reading, type Search, createFind, inChunks, inGroups } from './search.ts'
import { type WardRecord, wardBoard } from './ward-board.ts'
import type { WardBoard } from './wards.contract.ts'

export interface WardReader {
  wards(caller: Caller): Promise<readonly { readonly id: string; readonly name: string }[]>
  /** Id of the first ward that has patients, among the first `limits.care.wardsLookedAt`. */
  firstTaken(caller: Caller): Promise<string | undefined>
  /** @throws Fault `not-found` */
  board(caller: Caller, id: string): Promise<WardBoard>
}

const ID = /^[A-Za-z0-9\-.]{1,64}$/

/** Reads wards and their beds with plain FHIR searches, so that every number on the board is one that a FHIR client finds, too. */
export function createWardReader({ search }: { readonly search: Search }): WardReader {
  const find = createFind(search)

  return {
    async wards(caller) {
      return wardsOf({ find, caller })
    },
    async firstTaken(caller) {
      const wards = await wardsOf({ find, caller })
      for (const { id } of wards.slice(0, limits.care.wardsLookedAt))
        if (await isTaken({ find, caller }, id)) return id
      return undefined
    },
    async board(caller, id) {
      const [ward] = ID.test(id) ? await find<Location>(caller, 'Location', { _id: id }) : []
      if (ward === undefined) {
        throw fault('not-found', {
          code: 'not-found',
          text: `There is no ward ${id}. GET /api/v1/wards lists them.`,
        })
      }
      return wardBoard(await recordOf({ find, caller }, ward))
    },
  }
}

async function wardsOf(reading: Reading): Promise<readonly { readonly id: string; readonly name: string }[]> {
  const tops = await reading.find<Location>(reading.caller, 'Location', {
    'partof:missing': 'true',
  })
  const wards = await wardsBelow(reading, tops, limits.care.placeDepth)
  return wards
    .map(({ id, name, identifier }) => ({ id, name: name ?? identifier?.[0]?.value ?? id }))
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
}

async function isTaken({ find, caller }: Reading, ward: string): Promise<boolean> {
  const top = `Location/${ward}`
  const places = await below({ find, caller }, [top])
  const ids = [top, ...places.map(({ id }) => `Location/${id}`)]
  const stays = await inChunks(ids, (location) =>
    find<Encounter>(caller, 'Encounter', { location, status: 'in-progress', _count: '1' }),
  )
  return stays.length > 0
}

/** All places below some places, level by level. */
async function below({ find, caller }: Reading, parents: readonly string[]): Promise<Location[]> {
  const found: Location[] = []
  const seen = new Set(parents)
  let level = parents
  for (let depth = 0; level.length > 0 && depth < limits.care.placeDepth; depth += 1) {
    const pages = await inChunks(level, (partof) => find<Location>(caller, 'Location', { partof }))
    const fresh = pages.filter(({ id }) => !seen.has(`Location/${id}`))
    level = fresh.map(({ id }) => `Location/${id}`)
    for (const id of level) seen.add(id)
    found.push(...fresh)
  }
  return found
}

async function recordOf({ find, caller }: Reading, ward: Location): Promise<WardRecord> {
  const places = await below({ find, caller }, [`Location/${ward.id}`])
  const ids = [ward, ...places].map(({ id }) => `Location/${id}`)
  const status = 'in-progress'
  const encounters = await inChunks(ids, (location) =>
    find<Encounter>(caller, 'Encounter', { location, status }),
  )
  const once = [...new Map(encounters.map((encounter) => [encounter.id, encounter])).values()]
  const references = [...new Set(once.flatMap(({ subject }) => referenced(subject, 'Patient') ?? []))]
  const bare = references.map((reference) => reference.slice('Patient/'.length))
  const patients = await inChunks(bare, (_id) => find<Patient>(caller, 'Patient', { _id }))
  const values = await inGroups(
    references,
    async (patient) => [patient, await readPatientValues(find, caller, patient)] as const,
  )
  const alarms = await readAlarms({ find, caller }, references)
  return {
    alarms,
    ward,
    places,
    encounters: once,
    patients: new Map(patients.map((patient) => [`Patient/${patient.id}`, patient])),
    values: new Map(values),
  }
}

/** Wards stand below sites and buildings: goes down from the top until there is a ward on every way. */
async function wardsBelow(
  { find, caller }: Reading,
  places: readonly Location[],
  depth: number,
): Promise<Location[]> {
  const wards = places.filter(isWard)
  const others = places
    .filter((place) => !isWard(place) && !isBelowWard(place))
    .map(({ id }) => `Location/${id}`)
  if (others.length === 0 || depth === 0) return wards
  const next = await inChunks(others, (partof) => find<Location>(caller, 'Location', { partof }))
  return [...wards, ...(await wardsBelow({ find, caller }, next, depth - 1))]
}

/** A ward says so by its physical type; a place that says nothing and is part of nothing is taken for one. */
function isWard({ physicalType, partOf, status }: Location): boolean {
  if (status === 'inactive') return false
  return physicalType?.coding === undefined ? partOf === undefined : hasCode(physicalType, 'wa')
}

function isBelowWard({ physicalType }: Location): boolean {
  return physicalType?.coding === undefined || hasCode(physicalType, 'ro') || hasCode(physicalType, 'bd')
}
