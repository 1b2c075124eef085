import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'

import { fault } from '../../kernel/fault.ts'
import type { RecordStore } from '../../store/port.ts'
import {
  FeedCommand,
  FeedName,
  type Feed,
  type Feeds,
  type Statistics,
  type Unmapped,
} from '../feeds.contract.ts'
import type { Flow } from '../flow/create-flow.ts'
import { FLOW } from '../journal/entry.ts'
import { readFeeds, type FlowFeed } from '../journal/feed.ts'
import { timeOfId } from '../journal/message-time.ts'
import type { InteropOptions } from './interop-options.ts'
import { learned, type Learned } from './learned.ts'
import { instant } from './message-view.ts'

type FeedView = z.input<typeof Feed>

const ByName = z.object({ name: FeedName })

/** How the feeds are, and how they shall run. */
export const feedsApi: FastifyPluginAsyncZod<InteropOptions> = async (app, options) => {
  const { flow, listeners, since, callerOf, authorise } = options

  app.get('/feeds', async (request): Promise<z.input<typeof Feeds>> => {
    authorise(callerOf(request), 'messages.read')
    const waiting = await waitingByFeed(options.records)
    return {
      feeds: await Promise.all(
        [...flow.feeds.values(), ...goneFeeds(flow, waiting)].map(async (feed) =>
          feedView(options, feed, waiting),
        ),
      ),
    }
  })

  const command = { params: ByName, body: FeedCommand }
  app.post('/feeds/:name/mode', { schema: command }, async (request): Promise<FeedView> => {
    authorise(callerOf(request), 'feeds.manage')
    const { name } = request.params
    const gone = goneFeeds(flow, await waitingByFeed(options.records))
    const feed = gone.find((one) => one.name === name) ?? feedOf(flow, name)
    await flow.setMode(feed.name, request.body.mode)
    await listeners.follow()
    return feedView(options, feed, await waitingByFeed(options.records))
  })

  app.get(
    '/feeds/:name/unmapped',
    { schema: { params: ByName } },
    async (request): Promise<z.input<typeof Unmapped>> => {
      authorise(callerOf(request), 'messages.read')
      const { name } = feedOf(flow, request.params.name)
      return { feed: name, items: flow.tally.unmappedOf(name).slice(0, UNMAPPED_SHOWN) }
    },
  )

  app.get('/feeds/:name/learn', { schema: { params: ByName } }, async (request): Promise<Learned> => {
    authorise(callerOf(request), 'feeds.manage')
    return learned(flow, feedOf(flow, request.params.name))
  })

  app.get('/statistics', async (request): Promise<z.input<typeof Statistics>> => {
    authorise(callerOf(request), 'messages.read')
    const { inFlight, outstanding } = flow.partitions
    const { blockedPartitions } = flow.parking
    const minutes = flow.tally.minutes().map(({ time, received, committed, failed }) => ({
      time: instant(time),
      received,
      committed,
      failed,
    }))
    const messages = flow.tally.total()
    const rules = { version: flow.mapper.rules, problems: [...flow.mapper.problems] }
    return { since: instant(since), messages, inFlight, outstanding, blockedPartitions, rules, minutes }
  })
}

const UNMAPPED_SHOWN = 500
const WAITING_COUNTED = 10_000

function feedOf({ feeds }: Flow, name: string): FlowFeed {
  const feed = feeds.get(name)
  if (!feed) throw fault('not-found', { code: 'not-found', text: 'There is no such feed.' })
  return feed
}

/** Feeds whose file went while messages waited: they are shown, and can be run, so that no message lies where nobody looks. */
function goneFeeds({ feeds }: Flow, { byFeed }: Waiting): readonly FlowFeed[] {
  const names = [...byFeed.keys()].filter((name) => !feeds.has(name))
  return [...readFeeds(new Map(names.map((name) => [name, {}]))).values()]
}

const GONE =
  'The file of the feed is gone while messages wait: put it back, or run the feed, and they are set aside as dead letters.'

interface Waiting {
  readonly byFeed: ReadonlyMap<string, { readonly count: number; readonly oldest: string }>
  readonly isMore: boolean
}

async function waitingByFeed(records: RecordStore): Promise<Waiting> {
  const byFeed = new Map<string, { count: number; oldest: string }>()
  const found = await records.range({ collection: FLOW.pending, limit: WAITING_COUNTED })
  for (const { id, value } of found) {
    const feed = String((value as { readonly feed?: unknown }).feed)
    const known = byFeed.get(feed)
    if (known) known.count++
    else byFeed.set(feed, { count: 1, oldest: id })
  }
  return { byFeed, isMore: found.length === WAITING_COUNTED }
}

/** Before one has come since the start, the newest that is kept. */
async function lastReceivedOf({ tally, index }: Flow, feed: string): Promise<number | undefined> {
  const since = tally.lastReceived(feed)
  if (since !== undefined) return since
  const [newest] = await index.find({ field: 'feed', value: feed }, { before: ABOVE_ALL, limit: 1 })
  return newest === undefined ? undefined : timeOfId(newest)
}

/** Ids are hexadecimal. */
const ABOVE_ALL = 'g'

function problemNow({ flow, problemOf }: InteropOptions, feed: string): string | undefined {
  return flow.feeds.has(feed) ? problemOf(feed) : GONE
}

function stateWithoutListener({ port, files }: FlowFeed, mode: FeedView['mode']): FeedView['state'] {
  return port === undefined && files !== undefined && mode !== 'stopped' ? 'watching' : 'closed'
}

async function feedView(options: InteropOptions, feed: FlowFeed, waiting: Waiting): Promise<FeedView> {
  const { flow, listeners } = options
  const { name, ackAt, onFailure } = feed
  const listener = listeners.of(name)
  const minutes = flow.tally.minutes(name)
  const sum = (count: 'received' | 'failed') => minutes.reduce((total, minute) => total + minute[count], 0)
  const waits = waiting.byFeed.get(name)
  const lastReceived = await lastReceivedOf(flow, name)
  const problem = problemNow(options, name)
  return {
    name,
    ackAt,
    onFailure,
    isTls: feed.tls !== undefined,
    mode: flow.modes.of(name),
    state: listener === undefined ? stateWithoutListener(feed, flow.modes.of(name)) : 'listening',
    messages: { ...flow.tally.of(name) },
    wire: { ...listener?.counts },
    perMinute: minutes.at(-2)?.received ?? 0,
    perHour: sum('received'),
    errorsPerHour: sum('failed'),
    waiting: {
      count: waits?.count ?? 0,
      isMore: waiting.isMore,
      ...(waits === undefined ? {} : { oldest: instant(timeOfId(waits.oldest)) }),
    },
    ...(listener === undefined ? {} : { port: listener.port }),
    ...(problem === undefined ? {} : { problem }),
    ...(feed.files === undefined ? {} : { folder: feed.files.folder }),
    ...(lastReceived === undefined ? {} : { lastReceived: instant(lastReceived) }),
  }
}
