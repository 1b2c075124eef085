import { CLOSE, ServerMessage } from '@hub/events/events.contract.ts'
import type { Hello } from '@hub/events/events.contract.ts'
import { create } from 'zustand'

import { freshAccess, useSession } from './session.ts'

export type Arrival = Extract<ServerMessage, { type: 'event' }>
export type Signal = Extract<ServerMessage, { type: 'live' }>

/** `connecting`: not yet, for the first time; `live`: the hub was heard within two heartbeats; `delayed`: later than that; `offline`: no connection. */
export type LinkState = 'connecting' | 'live' | 'delayed' | 'offline'

interface Link {
  readonly state: LinkState
  /** When the hub was last heard, or last asked for an answer, milliseconds since 1970: its silence counts from then. */
  readonly heardAt: number
}

export const useLink = create<Link>(() => ({ state: 'connecting', heardAt: 0 }))

export interface LinkListener {
  arrival(arrival: Arrival): void
  signal(signal: Signal): void
  /** Events were missed for good: everything on the screen has to be read again. */
  missed(): void
}

const HEARTBEAT_MS = 15_000
const LATE_MS = HEARTBEAT_MS * 2
const DEAD_MS = HEARTBEAT_MS * 4
const BACKOFF_MS = { first: 500, most: 15_000 }

/**
 * The one WebSocket of the console: says hello with the token and the last event that it saw, and comes back by itself.
 *
 * @returns stops it
 */
export function openLink(listener: LinkListener): () => void {
  let after: Hello['after']
  let socket: WebSocket | undefined
  let wait = BACKOFF_MS.first
  let timer: ReturnType<typeof setTimeout> | undefined
  let isStopped = false

  const connect = () => {
    const token = useSession.getState().session?.access
    if (isStopped || token === undefined) return
    const own = new WebSocket(`${location.origin.replace('http', 'ws')}/ws`)
    socket = own
    beginSilence()
    own.addEventListener('open', () => {
      beginSilence()
      const hello: Hello = { type: 'hello', token, ...(after === undefined ? {} : { after }) }
      own.send(JSON.stringify(hello))
    })
    own.addEventListener('message', ({ data }) => {
      const { success, data: message } = ServerMessage.safeParse(JSON.parse(String(data)))
      wait = BACKOFF_MS.first
      useLink.setState({ state: 'live', heardAt: Date.now() })
      if (!success) return
      if (message.type !== 'live') after = message.sequence
      tell(listener, message)
    })
    own.addEventListener('close', ({ code }) => void lost(code, token))
  }

  const lost = async (code: number, token: string) => {
    useLink.setState({ state: 'offline' })
    if (isStopped) return
    if (code === CLOSE.unauthenticated) await freshAccess(token)
    timer = setTimeout(connect, wait * (0.5 + Math.random()))
    wait = Math.min(wait * 2, BACKOFF_MS.most)
  }

  const watch = setInterval(() => {
    if (socket) watchSilence(socket)
  }, 1000)
  connect()
  return () => {
    isStopped = true
    clearTimeout(timer)
    clearInterval(watch)
    socket?.close()
    useLink.setState({ state: 'connecting' })
  }
}

function tell(listener: LinkListener, message: ServerMessage): void {
  if (message.type === 'event') listener.arrival(message)
  if (message.type === 'live') listener.signal(message)
  if (message.type === 'too-old') listener.missed()
}

/** The hub has just been asked: how long it was not heard before does not count. */
function beginSilence(): void {
  useLink.setState({ heardAt: Date.now() })
}

function watchSilence(socket: WebSocket): void {
  const { readyState } = socket
  if (readyState !== WebSocket.CONNECTING && readyState !== WebSocket.OPEN) return
  const silentMs = Date.now() - useLink.getState().heardAt
  if (silentMs > (readyState === WebSocket.OPEN ? DEAD_MS : LATE_MS)) socket.close()
  else if (silentMs > LATE_MS) useLink.setState({ state: 'delayed' })
}
