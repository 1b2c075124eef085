import type { QueryClient } from '@tanstack/react-query'
import { z } from 'zod'

import { takeAlarm } from './alarms.ts'
import type { Arrival, LinkListener } from './socket.ts'
import { takeVitals } from './vitals.ts'

/** What a query shows: its `meta`, so that an arrival refreshes exactly the queries that it may change. */
const Shows = z.object({ types: z.array(z.string()), patient: z.string().optional() })
export type Shows = z.infer<typeof Shows>

const REFRESH_MS = 1000

/** Refreshes queries after arrivals, at most once a second; hands live signals to the vitals store. */
export function liveQueries(queries: QueryClient): LinkListener {
  let waiting: Arrival[] = []
  const refresh = () => {
    const arrivals = waiting
    waiting = []
    void queries.invalidateQueries({
      predicate: ({ meta }) => arrivals.some((arrival) => touches(meta, arrival)),
    })
  }
  return {
    arrival(arrival) {
      if (waiting.push(arrival) === 1) setTimeout(refresh, REFRESH_MS)
    },
    signal(signal) {
      takeVitals(signal)
      takeAlarm(signal)
    },
    missed() {
      void queries.invalidateQueries()
    },
  }
}

/** Whether the arrival may change what a query shows; a query that does not say what it shows is left alone. */
export function touches(meta: unknown, { resource, patient: of }: Arrival): boolean {
  const shows = Shows.safeParse(meta)
  if (!shows.success || !shows.data.types.includes(resource.type)) return false
  const { patient } = shows.data
  return patient === undefined || of === undefined || of === patient
}
