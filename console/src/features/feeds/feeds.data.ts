import { Feed, LearnedProfile, Statistics, Unmapped } from '@hub/hl7/feeds.contract.ts'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { z } from 'zod'

import { FEEDS } from '../../api/feeds.ts'
import { getJson, postJson } from '../../api/http.ts'

export type FeedRow = z.infer<typeof Feed>
export type Mode = FeedRow['mode']
export type Learned = z.infer<typeof LearnedProfile>
export type Numbers = z.infer<typeof Statistics>

/** Rates and lag change without an event of the record: they are asked for while somebody looks. */
const ASK_MS = 5000

/** The messages that are counted as failed in the last hour, of one feed or of all. */
export function failedLink(feed?: string): string {
  return `/messages?${new URLSearchParams({ state: 'failed', within: '1h', ...(feed === undefined ? {} : { feed }) })}`
}

export function useFeeds() {
  return useQuery({
    ...FEEDS,
    select: ({ feeds }) => feeds.toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })),
    refetchInterval: ASK_MS,
  })
}

export function useStatistics() {
  return useQuery({
    queryKey: ['feed-statistics'],
    queryFn: ({ signal }) => getJson(Statistics, '/api/v1/interop/statistics', signal),
    refetchInterval: ASK_MS,
  })
}

export function useUnmapped(feed: string) {
  return useQuery({
    queryKey: ['unmapped', feed],
    queryFn: ({ signal }) =>
      getJson(Unmapped, `/api/v1/interop/feeds/${encodeURIComponent(feed)}/unmapped`, signal),
    select: ({ items }) => items,
  })
}

/** Maps up to a thousand messages: asked for when it is opened, and not again by itself. */
export function useLearned(feed: string) {
  return useQuery({
    queryKey: ['learned', feed],
    queryFn: ({ signal }) =>
      getJson(LearnedProfile, `/api/v1/interop/feeds/${encodeURIComponent(feed)}/learn`, signal),
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  })
}

export interface ModeChange {
  readonly feed: string
  readonly mode: Mode
}

export function useSetMode() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ feed, mode }: ModeChange) =>
      postJson(Feed, `/api/v1/interop/feeds/${encodeURIComponent(feed)}/mode`, { mode }),
    networkMode: 'always',
    onSettled: () => queries.invalidateQueries({ queryKey: ['feeds'] }),
  })
}
