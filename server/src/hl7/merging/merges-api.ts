import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'

import type { Caller } from '../../auth/caller.ts'
import type { Command } from '../../auth/permissions.ts'
import type { MergeRecord } from '../record/merge-record.ts'
import type { Merging } from './create-merging.ts'
import { MergeQuery, type Merges } from './merges.contract.ts'

export interface MergesOptions {
  readonly merging: Pick<Merging, 'list' | 'undo'>
  readonly callerOf: (request: FastifyRequest) => Caller
  /** @throws Fault `forbidden` */
  readonly authorise: (caller: Caller, command: Command) => void
}

/** `/api/v1/interop/merges`: what was merged or moved, and the way back. */
export const mergesApi: FastifyPluginAsyncZod<MergesOptions> = async (
  app,
  { merging, callerOf, authorise },
) => {
  app.get(
    '/merges',
    { schema: { querystring: MergeQuery } },
    async (request): Promise<z.input<typeof Merges>> => {
      authorise(callerOf(request), 'worklist.read')
      const { cursor, count } = request.query
      const found = await merging.list({
        limit: count + 1,
        ...(cursor === undefined ? {} : { before: cursor }),
      })
      const merges = found.slice(0, count).map(view)
      const last = merges.at(-1)
      return { merges, ...(found.length > count && last ? { next: last.id } : {}) }
    },
  )

  const schema = { params: z.object({ id: z.string().max(64) }) }
  app.post('/merges/:id/undo', { schema }, async (request) => {
    const caller = callerOf(request)
    authorise(caller, 'worklist.resolve')
    return view(await merging.undo(caller, request.params.id))
  })
}

function view({ id, kind, from, to, state, feed, message, time, moved, left }: MergeRecord) {
  return {
    id,
    kind,
    from,
    to,
    state,
    feed,
    message,
    time: new Date(time).toISOString(),
    moved,
    left: [...left],
  }
}
