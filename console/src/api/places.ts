import { useQueries } from '@tanstack/react-query'

import { FhirLocation, find, only } from './fhir.ts'

export type Places = ReadonlyMap<string, FhirLocation>

/** The locations among the resources, by their reference. */
export function placesOf(resources: readonly unknown[]): Places {
  return new Map(only(FhirLocation, resources).map((place) => [`Location/${place.id}`, place]))
}

const DEEPEST = 6

/** `NORTH · 1 · 03`: the place with what it is part of, as far as it was found. */
export function placeName(places: Places, reference: string): string | undefined {
  const names: string[] = []
  let place = places.get(reference)
  for (let depth = 0; place !== undefined && depth < DEEPEST; depth += 1) {
    names.unshift(place.name ?? place.id)
    place = places.get(place.partOf?.reference ?? '')
  }
  return names.length === 0 ? undefined : names.join(' · ')
}

/** So many ids fit into one address. */
const AT_ONCE = 50

/** The locations that the references mean, with what they are part of; those that are not read yet are left out. */
export function usePlaces(references: readonly string[]): Places {
  const ids = [...new Set(references)].flatMap((one) => /^Location\/([^/]+)$/.exec(one)?.[1] ?? []).toSorted()
  const pages = Array.from({ length: Math.ceil(ids.length / AT_ONCE) }, (_, page) =>
    ids.slice(page * AT_ONCE, (page + 1) * AT_ONCE).join(','),
  )
  return useQueries({
    queries: pages.map((page) => ({
      queryKey: ['places', page],
      queryFn: async ({ signal }: { readonly signal: AbortSignal }) =>
        find(
          'Location',
          { _id: page, _count: String(AT_ONCE), '_include:iterate': 'Location:partof' },
          signal,
        ),
      meta: { types: ['Location'] },
    })),
    combine: placesOfAll,
  })
}

function placesOfAll(
  answers: readonly { readonly data: Awaited<ReturnType<typeof find>> | undefined }[],
): Places {
  return placesOf(answers.flatMap(({ data }) => data?.resources ?? []))
}
