import { TraceAnswer } from '@hub/hl7/hl7.contract.ts'
import { useQuery } from '@tanstack/react-query'

import { getJson } from '../../api/http.ts'

/** Where the value of an element came from. */
export function useSources(reference: string, element: string) {
  const query = new URLSearchParams({ reference, ...(element === '' ? {} : { element }) })
  return useQuery({
    queryKey: ['trace', reference, element],
    queryFn: ({ signal }) => getJson(TraceAnswer, `/api/v1/interop/trace?${query}`, signal),
    select: ({ sources }) => sources.toSorted((a, b) => Number(b.isCurrent) - Number(a.isCurrent)),
    meta: { types: [reference.split('/')[0] ?? ''] },
  })
}
