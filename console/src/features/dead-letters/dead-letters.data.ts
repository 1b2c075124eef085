import { ReplayAnswer } from '@hub/hl7/hl7.contract.ts'
import { DeadLetters, ReplayCount, ReplayJob, ReplayJobs, ReplayRequest } from '@hub/hl7/replay.contract.ts'
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { z } from 'zod'

import { getJson, postJson } from '../../api/http.ts'

export type Group = z.infer<typeof DeadLetters>['groups'][number]
export type Job = z.infer<typeof ReplayJob>
export type Span = z.infer<typeof ReplayRequest>

export const SPAN_STATES = ReplayRequest.shape.state.unwrap().options

const ASK_MS = { running: 1000, working: 3000, idle: 15_000 } as const

/** Read again as soon as a replay has ended: its messages must not seem to fail still. */
export function useDeadLetters() {
  const { data: jobs = [] } = useReplayJobs()
  const ended = jobs.filter(({ state }) => state !== 'running').map(({ id }) => id)
  return useQuery({
    queryKey: ['dead-letters', ended.join(' ')],
    queryFn: ({ signal }) => getJson(DeadLetters, '/api/v1/interop/dead-letters', signal),
    placeholderData: keepPreviousData,
    refetchInterval: ended.length < jobs.length ? ASK_MS.working : ASK_MS.idle,
  })
}

/** Replays of many messages, the newest first; asked for every second while one runs. */
export function useReplayJobs() {
  return useQuery({
    queryKey: ['replay-jobs'],
    queryFn: ({ signal }) => getJson(ReplayJobs, '/api/v1/interop/replays', signal),
    select: ({ jobs }) => jobs.toSorted((a, b) => b.started.localeCompare(a.started)),
    refetchInterval: ({ state: { data } }) =>
      data?.jobs.some(({ state }) => state === 'running') ? ASK_MS.running : ASK_MS.idle,
  })
}

/** What a replay of one message would do; writes nothing. */
export function useTriedOut(id: string) {
  return useQuery({
    queryKey: ['tried-out', id],
    queryFn: () =>
      postJson(ReplayAnswer, `/api/v1/interop/messages/${encodeURIComponent(id)}/replay?dryRun=true`, {}),
    staleTime: 0,
    gcTime: 0,
  })
}

/** How many messages a replay would process. */
export function useCountSpan() {
  return useMutation({
    mutationFn: (span: Span) => postJson(ReplayCount, '/api/v1/interop/replays?dryRun=true', span),
    networkMode: 'always',
  })
}

/** Share that is done, in percent: of the messages where all were counted, else of the time span. */
export function percentOf({ state, expected, done, progress }: Job): number {
  const isCounted = state !== 'done' && expected?.isCut === false && expected.count > 0
  return Math.round(100 * (isCounted ? Math.min(1, done / expected.count) : progress))
}

/** Processes messages again, or gives them up: those of a group, or what a feed got within a time span. */
export function useStartJob() {
  const done = useReadAgain()
  return useMutation({
    mutationFn: (span: Span) => postJson(ReplayJob, '/api/v1/interop/replays', span),
    networkMode: 'always',
    onSettled: done,
  })
}

export function useCancelJob() {
  const done = useReadAgain()
  return useMutation({
    mutationFn: (id: string) =>
      postJson(ReplayJob, `/api/v1/interop/replays/${encodeURIComponent(id)}/cancel`, {}),
    networkMode: 'always',
    onSettled: done,
  })
}

function useReadAgain() {
  const queries = useQueryClient()
  return async () => {
    await queries.invalidateQueries({ queryKey: ['replay-jobs'] })
    await queries.invalidateQueries({ queryKey: ['dead-letters'] })
  }
}

/** All messages of a group, in the order in which they came. */
export function spanOfGroup({ feed, oldest, newest, key }: Group): Span {
  return { feed, from: oldest, to: justAfter(newest), cause: key }
}

/** The end of a span does not belong to it. */
function justAfter(instant: string): string {
  return new Date(Date.parse(instant) + 1).toISOString()
}
