import { Statistics } from '@hub/hl7/feeds.contract.ts'
import { useQuery } from '@tanstack/react-query'

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
