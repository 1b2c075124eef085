import type { FastifyPluginAsync } from 'fastify'

import { authoriseCommand } from '../../auth/authorise.ts'
import type { Caller } from '../../auth/caller.ts'
import type { Resources } from '../../fhir/resources.ts'
import type { Clock } from '../../kernel/clock.ts'
import { fault } from '../../kernel/fault.ts'
import { readAlarm, readAlarmList } from './alarm-reader.ts'
import { acknowledgementOf } from './alarm-view.ts'
import type { Search } from './search.ts'
import { createFind } from './search.ts'

export interface AlarmRoutesOptions {
  readonly search: Search
  readonly resources: Pick<Resources, 'transact'>
  readonly clock: Clock
  readonly callerOf: (authorization: string | undefined, correlation?: string) => Caller | Promise<Caller>
}

const ID = /^[A-Za-z0-9\-.]{1,64}$/

/** `alarms` and `alarms/:id/acknowledge`. Registered below `/api/v1`, whose error handler answers. */
export function alarmRoutes({ search, resources, clock, callerOf }: AlarmRoutesOptions): FastifyPluginAsync {
  const find = createFind(search)
  return async (app) => {
    app.get('/alarms', async ({ headers, id }, reply) => {
      const caller = await callerOf(headers.authorization, id)
      authoriseCommand(caller, 'ward.read')
      void reply.header('cache-control', 'no-store')
      return readAlarmList({ find, caller })
    })
    app.post<{ Params: { id: string } }>('/alarms/:id/acknowledge', async ({ headers, id, params }) => {
      const caller = await callerOf(headers.authorization, id)
      authoriseCommand(caller, 'alarms.acknowledge')
      const alarm = ID.test(params.id) ? await readAlarm({ find, caller }, params.id) : undefined
      if (alarm === undefined) {
        throw fault('not-found', {
          code: 'not-found',
          text: `There is no open alarm ${params.id}. GET /api/v1/alarms lists them.`,
        })
      }
      if (alarm.acknowledged !== undefined) return { id: alarm.id, acknowledged: alarm.acknowledged }
      const now = clock()
      const resource = acknowledgementOf(alarm, caller, now)
      const draft = { type: 'Communication', id: alarm.id, method: 'PUT', expected: 0, resource } as const
      // Somebody else may have been first: then their time counts.
      const result = await resources.transact(caller, { drafts: [draft] })
      const first = result.outcome === 'stale' ? await readAlarm({ find, caller }, alarm.id) : undefined
      return { id: alarm.id, acknowledged: first?.acknowledged ?? now }
    })
  }
}
