import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'

import { fault } from '../../kernel/fault.ts'
import {
  DestinationCommand,
  DestinationName,
  OutId,
  OutQuery,
  type Destinations,
  type DestinationView,
  type OutDetail,
  type OutList,
  type OutView,
} from '../outbound.contract.ts'
import type { Outbound } from '../outbound/create-outbound.ts'
import type { Destination } from '../outbound/destination.ts'
import type { StoredOut } from '../outbound/outbox.ts'
import type { InteropOptions } from './interop.ts'
import { instant } from './message-view.ts'

type View = z.input<typeof DestinationView>

const ByName = z.object({ name: DestinationName })
const ById = z.object({ id: OutId })

/** Destinations and what was sent to them. */
export const outboundApi: FastifyPluginAsyncZod<InteropOptions> = async (app, options) => {
  const { outbound, callerOf, authorise } = options

  app.get('/destinations', async (request): Promise<z.input<typeof Destinations>> => {
    authorise(callerOf(request), 'messages.read')
    const all = [...outbound.destinations.values()]
    const destinations = await Promise.all(all.map(async (one) => destinationView(outbound, one)))
    return { destinations, strayAnswers: outbound.strayAnswers }
  })

  const command = { params: ByName, body: DestinationCommand }
  app.post('/destinations/:name/mode', { schema: command }, async (request): Promise<View> => {
    authorise(callerOf(request), 'feeds.manage')
    const destination = destinationOf(outbound, request.params.name)
    await outbound.setMode(destination.name, request.body.mode)
    return destinationView(outbound, destination)
  })

  app.get(
    '/outbound',
    { schema: { querystring: OutQuery } },
    async (request): Promise<z.input<typeof OutList>> => {
      authorise(callerOf(request), 'messages.read')
      destinationOf(outbound, request.query.destination)
      return listOf(outbound, request.query)
    },
  )

  app.get(
    '/outbound/:id',
    { schema: { params: ById } },
    async (request): Promise<z.input<typeof OutDetail>> => {
      authorise(callerOf(request), 'messages.read')
      const stored = await outbound.outbox.get(request.params.id)
      const { text, answer } = stored.message
      return { ...outView(stored), text, ...(answer === undefined ? {} : { answer }) }
    },
  )

  for (const action of ['retry', 'cancel'] as const) {
    app.post(`/outbound/:id/${action}`, { schema: { params: ById } }, async (request) => {
      authorise(callerOf(request), 'messages.replay')
      return outView(await outbound[action](request.params.id))
    })
  }
}

function destinationOf({ destinations }: Outbound, name: string): Destination {
  const found = destinations.get(name)
  if (found) return found
  throw fault('not-found', { code: 'not-found', text: 'There is no such destination.' })
}

const COUNTED = 10_000

async function destinationView(outbound: Outbound, destination: Destination): Promise<View> {
  const { name, host, port, tls, messages } = destination
  const { count, oldest } = await outbound.outbox.waiting(name)
  const reason = oldest?.message.reason
  return {
    name,
    address: `${host}:${port}`,
    isTls: tls !== undefined,
    mode: outbound.modeOf(name),
    messages: [...messages],
    waiting: {
      count,
      isMore: count === COUNTED,
      ...(oldest === undefined ? {} : { oldest: instant(oldest.message.created) }),
    },
    failures: outbound.failuresOf(name),
    ...(reason === undefined ? {} : { reason }),
  }
}

const PAGE = 200
const PAGES = 10

async function listOf(
  { outbox }: Outbound,
  { destination, state, cursor, count }: z.output<typeof OutQuery>,
): Promise<z.input<typeof OutList>> {
  const messages: z.input<typeof OutView>[] = []
  let before = cursor
  for (let page = 0; page < PAGES; page++) {
    const found = await outbox.list(destination, { limit: PAGE, ...(before === undefined ? {} : { before }) })
    for (const stored of found) {
      before = stored.id
      if (state === undefined || stored.message.state === state) messages.push(outView(stored))
      if (messages.length === count) return { messages, next: before }
    }
    if (found.length < PAGE) return { messages }
  }
  return { messages, ...(before === undefined ? {} : { next: before }) }
}

function outView({ id, message }: StoredOut): z.input<typeof OutView> {
  const { destination, definition, reference, version, controlId, state, attempts, code, reason } = message
  return {
    id,
    destination,
    definition,
    reference,
    version,
    controlId,
    state,
    attempts,
    created: instant(message.created),
    changed: instant(message.changed),
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason }),
  }
}
