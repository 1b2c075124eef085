import { TraceAnswer } from '@hub/hl7/hl7.contract.ts'
import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'

import { getJson } from '../../api/http.ts'
import { fieldHolding } from '../../ui/hl7-fields.ts'

type Traced = z.infer<typeof TraceAnswer>['sources'][number]

export interface Source extends Omit<Traced, 'segment'> {
  /** `chosen`: position of the field that the element came from. */
  readonly segment?: (NonNullable<Traced['segment']> & { readonly chosen: string | undefined }) | undefined
}

/** Where the value of an element came from. */
export function useSources(reference: string, element: string) {
  const query = new URLSearchParams({ reference, ...(element === '' ? {} : { element }) })
  return useQuery({
    queryKey: ['trace', reference, element],
    queryFn: ({ signal }) => getJson(TraceAnswer, `/api/v1/interop/trace?${query}`, signal),
    select: ({ sources }) =>
      sources.toSorted((a, b) => Number(b.isCurrent) - Number(a.isCurrent)).map(sourceOf),
    meta: { types: [reference.split('/')[0] ?? ''] },
  })
}

function sourceOf({ segment, ...rest }: Traced): Source {
  if (segment === undefined) return rest
  const positions = new Set(segment.fields.map(({ position }) => position))
  const chosen = fieldHolding(rest.source, positions)
  return Object.assign(rest, { segment: { ...segment, chosen } })
}
