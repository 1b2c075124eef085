import { limits } from '../../kernel/limits.ts'
import type { FlowFeed } from '../journal/feed.ts'
import { listenMllp, type Listener } from '../mllp/listener.ts'
import { networkWords } from '../mllp/network-words.ts'
import type { Flow } from './create-flow.ts'

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
  /** Why the port of a feed that shall run is not open, or what will close it to its senders. */
  problemOf(feed: string): string | undefined
  /**
   * Opens and closes ports until they are as the modes and the settings of the feeds say; connections of a port that closes get the answers that they
   * wait for. A port that cannot be opened stops nothing else: it is reported, and tried again.
   */
  follow(): Promise<void>
  close(): Promise<void>
}

export function createListeners(options: ListenersOptions): Listeners {
  const { flow, report } = options
  const ports = createPorts(options)
  let problems: ReadonlyMap<string, string> = new Map()
  let turn: Promise<void> = Promise.resolve()
  let isClosed = false
  let timer: NodeJS.Timeout | undefined

  const followAll = async (): Promise<void> => {
    const errors = new Map<string, string>()
    for (const name of ports.open.keys()) if (!flow.feeds.has(name)) await ports.close(name)
    for (const feed of flow.feeds.values())
      await ports.follow(feed, isClosed).catch((error: unknown) => {
        const words = networkWords(error)
        errors.set(feed.name, words)
        // Once, not at each attempt.
        if (problems.get(feed.name) !== words) report(error, feed.name)
      })
    problems = errors
    if (errors.size > 0) retrySoon()
  }
  const inTurn = async (): Promise<void> => {
    clearTimeout(timer)
    turn = turn.then(followAll).catch((error: unknown) => {
      report(error, 'listeners')
      retrySoon()
    })
    return turn
  }
  const retrySoon = () => {
    if (!isClosed) timer = setTimeout(() => void inTurn(), limits.hl7.portRetryMs).unref()
  }
  return {
    of: (feed) => ports.open.get(feed)?.listener,
    problemOf: (feed) => problems.get(feed) ?? ports.open.get(feed)?.listener.problem(),
    follow: inTurn,
    close: async () => {
      isClosed = true
      clearTimeout(timer)
      await inTurn()
    },
  }
}

/** Opens and closes the port of one feed at a time. */
function createPorts({ flow, host, portOf, report }: ListenersOptions) {
  const open = new Map<string, { readonly listener: Listener; readonly settings: string }>()
  /** A feed that asked for any free port keeps the one that it got. */
  const ports = new Map<string, number>()

  const close = async (name: string): Promise<void> => {
    const there = open.get(name)
    open.delete(name)
    await there?.listener.close()
  }
  const openPort = async (feed: FlowFeed, port: number): Promise<void> => {
    const own = (error: unknown) => report(error, feed.name)
    const listener = await listenMllp({ ...wireOf(feed), ...flow.intake(feed), host, port, report: own })
    ports.set(feed.name, listener.port)
    open.set(feed.name, { listener, settings: settingsOf(feed, listener.port) })
  }
  const follow = async (feed: FlowFeed, isClosed: boolean): Promise<void> => {
    const asked = portOf(feed)
    const port = asked === 0 ? (ports.get(feed.name) ?? 0) : asked
    const isWanted = !isClosed && flow.modes.of(feed.name) !== 'stopped'
    if (!isWanted || open.get(feed.name)?.settings !== settingsOf(feed, port)) await close(feed.name)
    if (isWanted && port !== undefined && !open.has(feed.name)) await openPort(feed, port)
  }
  return { open, close, follow }
}

function wireOf({ frameBytes, framing, connections, idleSeconds, tls }: FlowFeed) {
  return {
    frameBytes,
    framing,
    bounds: {
      connectionsPerFeed: connections,
      ...(idleSeconds === undefined ? {} : { idleMs: idleSeconds * 1000 }),
    },
    ...(tls === undefined ? {} : { tls }),
  }
}

/** What a listener is opened with: when it changes, the port is closed and opened again. Everything else is read with each message. */
function settingsOf(feed: FlowFeed, port: number | undefined): string {
  return JSON.stringify({ port, ...wireOf(feed) })
}
