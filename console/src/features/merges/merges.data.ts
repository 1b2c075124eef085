import { Merge, MergeDetail, Merges } from '@hub/hl7/merging/merges.contract.ts'
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { z } from 'zod'

import { getJson, postJson } from '../../api/http.ts'

export type MergeRow = z.infer<typeof Merge>
export type Detail = z.infer<typeof MergeDetail>

/** Merges come without an event of their own. */
const ASK_MS = { working: 1000, idle: 10_000 } as const
/** Both sides of a page are named by one search. */
const AT_ONCE = 25

export interface Filters {
  readonly number?: string
  readonly cursor?: string
}

export function useMerges(filters: Filters) {
  const query = new URLSearchParams({ count: String(AT_ONCE), ...filters })
  return useQuery({
    queryKey: ['merges', String(query)],
    queryFn: ({ signal }) => getJson(Merges, `/api/v1/interop/merges?${query}`, signal),
    placeholderData: keepPreviousData,
    refetchInterval: ASK_MS.idle,
  })
}

export function useMerge(id: string) {
  return useQuery({
    queryKey: ['merges', 'one', id],
    queryFn: ({ signal }) => getJson(MergeDetail, `/api/v1/interop/merges/${encodeURIComponent(id)}`, signal),
    refetchInterval: ({ state: { data } }) => (data?.state === 'pending' ? ASK_MS.working : false),
  })
}

/** Takes a merge or move back. */
export function useUndo() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => postJson(Merge, `/api/v1/interop/merges/${encodeURIComponent(id)}/undo`, {}),
    networkMode: 'always',
    onSettled: () => queries.invalidateQueries({ queryKey: ['merges'] }),
  })
}

/** The references of each type, those with most first. */
export function byType(references: readonly string[]): readonly (readonly [string, readonly string[]])[] {
  const groups = Map.groupBy(references, (one) => one.split('/', 1)[0] ?? '')
  return [...groups].toSorted(([, one], [, other]) => other.length - one.length)
}
