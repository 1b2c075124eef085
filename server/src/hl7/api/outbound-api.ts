import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'

import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { decodeMessage } from '../mllp/charset.ts'
import { readHeader } from '../mllp/header.ts'
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
  type Retried,
} from '../outbound.contract.ts'
import type { Outbound } from '../outbound/create-outbound.ts'
import type { Destination } from '../outbound/destination.ts'
import { hasText, type StoredOut } from '../outbound/outbox.ts'
import type { InteropOptions } from './interop-options.ts'
import { instant } from './message-view.ts'

type View = z.input<typeof DestinationView>

const ByName = z.object({ name: DestinationName })
const ById = z.object({ id: OutId })

/** Destinations and what was sent to them. */
export const outboundApi: FastifyPluginAsyncZod<InteropOptions> = async (app, options) => {
  const { outbound, callerOf, authorise } = options

  app.get('/destinations', async (request): Promise<z.input<typeof Destinations>> => {
    authorise(callerOf(request), 'messages.read')
    const names = new Set([...outbound.destinations.keys(), ...(await outbound.outbox.awaited())])
    const destinations = await Promise.all([...names].map(async (name) => destinationView(outbound, name)))
    return { destinations, strayAnswers: outbound.strayAnswers }
  })

  const command = { params: ByName, body: DestinationCommand }
  app.post('/destinations/:name/mode', { schema: command }, async (request): Promise<View> => {
    authorise(callerOf(request), 'feeds.manage')
    const destination = destinationOf(outbound, request.params.name)
    await outbound.setMode(destination.name, request.body.mode)
    return destinationView(outbound, destination.name)
  })

  app.post(
    '/destinations/:name/retry',
    { schema: { params: ByName } },
    async (request): Promise<z.input<typeof Retried>> => {
      authorise(callerOf(request), 'messages.replay')
      return retryAll(outbound, destinationOf(outbound, request.params.name).name)
    },
  )

  app.get(
    '/outbound',
    { schema: { querystring: OutQuery } },
    async (request): Promise<z.input<typeof OutList>> => {
      authorise(callerOf(request), 'messages.read')
      const { destination } = request.query
      const isAwaited = (await outbound.outbox.awaited()).includes(destination)
      if (!isAwaited) destinationOf(outbound, destination)
      return listOf(outbound, request.query)
    },
  )

  app.get(
    '/outbound/:id',
    { schema: { params: ById } },
    async (request): Promise<z.input<typeof OutDetail>> => {
      authorise(callerOf(request), 'messages.read')
      const stored = await outbound.outbox.get(request.params.id)
      const { answer, pieces } = stored.message
      const whole = await outbound.outbox.textOf(stored)
      const text = pieces === undefined ? whole : whole.slice(0, limits.hl7.previewBytes)
      return { ...outView(stored), text, ...(answer === undefined ? {} : { answer: readable(answer) }) }
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

const GONE =
  'The file of the destination is gone while messages wait: put it back, and they are sent, or cancel them one by one.'

/** Without a file what waits is all that there is to be told. */
function settingsOf(destination: Destination | undefined): Pick<View, 'address' | 'isTls' | 'messages'> {
  if (destination === undefined) return { address: '', isTls: false, messages: [] }
  const { host, port, tls, messages } = destination
  return { address: `${host}:${port}`, isTls: tls !== undefined, messages: [...messages] }
}

function whyWaiting(destination: Destination | undefined, oldest: StoredOut | undefined) {
  return destination === undefined ? GONE : oldest?.message.reason
}

async function destinationView(outbound: Outbound, name: string): Promise<View> {
  const { outbox, destinations } = outbound
  const [{ count, oldest }, dead, newest] = await Promise.all([
    outbox.waiting(name),
    outbox.deadCount(name),
    outbox.list(name, { limit: limits.hl7.outboundNewest }),
  ])
  const destination = destinations.get(name)
  const reason = whyWaiting(destination, oldest)
  const sent = outbound.sentBy(name)
  const nextTryMs = outbound.nextTryOf(name)
  return {
    name,
    ...settingsOf(destination),
    mode: outbound.modeOf(name),
    waiting: {
      count,
      isMore: count === limits.hl7.outboundCounted,
      ...(oldest === undefined ? {} : { oldest: instant(oldest.message.created) }),
    },
    failures: outbound.failuresOf(name),
    ...(nextTryMs === undefined ? {} : { nextTry: instant(Math.round(nextTryMs)) }),
    dead: { count: dead, isMore: dead === limits.hl7.outboundCounted },
    ...(reason === undefined ? {} : { reason }),
    ...(sent === undefined ? {} : { sent }),
    ...lastOf(newest),
  }
}

/** What was said last about the newest messages, good and bad. */
function lastOf(newest: readonly StoredOut[]): Pick<View, 'lastAnswer' | 'lastError'> {
  const byChange = newest.toSorted((a, b) => b.message.changed - a.message.changed)
  const answered = byChange.find(({ message: { code = '' } }) => code !== '')
  const failed = byChange.find(({ message: { reason } }) => reason !== undefined)
  return {
    ...(answered && {
      lastAnswer: {
        id: answered.id,
        time: instant(answered.message.changed),
        code: answered.message.code ?? '',
      },
    }),
    ...(failed && {
      lastError: {
        id: failed.id,
        time: instant(failed.message.changed),
        reason: failed.message.reason ?? '',
      },
    }),
  }
}

/** Puts dead letters back into the queue, the oldest of the newest first, so that they leave in their order. */
async function retryAll(outbound: Outbound, destination: string): Promise<z.input<typeof Retried>> {
  const limit = limits.hl7.outboundRetriedMost
  const dead = await outbound.outbox.listDead(destination, { limit })
  let count = 0
  for (const { id, message } of dead.toReversed()) {
    // What could not be built has no text that could be sent.
    if (message.state !== 'dead' || !hasText(message)) continue
    await outbound.retry(id)
    count++
  }
  return { count, isMore: dead.length === limit }
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
    const wanted = { limit: PAGE, ...(before === undefined ? {} : { before }) }
    const found = await (state === 'dead'
      ? outbox.listDead(destination, wanted)
      : outbox.list(destination, wanted))
    for (const stored of found) {
      before = stored.id
      if (state === undefined || stored.message.state === state) messages.push(outView(stored))
      if (messages.length === count) return { messages, next: before }
    }
    if (found.length < PAGE) return { messages }
  }
  return { messages, ...(before === undefined ? {} : { next: before }) }
}

/** @param answer one character a byte */
function readable(answer: string): string {
  const bytes = Buffer.from(answer, 'latin1')
  const header = readHeader(bytes)
  try {
    return header === undefined ? answer : decodeMessage(bytes, header, undefined)
  } catch {
    // In a character set that the hub does not know, or wrong in its own.
    return answer
  }
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
