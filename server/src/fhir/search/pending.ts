import { fault } from '../../kernel/fault.ts'
import type { Issue } from '../../kernel/fault.ts'
import type { Soon } from '../../kernel/soon.ts'
import type { IndexProgress, SearchParam } from '../definitions.ts'
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
    notes.push(progress.isFinished ? incomplete(param, progress) : pending(param, progress))
  }
  return notes
}

function pending({ code }: SearchParam, { done, total }: IndexProgress): Issue {
  const text = `The search parameter "${code}" is pending: its index is being built (${String(done)} of ${String(total)} resources), so hits may be missing`
  return { severity: 'warning', code: 'processing', text }
}

function incomplete({ code }: SearchParam, { failed, total }: IndexProgress): Issue {
  const text = `The search parameter "${code}" does not find ${String(failed)} of ${String(total)} resources: finding its values there takes too long`
  return { severity: 'warning', code: 'too-costly', text }
}

/** Conditional criteria decide on all resources or on none. @throws Fault `unavailable`, `too-costly` */
export async function refusePending(request: Asked): Promise<void> {
  const notes = await pendingNotes(request)
  const waiting = notes.find(({ code }) => code === 'processing')
  if (waiting)
    throw fault('unavailable', {
      code: 'transient',
      text: `${waiting.text}; conditional requests wait for it`,
    })
  const [lasting] = notes
  if (lasting)
    throw fault('too-costly', {
      code: 'too-costly',
      text: `${lasting.text}; conditional requests need all: give the parameter another expression`,
    })
}

/** The parameters that have an index of their own to be built. */
function builtIn({ filters, sort }: Asked): ReadonlySet<SearchParam> {
  const built = new Set<SearchParam>()
  for (const filter of filters)
    if ((filter.kind === 'param' || filter.kind === 'chain') && filter.param.progress) built.add(filter.param)
  for (const { param } of sort) if (param.progress) built.add(param)
  return built
}
