import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'

import type { Caller } from '../../auth/caller.ts'
import type { Command } from '../../auth/permissions.ts'
import type { MergeRecord } from '../record/merge-record.ts'
import type { Merging } from './create-merging.ts'
import { MergeQuery, type Merge, type MergeDetail, type Merges } from './merges.contract.ts'

export interface MergesOptions {
  readonly merging: Pick<Merging, 'list' | 'get' | 'changed' | 'undo'>
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
      const { cursor, count, number } = request.query
      const { merges, next } = await merging.list({
        limit: count,
        ...(cursor === undefined ? {} : { before: cursor }),
        ...(number === undefined ? {} : { number }),
      })
      return { merges: merges.map(view), ...(next === undefined ? {} : { next }) }
    },
  )

  const schema = { params: z.object({ id: z.string().max(64) }) }
  app.get('/merges/:id', { schema }, async (request): Promise<z.input<typeof MergeDetail>> => {
    authorise(callerOf(request), 'worklist.read')
    const { id } = request.params
    return { ...view(await merging.get(id)), changed: [...(await merging.changed(id))] }
  })

  app.post('/merges/:id/undo', { schema }, async (request) => {
    const caller = callerOf(request)
    authorise(caller, 'worklist.resolve')
    return view(await merging.undo(caller, request.params.id))
  })
}

function view(merge: MergeRecord): z.input<typeof Merge> {
  const { id, kind, from, to, scope, state, feed, message, time, moved, left } = merge
  return {
    id,
    kind,
    from,
    to,
    scope: [...scope],
    state,
    feed,
    message,
    time: new Date(time).toISOString(),
    moved,
    left: [...left],
  }
}
