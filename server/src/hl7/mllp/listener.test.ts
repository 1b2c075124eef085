import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

import { expect, it, onTestFinished } from 'vitest'

import { readHeader } from './header.ts'
import { listenMllp, type Listener, type ListenerOptions } from './listener.ts'

const END = '\x1c\r'
const framed = (text: string) => `\x0b${text}${END}`

async function listen(options: Partial<ListenerOptions> = {}): Promise<Listener> {
  const listener = await listenMllp({
    host: '127.0.0.1',
    port: 0,
    frameBytes: 1024 * 1024,
    receive: (frame) => Promise.resolve(Buffer.from(`answer to ${String(frame.subarray(0, 20))}`)),
    refuse: (head) => Promise.resolve(Buffer.from(`refused ${readHeader(head)?.field(10) ?? 'unknown'}`)),
    ...options,
  })
  onTestFinished(async () => listener.close())
  return listener
}

async function dial({ port }: Listener): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  // A reset is one of the ways in which the hub may end a connection.
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** Reads until `count` answers have come, or the peer closed. */
async function answers(socket: Socket, count: number): Promise<string[]> {
  let text = ''
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk)
    if (text.split(END).length > count) break
  }
  return text.replaceAll('\x0b', '').split(END).slice(0, -1)
}

it('answers pipelined messages in their order, although later ones were ready first', async () => {
  const gates: (() => void)[] = []
  const listener = await listen({
    receive: async (frame) => {
      if (String(frame) === 'one') await new Promise<void>((open) => gates.push(open))
      else gates.forEach((open) => open())
      return frame
    },
  })
  const socket = await dial(listener)
  socket.write(framed('one') + framed('two'))
  expect(await answers(socket, 2)).toEqual(['one', 'two'])
})

it('puts a message together that arrives byte by byte', async () => {
  const socket = await dial(await listen())
  socket.setNoDelay(true)
  for (const char of framed('MSH|x')) socket.write(char)
  expect(await answers(socket, 1)).toEqual(['answer to MSH|x'])
})

it('refuses a message of 20 MB by its MSH-10, closes that connection and goes on with the others', async () => {
  const listener = await listen({ frameBytes: 16 * 1024 * 1024 })
  const [large, other] = [await dial(listener), await dial(listener)]
  large.write(`\x0bMSH|^~\\&|A|B|C|D|||ORU^R01|BIG1|P|2.5\r${'x'.repeat(20 * 1024 * 1024)}${END}`)
  expect(await answers(large, 9)).toEqual(['refused BIG1'])
  other.write(framed('still here'))
  expect(await answers(other, 1)).toEqual(['answer to still here'])
  expect(listener.counts.tooLarge).toBe(1)
})

it('cuts off a frame that does not end in time, and only that connection', async () => {
  const listener = await listen({ bounds: { partialFrameMs: 40 } })
  const [slow, other] = [await dial(listener), await dial(listener)]
  slow.write('\x0bMSH|^~\\&|')
  await once(slow, 'close')
  expect(listener.counts.partialTimeouts).toBe(1)
  other.write(framed('on'))
  expect(await answers(other, 1)).toEqual(['answer to on'])
})

it('closes a connection that is idle, and takes no more connections than its limit', async () => {
  const listener = await listen({ bounds: { idleMs: 500, connectionsPerFeed: 1 } })
  const first = await dial(listener)
  const closed = once(first, 'close')
  const second = await dial(listener)
  await once(second, 'close')
  expect(listener.counts.dropped).toBe(1)
  await closed
})

it('gives no answer and hangs up when a message could not be taken at all', async () => {
  const listener = await listen({ receive: () => Promise.reject(new Error('store away')) })
  const socket = await dial(listener)
  socket.write(framed('x'))
  expect(await answers(socket, 1)).toEqual([])
})

it('reads no further from a peer that waits for too many answers', async () => {
  let waiting = 0
  const gate = Promise.withResolvers<void>()
  const listener = await listen({
    bounds: { pipelined: 4 },
    receive: async (frame) => {
      if (frame.length === 1) return frame
      waiting++
      await gate.promise
      return frame
    },
  })
  const [greedy, other] = [await dial(listener), await dial(listener)]
  const all = answers(greedy, 200)
  for (let count = 0; count < 200; count++) greedy.write(framed('y'.repeat(60_000)))
  for (let turn = 0; turn < 10; turn++) {
    other.write(framed('z'))
    expect(await answers(other, 1)).toEqual(['z'])
  }
  expect(waiting).toBeLessThan(10)
  gate.resolve()
  expect(await all).toHaveLength(200)
})

it('answers what it has before it closes', async () => {
  const gate = Promise.withResolvers<void>()
  const came = Promise.withResolvers<void>()
  const listener = await listen({
    receive: async (frame) => {
      came.resolve()
      await gate.promise
      return frame
    },
  })
  const socket = await dial(listener)
  socket.write(framed('last'))
  await came.promise
  const closed = listener.close()
  gate.resolve()
  expect(await answers(socket, 2)).toEqual(['last'])
  await closed
})

it('closes although a peer resets its connection meanwhile', async () => {
  const listener = await listen()
  const socket = connect({ port: listener.port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => undefined)
  socket.write(framed('x'))
  await once(socket, 'data')
  const closed = listener.close()
  await once(socket, 'end')
  socket.resetAndDestroy()
  await expect(closed).resolves.toBeUndefined()
})
