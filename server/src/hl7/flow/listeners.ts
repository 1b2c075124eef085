import { limits } from '../../kernel/limits.ts'
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
  /** Why the port of a feed that shall run is not open. */
  problemOf(feed: string): string | undefined
  /**
   * Opens and closes ports until they are as the modes and the settings of the feeds say; connections of a port that closes get the answers that they
   * wait for. A port that cannot be opened does not stop the others, and is tried again. @throws then, for the first of them
   */
  follow(): Promise<void>
  close(): Promise<void>
}

export function createListeners({ flow, host, portOf, report }: ListenersOptions): Listeners {
  const open = new Map<string, { readonly listener: Listener; readonly settings: string }>()
  /** A feed that asked for any free port keeps the one that it got. */
  const ports = new Map<string, number>()
  let problems: ReadonlyMap<string, Error> = new Map()
  let turn: Promise<void> = Promise.resolve()
  let isClosed = false
  let timer: NodeJS.Timeout | undefined

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
  const followOne = async (feed: FlowFeed): Promise<void> => {
    const asked = portOf(feed)
    const port = asked === 0 ? (ports.get(feed.name) ?? 0) : asked
    const isWanted = !isClosed && flow.modes.of(feed.name) !== 'stopped'
    if (!isWanted || open.get(feed.name)?.settings !== settingsOf(feed, port)) await close(feed.name)
    if (isWanted && port !== undefined && !open.has(feed.name)) await openPort(feed, port)
  }
  const followAll = async (): Promise<void> => {
    const errors = new Map<string, Error>()
    for (const name of open.keys()) if (!flow.feeds.has(name)) await close(name)
    for (const feed of flow.feeds.values())
      await followOne(feed).catch((error: unknown) => void errors.set(feed.name, asError(error)))
    problems = errors
    for (const error of errors.values()) throw error
  }
  const inTurn = async (): Promise<void> => {
    clearTimeout(timer)
    const work = turn.then(followAll)
    turn = work.catch(retrySoon)
    return work
  }
  const retrySoon = () => {
    if (isClosed) return
    timer = setTimeout(() => void inTurn().catch(() => undefined), limits.hl7.portRetryMs).unref()
  }
  return {
    of: (feed) => open.get(feed)?.listener,
    problemOf: (feed) => problems.get(feed)?.message,
    follow: inTurn,
    close: async () => {
      isClosed = true
      clearTimeout(timer)
      await inTurn()
    },
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('the port cannot be opened')
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
