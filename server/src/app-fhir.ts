import type { FastifyInstance } from 'fastify'

import type { Foundation } from './app-foundation.ts'
import { callerOfRequest } from './app-http.ts'
import { alarmRoutes } from './care/facility/alarm-routes.ts'
import type { Search as FindOnBehalf } from './care/facility/search.ts'
import { createWardReader } from './care/facility/ward-reader.ts'
import { wardRoutes } from './care/facility/ward-routes.ts'
import { fhirRest } from './fhir/rest/fhir-rest.ts'

/** `/fhir` and the care services that read through it. */
export async function startFhir(app: FastifyInstance, foundation: Foundation): Promise<void> {
  const { fhir, auth, clock } = foundation
  await app.register(fhirRest, { prefix: '/fhir', rest: fhir.rest, callerOf: callerOfRequest })
  const find: FindOnBehalf = async (caller, type, query) => {
    const pairs = [...query]
    const page = await fhir.search.find(caller, { type, pairs, handling: 'strict' })
    const rows = [...page.matches, ...page.included]
    return { rows, ...(page.next === undefined ? {} : { next: page.next }) }
  }
  const wards = createWardReader({ search: find })
  const callerOf = (authorization: string | undefined, correlation?: string) =>
    auth.callerOf(authorization, correlation)
  await app.register(wardRoutes({ wards, callerOf }), { prefix: '/api/v1' })
  const alarms = alarmRoutes({ search: find, resources: fhir.resources, clock, callerOf })
  await app.register(alarms, { prefix: '/api/v1' })
}
