import { useQuery } from '@tanstack/react-query'

import { FhirEncounter, FhirObservation, FhirPatient, find, only, replacedBy } from '../../api/fhir.ts'
import { getJson } from '../../api/http.ts'
import { placeName, placesOf } from '../../api/places.ts'
import { shownName } from '../../ui/patient-name.ts'
import type { ShownName } from '../../ui/patient-name.ts'
import { resultGrids } from './results.ts'

/** A value of the chart and the element of the record that it stands in. */
export interface Sourced {
  readonly text: string
  readonly resource: string
  readonly element: string
}

export interface Person {
  readonly id: string
  readonly name: ShownName | undefined
  readonly birthDate: string | undefined
  readonly gender: 'male' | 'female' | 'other' | 'unknown'
  readonly deceased: boolean
  /** Logical id of the patient that this one was merged into. */
  readonly mergedInto: string | undefined
  /** Those in use first. */
  readonly numbers: readonly (Sourced & { readonly label: string; readonly isOld: boolean })[]
  readonly contacts: readonly Sourced[]
  readonly addresses: readonly Sourced[]
}

export interface Stay {
  readonly id: string
  readonly status: string
  readonly kind: string
  readonly start: string | undefined
  readonly end: string | undefined
  readonly places: readonly Sourced[]
}

const STAYS = '50'
/** The newest results of a patient that a chart shows. */
export const OBSERVATIONS = 500

export function usePerson(id: string) {
  return useQuery({
    queryKey: ['person', id],
    queryFn: ({ signal }) => getJson(FhirPatient, `/fhir/Patient/${encodeURIComponent(id)}`, signal),
    select: personOf,
    meta: { types: ['Patient'], patient: `Patient/${id}` },
  })
}

export function useStays(id: string) {
  const query = {
    patient: id,
    _sort: '-date',
    _count: STAYS,
    _include: 'Encounter:location',
    '_include:iterate': 'Location:partof',
  }
  return useQuery({
    queryKey: ['stays', id],
    queryFn: ({ signal }) => find('Encounter', query, signal),
    select: ({ resources }) => staysOf(resources),
    meta: { types: ['Encounter'], patient: `Patient/${id}` },
  })
}

export function useResults(id: string) {
  const query = { patient: id, _sort: '-date', _count: String(OBSERVATIONS) }
  return useQuery({
    queryKey: ['results', id],
    queryFn: ({ signal }) => find('Observation', query, signal),
    select: ({ resources, isMore }) => ({ grids: resultGrids(only(FhirObservation, resources)), isMore }),
    meta: { types: ['Observation'], patient: `Patient/${id}` },
  })
}

function personOf(patient: FhirPatient): Person {
  const resource = `Patient/${patient.id}`
  const { identifier = [], telecom = [], address = [] } = patient
  return {
    id: patient.id,
    name: shownName(patient.name),
    birthDate: patient.birthDate,
    gender: patient.gender ?? 'unknown',
    deceased: patient.deceasedBoolean === true || patient.deceasedDateTime !== undefined,
    mergedInto: replacedBy(patient),
    numbers: identifier
      .flatMap(({ type, value, use }, index) =>
        value === undefined
          ? []
          : {
              label: type?.coding?.[0]?.code ?? '',
              isOld: use === 'old',
              text: value,
              resource,
              element: `Patient.identifier[${index}].value`,
            },
      )
      .toSorted((a, b) => Number(a.isOld) - Number(b.isOld)),
    contacts: telecom.flatMap(({ value }, index) =>
      value === undefined ? [] : { text: value, resource, element: `Patient.telecom[${index}].value` },
    ),
    addresses: address.flatMap(({ text, line = [], city, country }, index) => {
      const full = text ?? [...line, city, country].filter(Boolean).join(', ')
      const part = line.length > 0 ? 'line[0]' : 'city'
      return full === '' ? [] : { text: full, resource, element: `Patient.address[${index}].${part}` }
    }),
  }
}

function staysOf(resources: readonly unknown[]): readonly Stay[] {
  const places = placesOf(resources)
  return only(FhirEncounter, resources).map((encounter) => ({
    id: encounter.id,
    status: encounter.status,
    kind: encounter.class?.display ?? encounter.class?.code ?? '',
    start: encounter.period?.start,
    end: encounter.period?.end,
    places: (encounter.location ?? []).flatMap(({ location: { reference = '', display } }, index) => {
      const text = placeName(places, reference) ?? display
      const element = `Encounter.location[${index}].location`
      return text === undefined ? [] : { text, resource: `Encounter/${encounter.id}`, element }
    }),
  }))
}
