import { Feeds } from '@hub/hl7/feeds.contract.ts'
import { useQuery } from '@tanstack/react-query'

import { getJson } from './http.ts'

/** The names of the feeds, in the order of people (`lab2` before `lab10`). */
export function useFeedNames() {
  return useQuery({
    queryKey: ['feeds'],
    queryFn: ({ signal }) => getJson(Feeds, '/api/v1/interop/feeds', signal),
    select: ({ feeds }) =>
      feeds.map(({ name }) => name).toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true })),
  })
}
