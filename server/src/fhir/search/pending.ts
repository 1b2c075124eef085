import { fault } from '../../kernel/fault.ts'
import type { Issue } from '../../kernel/fault.ts'
import type { SearchParam } from '../definitions.ts'
import type { SearchRequest } from './request.ts'

/** A note for each parameter of the search whose index is still being built. */
export async function pendingNotes({
  filters,
  sort,
}: Pick<SearchRequest, 'filters' | 'sort'>): Promise<readonly Issue[]> {
  const notes: Issue[] = []
  for (const param of paramsOf({ filters, sort })) {
    if (!param.progress) continue
    const progress = await param.progress()
    if (!progress) continue
    const { done, total } = progress
    const text = `The search parameter "${param.code}" is pending: its index is being built (${String(done)} of ${String(total)} resources), so hits may be missing`
    notes.push({ severity: 'warning', code: 'processing', text })
  }
  return notes
}

/** Conditional criteria decide on all resources or on none. @throws Fault `unavailable` */
export async function refusePending(request: Pick<SearchRequest, 'filters' | 'sort'>): Promise<void> {
  const [note] = await pendingNotes(request)
  if (note)
    throw fault('unavailable', { code: 'transient', text: `${note.text}; conditional requests wait for it` })
}

function paramsOf({ filters, sort }: Pick<SearchRequest, 'filters' | 'sort'>): ReadonlySet<SearchParam> {
  const filtered = filters.flatMap((filter) =>
    filter.kind === 'param' || filter.kind === 'chain' ? [filter.param] : [],
  )
  return new Set([...filtered, ...sort.map(({ param }) => param)])
}
