import { MessageDetail, MessageList, ReplayAnswer, SoughtState } from '@hub/hl7/hl7.contract.ts'
import { Discarded } from '@hub/hl7/replay.contract.ts'
import { keepPreviousData, useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { z } from 'zod'

import { getBytes, getJson, postJson } from '../../api/http.ts'
import { siteInstant } from '../../ui/dates.ts'
import type { MadeValues } from '../../ui/field-panels.tsx'
import { fieldTree, findingsOf } from '../../ui/field-tree.ts'
import type { FieldTree, Finding } from '../../ui/field-tree.ts'

export const STATES = SoughtState.options
export type State = z.infer<typeof SoughtState>
export type MessageRow = z.infer<typeof MessageList>['messages'][number]

/** What stands in the address of the list. */
export interface Filters {
  readonly state?: State
  readonly type?: string
  readonly feed?: string
  readonly patient?: string
  /** Number of a person, as the message names it. */
  readonly number?: string
  readonly controlId?: string
  readonly sender?: string
  /** Key of a group of failed messages. */
  readonly cause?: string
  /** Received in the last hour, day or week, or between two times. */
  readonly within?: Within
  /** As a `datetime-local` field has them, in the zone of the site; they count within a span. */
  readonly from?: string
  readonly to?: string
  readonly cursor?: string
}

const SPANS_HOURS = { '1h': 1, '1d': 24, '7d': 168 } as const
export const WITHIN = ['1h', '1d', '7d', 'span'] as const
export type Within = (typeof WITHIN)[number]

const NAMES = [
  'type',
  'feed',
  'patient',
  'number',
  'controlId',
  'sender',
  'cause',
  'from',
  'to',
  'cursor',
] as const

export function filtersOf(params: URLSearchParams): Filters {
  const state = STATES.find((known) => known === params.get('state'))
  const rest = NAMES.flatMap((name) => {
    const value = params.get(name)?.trim()
    return value ? [[name, value] as const] : []
  })
  const within = WITHIN.find((known) => known === params.get('within'))
  return {
    ...Object.fromEntries(rest.filter(([name]) => within === 'span' || (name !== 'from' && name !== 'to'))),
    ...(state === undefined ? {} : { state }),
    ...(within === undefined ? {} : { within }),
  }
}

const ASK_MS = 5000

/** Asked for again while somebody looks: what fails or is refused changes nothing in the record that could tell. */
export function useMessages(filters: Filters) {
  return useQuery({
    queryKey: ['messages', filters],
    queryFn: ({ signal }) =>
      getJson(MessageList, `/api/v1/interop/messages?${searchOf(filters, Date.now())}`, signal),
    placeholderData: keepPreviousData,
    refetchInterval: ASK_MS,
  })
}

/** The filters as the search takes them. */
export function searchOf({ within, from, to, ...rest }: Filters, nowMs: number): URLSearchParams {
  const query = new URLSearchParams(Object.entries(rest))
  const bounds =
    within === 'span' ? { from: siteInstant(from ?? ''), to: siteInstant(to ?? '') } : sinceOf(within, nowMs)
  for (const [name, instant] of Object.entries(bounds)) if (instant !== undefined) query.set(name, instant)
  return query
}

function sinceOf(within: keyof typeof SPANS_HOURS | undefined, nowMs: number) {
  return within === undefined ? {} : { from: new Date(nowMs - SPANS_HOURS[within] * HOUR_MS).toISOString() }
}

const HOUR_MS = 3_600_000

export interface Message extends MessageRow {
  readonly raw: string
  readonly isCut: boolean
  readonly tree: FieldTree
  /** Errors first. */
  readonly findings: readonly Finding[]
  /** What the sender was told; empty when nothing. */
  readonly ack: string
  readonly resources: z.infer<typeof MessageDetail>['resources']
  readonly edits: z.infer<typeof MessageDetail>['edits']
  readonly errors: z.infer<typeof MessageDetail>['errors']
  readonly warnings: z.infer<typeof MessageDetail>['warnings']
  readonly history: z.infer<typeof MessageDetail>['history']
}

export function useMessage(id: string) {
  return useQuery({
    queryKey: ['message', id],
    queryFn: ({ signal }) => getJson(MessageDetail, addressOf(id), signal),
    select: messageOf,
    meta: { types: ['Provenance'] },
  })
}

function messageOf(detail: z.infer<typeof MessageDetail>): Message {
  const { errors, warnings, ack = '' } = detail
  const findings = findingsOf(errors, warnings)
  const wrong = errors.flatMap(({ at }) => at ?? [])
  return { ...detail, findings, tree: fieldTree(detail, wrong), ack }
}

/**
 * Values of the resources that a message made, of those that somebody asked to see: each is a read of the record, with its row in the audit trail.
 * As the message left them, where it wrote them; else as they are now.
 */
export function useMadeValues({ resources }: Pick<Message, 'resources'>): MadeValues {
  const [asked, setAsked] = useState<readonly string[]>([])
  const wanted = resources.filter(({ reference }) => asked.includes(reference))
  const answers = useQueries({
    queries: wanted.map(({ reference, version }) => ({
      queryKey: ['made', reference, version],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        getJson(
          z.looseObject({ resourceType: z.string() }),
          `/fhir/${reference}${version === undefined ? '' : `/_history/${version}`}`,
          signal,
        ),
      staleTime: version === undefined ? 0 : Number.POSITIVE_INFINITY,
    })),
  })
  const states = new Map(wanted.map(({ reference }, index) => [reference, answers[index]]))
  return {
    ask: (reference) => setAsked((before) => [...new Set([...before, reference])]),
    of: (reference) => {
      const state = states.get(reference)
      return state && { resource: state.data, error: state.error ?? undefined }
    },
  }
}

/** The bytes of the whole message, as a file of its own. */
export function useSaveWhole(message: Pick<Message, 'id' | 'feed' | 'controlId'>) {
  return useMutation({
    mutationFn: async () => saveFile(fileNameOf(message), await getBytes(`${addressOf(message.id)}/raw`)),
    networkMode: 'always',
  })
}

/** Of the feed and the control id; what is no message has its own id. What a file system may not take becomes `_`. */
export function fileNameOf({ id, feed, controlId }: Pick<Message, 'id' | 'feed' | 'controlId'>): string {
  return `${feed}-${controlId || id}.hl7`.replaceAll(/[^\w.-]/g, '_')
}

function saveFile(name: string, bytes: Blob): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(bytes)
  link.download = name
  link.click()
  // The browser has begun to read by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

export type Replay = z.infer<typeof ReplayAnswer>

/** What a replay would change; writes nothing. */
export function useRehearsal(id: string, enabled: boolean) {
  return useQuery({
    queryKey: ['rehearsal', id],
    queryFn: () => postJson(ReplayAnswer, `${addressOf(id)}/replay?dryRun=true`, {}),
    enabled,
    staleTime: 0,
    gcTime: 0,
  })
}

export function useReplay(id: string) {
  const done = useReadAgain(id)
  return useMutation({
    mutationFn: () => postJson(ReplayAnswer, `${addressOf(id)}/replay?dryRun=false`, {}),
    networkMode: 'always',
    onSuccess: done,
  })
}

/** Hands in a mended text, or only asks what it would change. */
export function useMend(id: string) {
  const done = useReadAgain(id)
  return useMutation({
    mutationFn: ({ text, dryRun }: { readonly text: string; readonly dryRun: boolean }) =>
      postJson(ReplayAnswer, `${addressOf(id)}/edit?dryRun=${dryRun}`, { text }),
    networkMode: 'always',
    onSuccess: ({ dryRun }) => (dryRun ? undefined : done()),
  })
}

/** Gives up on a message that cannot be mended. */
export function useDiscard(id: string) {
  const done = useReadAgain(id)
  return useMutation({
    mutationFn: (reason: string) => postJson(Discarded, `${addressOf(id)}/discard`, { reason }),
    networkMode: 'always',
    onSuccess: done,
  })
}

function addressOf(id: string): string {
  return `/api/v1/interop/messages/${encodeURIComponent(id)}`
}

function useReadAgain(id: string) {
  const queries = useQueryClient()
  return async () => {
    await queries.invalidateQueries({ queryKey: ['message', id] })
    await queries.invalidateQueries({ queryKey: ['dead-letters'] })
  }
}
