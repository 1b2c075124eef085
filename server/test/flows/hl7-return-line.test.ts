import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'

import { expect, it, onTestFinished, vi } from 'vitest'

import { freePort } from '../free-port.ts'
import { admit, Sender, settled, startEngine } from './interface-engine.ts'

/** @see HL7 v2.5.1, 2.9.3: the application answers with a message of its own. */
interface Listening {
  readonly port: number
  readonly texts: string[]
}

async function listening(port = 0): Promise<Listening> {
  const texts: string[] = []
  const server: Server = createServer((socket) => {
    socket.on('data', (chunk) => texts.push(chunk.toString('latin1')))
    socket.on('error', () => undefined)
    onTestFinished(() => void socket.destroy())
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { port: (server.address() as AddressInfo).port, texts }
}

function enhanced(id: string): string {
  return admit({ id }).replace('|2.5.1\r', '|2.5.1|||AL|AL\r')
}

it("sends the application's answers to where the feed says, those of the transport back", async () => {
  const peer = await listening()
  const engine = await startEngine({ returnTo: { host: '127.0.0.1', port: peer.port } })
  const sender = new Sender(engine.port)
  expect(await sender.send(enhanced('R1'))).toContain('MSA|CA|R1')
  await vi.waitFor(() => expect(peer.texts.join('')).toContain('\rMSA|AA|R1\r\x1c\r'))
  expect(peer.texts.join('')).toMatch(/^.MSH/)
  // The next answer of the connection is that of the next message.
  expect(await sender.send(enhanced('R2'))).toContain('MSA|CA|R2')
  expect(await sender.send(admit({ id: 'R3' }))).toContain('MSA|AA|R3')
  await vi.waitFor(() =>
    expect(peer.texts.join('').match(/MSA\|AA\|R\d/g)).toEqual(['MSA|AA|R1', 'MSA|AA|R2']),
  )
})

it('keeps the answers in order for a peer that is not there yet, and reports it once', async () => {
  const port = await freePort()
  const engine = await startEngine({ returnTo: { host: '127.0.0.1', port } })
  const sender = new Sender(engine.port)
  for (const id of ['R1', 'R2', 'R3']) {
    expect(await sender.send(enhanced(id))).toContain(`MSA|CA|${id}`)
    await settled(engine, id, 'committed')
  }
  await vi.waitFor(() => expect(engine.reported).toHaveLength(1))
  const peer = await listening(port)
  await vi.waitFor(
    () => expect(peer.texts.join('').match(/MSA\|AA\|R\d/g)).toEqual(['MSA|AA|R1', 'MSA|AA|R2', 'MSA|AA|R3']),
    10_000,
  )
})
