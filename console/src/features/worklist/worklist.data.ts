import { Worklist } from '@hub/hl7/hl7.contract.ts'
import type { WorkItem } from '@hub/hl7/hl7.contract.ts'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { z } from 'zod'

import { getJson, postJson } from '../../api/http.ts'

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

/** A JSON text as people read it: quotes around a plain text are left out. */
export function plain(json: string | undefined): string {
  if (json === undefined) return '–'
  return /^"[^"\\]*"$/.test(json) ? json.slice(1, -1) : json
}
