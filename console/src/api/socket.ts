import { create } from 'zustand'

import { Frame } from './frames.ts'
import type { Arrival, Signal } from './frames.ts'
import { freshAccess, useSession } from './session.ts'

/** `live`: the hub was heard within two heartbeats; `delayed`: later than that; `offline`: no connection. */
export type LinkState = 'live' | 'delayed' | 'offline'

interface Link {
  readonly state: LinkState
  /** When the hub was last heard, milliseconds since 1970. */
  readonly heardAt: number
}

export const useLink = create<Link>(() => ({ state: 'offline', heardAt: 0 }))

export interface LinkListener {
  arrival(arrival: Arrival): void
  signal(signal: Signal): void
  /** Events were missed for good: everything on the screen has to be read again. */
  reset(): void
}

const HEARTBEAT_MS = 15_000
const LATE_MS = HEARTBEAT_MS * 2
const DEAD_MS = HEARTBEAT_MS * 4
const BACKOFF_MS = { first: 500, most: 15_000 }

/**
 * The one WebSocket of the console: says hello with the token and the last commit that it saw, and comes back by itself.
 *
 * @returns stops it
 */
export function openLink(listener: LinkListener): () => void {
  let after: number | undefined
  let socket: WebSocket | undefined
  let wait = BACKOFF_MS.first
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopped = false

  const connect = () => {
    const token = useSession.getState().session?.access
    if (stopped || token === undefined) return
    socket = new WebSocket(`${location.origin.replace('http', 'ws')}/ws`)
    socket.addEventListener('open', () => socket?.send(JSON.stringify({ kind: 'hello', token, after })))
    socket.addEventListener('message', ({ data }) => take(String(data)))
    socket.addEventListener('close', ({ code }) => void lost(code, token))
  }
  const take = (text: string) => {
    const frame = Frame.safeParse(JSON.parse(text)).data
    wait = BACKOFF_MS.first
    useLink.setState({ state: 'live', heardAt: Date.now() })
    if (frame === undefined) return
    if ('n' in frame && frame.n !== undefined) after = frame.n
    if (frame.kind === 'event') listener.arrival(frame)
    if (frame.kind === 'signal') listener.signal(frame)
    if (frame.kind === 'reset') listener.reset()
  }
  const lost = async (code: number, token: string) => {
    useLink.setState({ state: 'offline' })
    if (stopped) return
    if (code === UNAUTHENTICATED) await freshAccess(token)
    timer = setTimeout(connect, wait * (0.5 + Math.random()))
    wait = Math.min(wait * 2, BACKOFF_MS.most)
  }
  const watch = setInterval(() => {
    const silentMs = Date.now() - useLink.getState().heardAt
    if (socket?.readyState !== WebSocket.OPEN) return
    if (silentMs > DEAD_MS) socket.close()
    else if (silentMs > LATE_MS) useLink.setState({ state: 'delayed' })
  }, 1000)

  connect()
  return () => {
    stopped = true
    clearTimeout(timer)
    clearInterval(watch)
    socket?.close()
    useLink.setState({ state: 'offline' })
  }
}

/** The hub closes with this code when the token is not valid any more. */
const UNAUTHENTICATED = 4401
