import { fileURLToPath } from 'node:url'

import type { FastifyInstance } from 'fastify'

import type { Foundation } from './app-foundation.ts'
import { callerOfRequest } from './app-http.ts'
import { authoriseCommand } from './auth/authorise.ts'
import { interopApi } from './hl7/api/interop.ts'
import type { FeedListener } from './hl7/flow/create-flow.ts'
import { createFlow, listenFor } from './hl7/flow/create-flow.ts'
import { createMapper } from './hl7/mapping/mapper.ts'

const MAPPINGS = fileURLToPath(new URL('../../mappings', import.meta.url))

/** The interface engine with its API and its listeners. @returns the port of the evaluation feed; undefined without the mllp role */
export async function startHl7(app: FastifyInstance, foundation: Foundation): Promise<number | undefined> {
  const { config, store, clock, log, closing } = foundation
  const { resources } = foundation.fhir
  const mapper = await createMapper(config.HUB_MAPPINGS ?? MAPPINGS)
  const report = (error: unknown, message: string) =>
    log.warn({ err: error, message }, 'a message needs attention')
  const flow = createFlow({ records: store.records, resources, mapper, clock, report })
  const listeners: FeedListener[] = []
  const api = { flow, listeners, records: store.records, resources, since: clock() }
  const access = { callerOf: callerOfRequest, authorise: authoriseCommand }
  // The plugin hands its options on to its parts: the prefix must not be among them.
  await app.register(async (scope) => scope.register(interopApi, { ...api, ...access }), {
    prefix: '/api/v1/interop',
  })
  if (!config.HUB_ROLES.includes('mllp')) return undefined
  closing.push(() => flow.processing.stop())
  for (const feed of flow.feeds.values()) {
    const port = feed.port ?? (feed.name === 'default' ? config.HUB_MLLP_PORT : undefined)
    if (port === undefined) continue
    const listening = await listenFor(flow, feed, { host: config.HUB_HOST, port })
    closing.push(() => listening.listener.close())
    listeners.push(listening)
  }
  await flow.processing.start()
  return listeners.find(({ feed }) => feed.name === 'default')?.listener.port
}
