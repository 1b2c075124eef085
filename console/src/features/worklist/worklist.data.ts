import { Worklist } from '@hub/hl7/hl7.contract.ts'
import type { WorkItem } from '@hub/hl7/hl7.contract.ts'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { z } from 'zod'

import { getJson, postJson } from '../../api/http.ts'
import { keepDigits } from '../../api/transport.ts'

export type Item = z.infer<typeof WorkItem>

export function useWorklist() {
  return useQuery({
    queryKey: ['worklist'],
    queryFn: ({ signal }) => getJson(Worklist, '/api/v1/interop/worklist', signal),
    select: ({ items }) => items,
    meta: { types: ['Provenance', 'Patient', 'Encounter'] },
  })
}

export interface Decision {
  readonly id: string
  readonly decision: 'keep' | 'take'
}

export function useDecide() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ id, decision }: Decision) =>
      postJson(z.undefined(), `/api/v1/interop/worklist/${encodeURIComponent(id)}/resolve`, { decision }),
    networkMode: 'always',
    onSettled: () => queries.invalidateQueries({ queryKey: ['worklist'] }),
  })
}

/** What the record and the message say, as people read it; where that would look the same, all of it. */
export function sidesOf({ current, incoming }: Pick<Item, 'current' | 'incoming'>): readonly string[] {
  const sides = [current, incoming]
  const plain = sides.map((json) => plainText(json))
  return plain[0] === plain[1] ? sides.map((json) => json ?? '–') : plain
}

/** The texts and numbers of a JSON text; of a list or an object by commas. */
function plainText(json: string | undefined): string {
  if (json === undefined) return '–'
  try {
    return leavesOf(JSON.parse(json, keepDigits)).join(', ') || json
  } catch {
    // One that was cut.
    return json
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
