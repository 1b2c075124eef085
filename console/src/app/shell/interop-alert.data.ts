import { Statistics } from '@hub/hl7/feeds.contract.ts'
import type { Feeds } from '@hub/hl7/feeds.contract.ts'
import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'

import { FEEDS, isSilent } from '../../api/feeds.ts'
import { getJson } from '../../api/http.ts'

const ASK_MS = 15_000
const NONE: readonly string[] = []

/** Why newer rules or settings of feeds and destinations are not in force. */
export function useProblems(enabled: boolean): readonly string[] {
  const { data } = useQuery({
    queryKey: ['rules-problems'],
    queryFn: ({ signal }) => getJson(Statistics, '/api/v1/interop/statistics', signal),
    select: ({ rules }) => rules.problems,
    refetchInterval: ASK_MS,
    enabled,
  })
  return data ?? NONE
}

export interface Trouble {
  readonly feed: string
  /** As far as the hub knows it. */
  readonly problem: string | undefined
}

/** Feeds that should run and do not, or say that something is wrong. */
export function useTroubles(enabled: boolean): readonly Trouble[] {
  const { data } = useQuery({ ...FEEDS, select: troublesOf, refetchInterval: ASK_MS, enabled })
  return data ?? []
}

export function troublesOf({ feeds }: z.infer<typeof Feeds>): readonly Trouble[] {
  return feeds
    .filter((feed) => isSilent(feed) || feed.problem !== undefined)
    .map(({ name, problem }) => ({ feed: name, problem }))
    .toSorted((a, b) => a.feed.localeCompare(b.feed, 'en', { numeric: true }))
}
