import { Feeds } from '@hub/hl7/feeds.contract.ts'
import type { Feed } from '@hub/hl7/feeds.contract.ts'
import { queryOptions, useQuery } from '@tanstack/react-query'
import type { z } from 'zod'

import { getJson } from './http.ts'

/** The feeds as they are now. */
export const FEEDS = queryOptions({
  queryKey: ['feeds'],
  queryFn: ({ signal }) => getJson(Feeds, '/api/v1/interop/feeds', signal),
})

/** The names of the feeds, in the order of people (`lab2` before `lab10`). */
export function useFeedNames() {
  return useQuery({
    ...FEEDS,
    select: ({ feeds }) =>
      feeds.map(({ name }) => name).toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true })),
  })
}

/** It should run, and no process of the hub listens for it. */
export function isSilent({
  mode,
  state,
  folder,
}: Pick<z.infer<typeof Feed>, 'mode' | 'state' | 'folder'>): boolean {
  return mode !== 'stopped' && state === 'closed' && folder === undefined
}
