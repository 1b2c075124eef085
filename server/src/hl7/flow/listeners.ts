import { listenMllp, type Listener } from '../mllp/listener.ts'
import type { Flow } from './create-flow.ts'
import type { FlowFeed } from './feed.ts'

export interface ListenersOptions {
  readonly flow: Pick<Flow, 'feeds' | 'intake' | 'modes'>
  readonly host: string
  readonly report: (error: unknown, feed: string) => void
  /** `undefined` for a feed that has no port. */
  readonly portOf: (feed: FlowFeed) => number | undefined
}

/** The open ports of the feeds. */
export interface Listeners {
  of(feed: string): Listener | undefined
  /** Opens and closes ports until they are as the modes of the feeds say. @throws when a port cannot be opened */
  follow(): Promise<void>
  close(): Promise<void>
}

export function createListeners({ flow, host, portOf, report }: ListenersOptions): Listeners {
  const open = new Map<string, Listener>()
  /** A feed that asked for any free port keeps the one that it got. */
  const ports = new Map<string, number>()
  let turn: Promise<void> = Promise.resolve()
  let isClosed = false

  const followOne = async (feed: FlowFeed): Promise<void> => {
    const port = ports.get(feed.name) ?? portOf(feed)
    const isWanted = !isClosed && port !== undefined && flow.modes.of(feed.name) !== 'stopped'
    const listener = open.get(feed.name)
    if (listener && !isWanted) {
      open.delete(feed.name)
      await listener.close()
    }
    if (listener || !isWanted) return
    const opened = await listenMllp({
      host,
      port,
      frameBytes: feed.frameBytes,
      framing: feed.framing,
      bounds: {
        connectionsPerFeed: feed.connections,
        ...(feed.idleSeconds === undefined ? {} : { idleMs: feed.idleSeconds * 1000 }),
      },
      ...(feed.tls === undefined ? {} : { tls: feed.tls }),
      ...flow.intake(feed),
      report: (error) => report(error, feed.name),
    })
    ports.set(feed.name, opened.port)
    open.set(feed.name, opened)
  }
  const followAll = async () => {
    for (const feed of flow.feeds.values()) await followOne(feed)
  }
  const inTurn = async () => {
    const work = turn.then(followAll)
    turn = work.catch(() => undefined)
    return work
  }
  return {
    of: (feed) => open.get(feed),
    follow: inTurn,
    close: async () => {
      isClosed = true
      await inTurn()
    },
  }
}
