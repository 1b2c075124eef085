import {
  Destinations,
  DestinationView,
  OutDetail,
  OutList,
  OutView,
  Retried,
} from '@hub/hl7/outbound.contract.ts'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { z } from 'zod'

import { getJson, postJson } from '../../api/http.ts'

export type Destination = z.infer<typeof DestinationView>
export type OutRow = z.infer<typeof OutView>
export type OutState = OutRow['state']
export type Mode = 'running' | 'paused'

/** In the order in which a message passes through them. */
export const OUT_STATES: readonly OutState[] = OutView.shape.state.options

/** Queues change without an event of the record: they are asked for while somebody looks. */
const ASK_MS = 5000

export function useDestinations() {
  return useQuery({
    queryKey: ['destinations'],
    queryFn: ({ signal }) => getJson(Destinations, '/api/v1/interop/destinations', signal),
    refetchInterval: ASK_MS,
  })
}

export interface OutFilters {
  readonly destination: string
  readonly state?: OutState
  readonly cursor?: string
}

export function useOutMessages(filters: OutFilters) {
  return useQuery({
    queryKey: ['out-messages', filters],
    queryFn: ({ signal }) =>
      getJson(OutList, `/api/v1/interop/outbound?${new URLSearchParams(Object.entries(filters))}`, signal),
    refetchInterval: ASK_MS,
  })
}

export function useOutMessage(id: string) {
  return useQuery({
    queryKey: ['out-message', id],
    queryFn: ({ signal }) => getJson(OutDetail, `/api/v1/interop/outbound/${encodeURIComponent(id)}`, signal),
    refetchInterval: ASK_MS,
  })
}

export function useSetMode() {
  return useCommand(({ name, mode }: { readonly name: string; readonly mode: Mode }) =>
    postJson(DestinationView, `${pathOf(name)}/mode`, { mode }),
  )
}

/** Sends the dead letters of a destination again, in their order. */
export function useRetryAll() {
  return useCommand((name: string) => postJson(Retried, `${pathOf(name)}/retry`, {}))
}

/** `retry`: back into the queue; `cancel`: out of it, until somebody sends it again. */
export function useMove() {
  return useCommand(({ id, step }: { readonly id: string; readonly step: 'retry' | 'cancel' }) =>
    postJson(OutView, `/api/v1/interop/outbound/${encodeURIComponent(id)}/${step}`, {}),
  )
}

function useCommand<Input, Output>(mutationFn: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn,
    networkMode: 'always',
    onSettled: () =>
      queries.invalidateQueries({
        predicate: ({ queryKey: [name] }) => QUERIES.has(String(name)),
      }),
  })
}

const QUERIES: ReadonlySet<string> = new Set(['destinations', 'out-messages', 'out-message'])

function pathOf(name: string): string {
  return `/api/v1/interop/destinations/${encodeURIComponent(name)}`
}

/** What a person may do with a message in this state. */
export const STEPS: Readonly<Record<OutState, readonly ('retry' | 'cancel')[]>> = {
  queued: ['cancel'],
  sent: ['retry'],
  answered: ['retry'],
  dead: ['retry', 'cancel'],
  cancelled: ['retry'],
}
