import { DecidedItems, Worklist } from '@hub/hl7/hl7.contract.ts'
import type { WorkItem } from '@hub/hl7/hl7.contract.ts'
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { z } from 'zod'

import { getJson, postJson } from '../../api/http.ts'
import { keepDigits } from '../../api/transport.ts'

export type Item = z.infer<typeof WorkItem>
export type DecidedItem = z.infer<typeof DecidedItems>['items'][number]

/** Conflicts come without an event of the record, and there may be hundreds: they are read in this rhythm, not with every change of a patient. */
const ASK_MS = 10_000

export function useWorklist() {
  return useQuery({
    queryKey: ['worklist'],
    queryFn: ({ signal }) => getJson(Worklist, '/api/v1/interop/worklist', signal),
    refetchInterval: ASK_MS,
  })
}

/** What was decided and can be taken back still, in pages. */
export function useDecided(cursor: string | undefined) {
  const query = cursor === undefined ? '' : `?${new URLSearchParams({ cursor })}`
  return useQuery({
    queryKey: ['worklist', 'decided', query],
    queryFn: ({ signal }) => getJson(DecidedItems, `/api/v1/interop/worklist/decided${query}`, signal),
    placeholderData: keepPreviousData,
    refetchInterval: ASK_MS,
  })
}

export interface Decision {
  readonly item: Item
  readonly decision: 'keep' | 'take'
}

export function useDecide() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ item: { id }, decision }: Decision) =>
      postJson(z.undefined(), `/api/v1/interop/worklist/${encodeURIComponent(id)}/resolve`, { decision }),
    networkMode: 'always',
    onSettled: () => queries.invalidateQueries({ queryKey: ['worklist'] }),
  })
}

/** Takes a decision back: the conflict is there again. */
export function useTakeBack() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ item: { id } }: Pick<Decision, 'item'>) =>
      postJson(z.undefined(), `/api/v1/interop/worklist/${encodeURIComponent(id)}/reopen`, {}),
    networkMode: 'always',
    onSettled: () => queries.invalidateQueries({ queryKey: ['worklist'] }),
  })
}

/** How instants, days and references are told to the reader. */
export interface Words {
  readonly time: (text: string) => string
  readonly reference: (text: string) => string
}

/** What the record and the message say, as people read it; where that would look the same, all of it. */
export function sidesOf({ current, incoming }: Sides, words: Words): readonly string[] {
  const sides = [current, incoming]
  const plain = sides.map((json) => plainText(json, words))
  return plain[0] === plain[1] ? sides.map((json) => json ?? '–') : plain
}

type Sides = Pick<Item, 'current' | 'incoming'>

/** What both sides refer to: `Location/1`. */
export function referencesOf({ current, incoming }: Sides): readonly string[] {
  return [current, incoming].flatMap((json) => leavesOf(parsed(json)).filter((text) => REFERENCE.test(text)))
}

const REFERENCE = /^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}$/
const TIME = /^\d{4}-\d{2}-\d{2}(?:T|$)/

/** The texts and numbers of a JSON text; of a list or an object by commas. */
function plainText(json: string | undefined, { time, reference }: Words): string {
  if (json === undefined) return '–'
  const texts = leavesOf(parsed(json)).map((text) => {
    if (REFERENCE.test(text)) return reference(text)
    return TIME.test(text) ? time(text) : withoutOwnKey(text)
  })
  return texts.join(', ') || json
}

/**
 * Of what the hub tells apart by several numbers and codes only these, with blanks between: `F1 LAB K` of
 * `urn:mogran:lab:report\\|F1\\|LAB|K|`.
 */
function withoutOwnKey(text: string): string {
  if (!text.startsWith('urn:mogran:') || !text.includes('|')) return text
  const [, ...parts] = text.split(/\\*\|/)
  return parts.filter(Boolean).join(' ') || text
}

/** @returns nothing for one that was cut */
function parsed(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : JSON.parse(json, keepDigits)
  } catch {
    return undefined
  }
}

function leavesOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value === 'number' || typeof value === 'boolean') return [String(value)]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, part]) => (TECHNICAL.has(name) ? [] : leavesOf(part)))
}

/** Names of elements that say in which system a code or number counts: most values are told apart without. */
const TECHNICAL = new Set(['system', 'use', 'rank'])
