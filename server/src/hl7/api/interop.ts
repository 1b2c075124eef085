import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'

import { TraceQuery } from '../hl7.contract.ts'
import { traceElements } from './element-trace.ts'
import { feedsApi } from './feeds-api.ts'
import type { InteropOptions } from './interop-options.ts'
import { messageCommandsApi, messagesApi } from './messages-api.ts'
import { outboundApi } from './outbound-api.ts'
import { replaysApi } from './replays-api.ts'
import { withSegments } from './source-segment.ts'
import { testerApi } from './tester-api.ts'
import { worklistApi } from './worklist-api.ts'

/** `/api/v1/interop`: messages, where values come from, what needs a person, how the feeds are. */
export const interopApi: FastifyPluginAsyncZod<InteropOptions> = async (app, options) => {
  // The prefix is this plugin's own: its parts stand right below it.
  const below = { ...options, prefix: '' }
  await app.register(messagesApi, below)
  await app.register(messageCommandsApi, below)
  await app.register(traceApi, below)
  await app.register(worklistApi, below)
  await app.register(feedsApi, below)
  await app.register(replaysApi, below)
  await app.register(testerApi, below)
  await app.register(outboundApi, below)
}

/** Where the values of a resource came from. */
const traceApi: FastifyPluginAsyncZod<InteropOptions> = async (app, options) => {
  const { flow, records, resources, callerOf, authorise } = options

  app.get('/trace', { schema: { querystring: TraceQuery } }, async (request) => {
    const caller = callerOf(request)
    authorise(caller, 'trace.read')
    const { reference, element } = request.query
    const [type = '', id = ''] = reference.split('/')
    // Who may not see the resource may not see where it came from.
    await resources.read(caller, type, id)
    const wanted = { reference, ...(element === undefined ? {} : { element }) }
    const { sources } = await traceElements({ records, resources }, wanted)
    return { reference, sources: await withSegments({ journal: flow.journal, feeds: flow.feeds }, sources) }
  })
}
