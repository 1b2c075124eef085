import { FirstTaken, WardBoard, Wards } from '@hub/care/facility/wards.contract.ts'
import type { Occupant, ValueView, Vital } from '@hub/care/facility/wards.contract.ts'
import { queryOptions, useQuery } from '@tanstack/react-query'
import type { QueryClient } from '@tanstack/react-query'

import { getJson } from '../../api/http.ts'
import type { LiveReadings } from '../../api/vitals.ts'

const WARDS = queryOptions({
  queryKey: ['wards'],
  queryFn: ({ signal }) => getJson(Wards, '/api/v1/wards', signal),
  meta: { types: ['Location'] },
})

const boardOf = (wardId: string) =>
  queryOptions({
    queryKey: ['ward-board', wardId],
    queryFn: ({ signal }) => getJson(WardBoard, `/api/v1/wards/${encodeURIComponent(wardId)}/beds`, signal),
    meta: { types: ['Location', 'Encounter', 'Patient', 'Observation', 'Flag'] },
  })

const FIRST_TAKEN = queryOptions({
  queryKey: ['ward-first-taken'],
  queryFn: ({ signal }) => getJson(FirstTaken, '/api/v1/wards/first-taken', signal),
  staleTime: 0,
})

const CHOSEN = 'mogran.ward'

/** The ward that somebody looks at: this machine shows it from now on when no other is asked for. */
export function rememberWard(id: string): void {
  localStorage.setItem(CHOSEN, id)
}

/** The ward that was looked at last, where it is still there. */
function rememberedWard(wards: readonly Ward[] = []): string | undefined {
  const chosen = localStorage.getItem(CHOSEN)
  return wards.find(({ id }) => id === chosen)?.id
}

interface Ward {
  readonly id: string
}

/** The ward that was looked at last, else the first that has patients, else the first. `undefined` while that is not known. */
export function useUsualWard(wards: readonly Ward[] | undefined): string | undefined {
  const remembered = rememberedWard(wards)
  const first = useQuery({ ...FIRST_TAKEN, enabled: wards !== undefined && remembered === undefined })
  if (remembered !== undefined) return remembered
  return first.isPending ? undefined : (first.data?.id ?? wards?.[0]?.id)
}

/** Asks for what the page will show; without an id that is the usual ward. */
export async function prepareWard(queries: QueryClient, wardId?: string): Promise<void> {
  const wards = queries.prefetchQuery(WARDS)
  if (wardId !== undefined) return queries.prefetchQuery(boardOf(wardId))
  await wards
  const remembered = rememberedWard(queries.getQueryData(WARDS.queryKey)?.wards)
  if (remembered === undefined) await queries.prefetchQuery(FIRST_TAKEN)
  else await queries.prefetchQuery(boardOf(remembered))
}

export function useWards() {
  return useQuery({ ...WARDS, select: ({ wards }) => wards })
}

export function useWardBoard(wardId: string) {
  return useQuery(boardOf(wardId))
}

/** What one cell of a bed shows: the recorded value, or the live one when it is newer. */
export interface Cell {
  readonly parts: readonly { readonly text: string; readonly element?: string | undefined }[]
  readonly resource?: string | undefined
  readonly unit?: string | undefined
  readonly at: number
  readonly flag?: ValueView['flag']
  readonly live: boolean
}

/** Metric keys of the device profile for each cell, and the unit that they are shown in. */
const LIVE: Readonly<Record<Vital, { readonly keys: readonly string[]; readonly unit: string }>> = {
  hr: { keys: ['hr'], unit: '/min' },
  spo2: { keys: ['spo2'], unit: '%' },
  bp: { keys: ['sys', 'dia'], unit: 'mmHg' },
  rr: { keys: ['rr'], unit: '/min' },
  temp: { keys: ['temp'], unit: '°C' },
}

export function cellOf(vital: Vital, { vitals }: Occupant, readings: LiveReadings): Cell | undefined {
  const recorded = vitals[vital]
  const live = liveCell(vital, readings)
  if (live && (recorded === undefined || live.at > recorded.at)) return live
  return recorded && { ...recorded, live: false }
}

function liveCell(vital: Vital, readings: LiveReadings): Cell | undefined {
  const { keys, unit } = LIVE[vital]
  const values = keys.flatMap((key) => readings[key] ?? [])
  if (values.length < keys.length) return undefined
  return {
    parts: values.map(({ value }) => ({ text: String(value) })),
    unit,
    at: Math.min(...values.map(({ at }) => at)),
    live: true,
  }
}

/** Recorded vital signs are old after 4 h, the longest usual round; live ones after 10 s without a reading. */
const STALE_MS = { recorded: 4 * 3_600_000, live: 10_000 }

export function isStale({ at, live }: Cell, nowMs: number): boolean {
  return nowMs - at > (live ? STALE_MS.live : STALE_MS.recorded)
}
