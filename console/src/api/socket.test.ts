import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import { useSession } from './session.ts'
import { openLink, useLink } from './socket.ts'

/** A hub that is as slow as it is told. */
class SlowSocket extends EventTarget {
  static readonly CONNECTING = 0
  static readonly OPEN = 1
  static readonly all: SlowSocket[] = []
  readyState = SlowSocket.CONNECTING
  constructor() {
    super()
    SlowSocket.all.push(this)
  }
  send(): void {}
  open(): void {
    this.readyState = SlowSocket.OPEN
    this.dispatchEvent(new Event('open'))
  }
  welcome(): void {
    this.dispatchEvent(new MessageEvent('message', { data: '{"type":"welcome","sequence":1}' }))
  }
  close(): void {
    this.readyState = 3
    this.dispatchEvent(Object.assign(new Event('close'), { code: 1006 }))
  }
}

const nobody = { arrival: () => undefined, signal: () => undefined, missed: () => undefined }
const newest = () => SlowSocket.all.at(-1)
const link = () => useLink.getState().state
let close = () => undefined as void

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', SlowSocket)
  const who = { subject: 'nurse', name: 'Nurse', roles: [] }
  useSession.setState({ session: { access: 'a', refresh: 'r', who } })
  SlowSocket.all.length = 0
  close = openLink(nobody)
})

afterEach(() => {
  close()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('gives a busy hub time to answer, and says meanwhile that it connects', () => {
  expect(link()).toBe('connecting')
  newest()?.open()
  vi.advanceTimersByTime(5000)
  expect([link(), newest()?.readyState]).toEqual(['connecting', SlowSocket.OPEN])
  newest()?.welcome()
  expect(link()).toBe('live')
})

it('gives it the same time after a long outage', () => {
  newest()?.open()
  newest()?.welcome()
  newest()?.close()
  expect(link()).toBe('offline')
  const tries = () => SlowSocket.all.length
  while (tries() < 12) {
    vi.advanceTimersByTime(25_000)
    if (newest()?.readyState === SlowSocket.CONNECTING) newest()?.close()
  }
  vi.advanceTimersByTime(25_000)
  newest()?.open()
  vi.advanceTimersByTime(5000)
  expect(newest()?.readyState).toBe(SlowSocket.OPEN)
})

it('does not connect for ever', () => {
  vi.advanceTimersByTime(31_500)
  expect(link()).toBe('offline')
  vi.advanceTimersByTime(2000)
  expect(SlowSocket.all.length).toBe(2)
})
