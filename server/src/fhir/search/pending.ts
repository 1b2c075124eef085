import { fault } from '../../kernel/fault.ts'
import type { Issue } from '../../kernel/fault.ts'
import type { Soon } from '../../kernel/soon.ts'
import type { SearchParam } from '../definitions.ts'
import type { SearchRequest } from './request.ts'

type Asked = Pick<SearchRequest, 'filters' | 'sort'>

/** A note for each parameter of the search whose index is still being built. */
export function pendingNotes(request: Asked): Soon<readonly Issue[]> {
  const built = builtIn(request)
  return built.size === 0 ? [] : notesOf(built)
}

async function notesOf(params: ReadonlySet<SearchParam>): Promise<readonly Issue[]> {
  const notes: Issue[] = []
  for (const param of params) {
    const progress = await param.progress?.()
    if (!progress) continue
    const { done, total } = progress
    const text = `The search parameter "${param.code}" is pending: its index is being built (${String(done)} of ${String(total)} resources), so hits may be missing`
    notes.push({ severity: 'warning', code: 'processing', text })
  }
  return notes
}

/** Conditional criteria decide on all resources or on none. @throws Fault `unavailable` */
export async function refusePending(request: Asked): Promise<void> {
  const [note] = await pendingNotes(request)
  if (note)
    throw fault('unavailable', { code: 'transient', text: `${note.text}; conditional requests wait for it` })
}

/** The parameters that have an index of their own to be built. */
function builtIn({ filters, sort }: Asked): ReadonlySet<SearchParam> {
  const built = new Set<SearchParam>()
  for (const filter of filters)
    if ((filter.kind === 'param' || filter.kind === 'chain') && filter.param.progress) built.add(filter.param)
  for (const { param } of sort) if (param.progress) built.add(param)
  return built
}
