import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'

import type { Caller } from '../auth/caller.ts'
import type { Command } from '../auth/permissions.ts'
import type { Resources } from '../fhir/resources.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Associations } from './association.ts'
import type { Gateway } from './gateway.ts'

export interface DevicesApiOptions {
  readonly gateway: Gateway
  readonly associations: Associations
  readonly resources: Resources
  readonly clock: Clock
  readonly callerOf: (request: FastifyRequest) => Caller
  /** @throws Fault `forbidden` */
  readonly authorise: (caller: Caller, command: Command) => void
}

const Params = z.object({ device: z.string().regex(/^[A-Za-z0-9.-]{1,64}$/) })
const Body = z.strictObject({
  patient: z.string().regex(/^Patient\/[A-Za-z0-9.-]{1,64}$/),
  facilities: z
    .array(z.string().regex(/^Organization\/[A-Za-z0-9.-]{1,64}$/))
    .max(16)
    .default([]),
  start: z.iso.datetime({ offset: true }).optional(),
})

/** `/api/v1/devices`: the fleet, and which patient each device measures. */
export const devicesApi: FastifyPluginAsyncZod<DevicesApiOptions> = async (app, options) => {
  const { gateway, associations, resources, clock, callerOf, authorise } = options

  app.get('/', async (request) => {
    authorise(callerOf(request), 'devices.read')
    return { devices: gateway.fleet(), associations: await associations.current() }
  })

  app.put('/:device/association', { schema: { params: Params, body: Body } }, async (request) => {
    const caller = callerOf(request)
    authorise(caller, 'devices.manage')
    const { patient, facilities, start } = request.body
    // A device never hangs on somebody whom the caller may not see, or who does not exist.
    await resources.read(caller, 'Patient', patient.slice('Patient/'.length))
    const since = start === undefined ? clock() : Date.parse(start)
    await associations.begin({ device: request.params.device, patient, facilities, start: since })
    return { device: request.params.device, patient, start: new Date(since).toISOString() }
  })

  app.delete('/:device/association', { schema: { params: Params } }, async (request, reply) => {
    authorise(callerOf(request), 'devices.manage')
    await associations.end(request.params.device, clock())
    return reply.code(204).send()
  })
}
