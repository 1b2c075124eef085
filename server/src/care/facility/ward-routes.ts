import type { FastifyPluginAsync } from 'fastify'

import { authoriseCommand } from '../../auth/authorise.ts'
import type { Caller } from '../../auth/caller.ts'
import type { WardReader } from './ward-reader.ts'

export interface WardRoutesOptions {
  readonly wards: WardReader
  readonly callerOf: (authorization: string | undefined, correlation?: string) => Caller | Promise<Caller>
}

/** `wards`, `wards/first-taken` and `wards/:id/beds`. Registered below `/api/v1`, whose error handler answers. */
export function wardRoutes({ wards, callerOf }: WardRoutesOptions): FastifyPluginAsync {
  return async (app) => {
    app.get('/wards', async ({ headers, id }) => {
      const caller = await callerOf(headers.authorization, id)
      authoriseCommand(caller, 'ward.read')
      return { wards: await wards.wards(caller) }
    })
    app.get('/wards/first-taken', async ({ headers, id }) => {
      const caller = await callerOf(headers.authorization, id)
      authoriseCommand(caller, 'ward.read')
      const first = await wards.firstTaken(caller)
      return first === undefined ? {} : { id: first }
    })
    app.get<{ Params: { id: string } }>('/wards/:id/beds', async ({ headers, id, params }, reply) => {
      const caller = await callerOf(headers.authorization, id)
      authoriseCommand(caller, 'ward.read')
      void reply.header('cache-control', 'no-store')
      return wards.board(caller, params.id)
    })
  }
}
