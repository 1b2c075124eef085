import { MessageDetail, MessageList, MessageState, ReplayAnswer } from '@hub/hl7/hl7.contract.ts'
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { z } from 'zod'

import { getJson, postJson } from '../../api/http.ts'
import { fieldTree } from './field-tree.ts'
import type { FieldTree } from './field-tree.ts'

export const STATES = MessageState.options
export type State = z.infer<typeof MessageState>
export type MessageRow = z.infer<typeof MessageList>['messages'][number]

/** What stands in the address of the list. */
export interface Filters {
  readonly state?: State
  readonly type?: string
  readonly feed?: string
  readonly patient?: string
  readonly cursor?: string
}

const NAMES = ['type', 'feed', 'patient', 'cursor'] as const

export function filtersOf(params: URLSearchParams): Filters {
  const state = STATES.find((known) => known === params.get('state'))
  const rest = NAMES.flatMap((name) => {
    const value = params.get(name)?.trim()
    return value ? [[name, value] as const] : []
  })
  return { ...Object.fromEntries(rest), ...(state === undefined ? {} : { state }) }
}

export function useMessages(filters: Filters) {
  const query = new URLSearchParams(Object.entries(filters))
  return useQuery({
    queryKey: ['messages', String(query)],
    queryFn: ({ signal }) => getJson(MessageList, `/api/v1/interop/messages?${query}`, signal),
    placeholderData: keepPreviousData,
    // Every message that is committed writes its Provenance.
    meta: { types: ['Provenance'] },
  })
}

export interface Message extends MessageRow {
  readonly raw: string
  readonly isCut: boolean
  readonly tree: FieldTree
  readonly ack: readonly string[]
  readonly errors: z.infer<typeof MessageDetail>['errors']
  readonly warnings: z.infer<typeof MessageDetail>['warnings']
  readonly history: z.infer<typeof MessageDetail>['history']
}

export function useMessage(id: string) {
  return useQuery({
    queryKey: ['message', id],
    queryFn: ({ signal }) =>
      getJson(MessageDetail, `/api/v1/interop/messages/${encodeURIComponent(id)}`, signal),
    select: messageOf,
    meta: { types: ['Provenance'] },
  })
}

function messageOf(detail: z.infer<typeof MessageDetail>): Message {
  return { ...detail, tree: fieldTree(detail), ack: linesOf(detail.ack ?? ''), raw: detail.raw }
}

/** Segments end with a carriage return. */
export function linesOf(text: string): readonly string[] {
  return text.split(/\r\n|\r|\n/).filter((line) => line !== '')
}

export type Replay = z.infer<typeof ReplayAnswer>

/** What a replay would change; writes nothing. */
export function useRehearsal(id: string, enabled: boolean) {
  return useQuery({
    queryKey: ['rehearsal', id],
    queryFn: () =>
      postJson(ReplayAnswer, `/api/v1/interop/messages/${encodeURIComponent(id)}/replay?dryRun=true`, {}),
    enabled,
    staleTime: 0,
    gcTime: 0,
  })
}

export function useReplay(id: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () =>
      postJson(ReplayAnswer, `/api/v1/interop/messages/${encodeURIComponent(id)}/replay?dryRun=false`, {}),
    networkMode: 'always',
    onSuccess: () => queries.invalidateQueries({ queryKey: ['message', id] }),
  })
}
