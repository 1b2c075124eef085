import { createServer } from 'node:net'

import type { Hl7MessageEvent } from '@medplum/hl7'

import { Framer } from '../src/hl7/mllp/framer.ts'

/** Receivers that acknowledge without storing, each a process of its own: what `bench-hl7.ts` compares the hub with. */
const ready = (port: number) =>
  process.stdout.write(
    `${JSON.stringify({ event: 'ready', http: `http://127.0.0.1:${port}`, mllp: port })}\n`,
  )

const PORT = Number(process.argv[3] ?? 0)

/** Finds the frames and answers with constant bytes: the ceiling. */
function bare(): void {
  const answer = Buffer.from('\x0bMSH|^~\\&|A|B|C|D|2026||ACK|1|P|2.5.1\rMSA|AA|1\r\x1c\r')
  const server = createServer({ noDelay: true }, (socket) => {
    const framer = new Framer(16 * 1024 * 1024)
    socket.on('data', (chunk: Buffer) => {
      framer.push(chunk).forEach(() => socket.write(answer))
    })
    socket.on('error', () => undefined)
  })
  server.listen(PORT, '127.0.0.1', () => ready(PORT))
}

async function medplum(): Promise<void> {
  const { Hl7Server } = await import('@medplum/hl7')
  const server = new Hl7Server((connection) => {
    connection.addEventListener('message', (event: Hl7MessageEvent) =>
      connection.send(event.message.buildAck()),
    )
  })
  await server.start(PORT)
  ready(PORT)
}

async function nodeHl7(): Promise<void> {
  const { Server } = await import('node-hl7-server')
  const server = new Server({ bindAddress: '127.0.0.1' })
  server.createInbound({ port: PORT }, (_request, response) => {
    void response.sendResponse('AA')
  })
  setTimeout(() => ready(PORT), 500)
}

const PEERS = { bare, medplum, 'node-hl7-server': nodeHl7 }
await PEERS[process.argv[2] as keyof typeof PEERS]()
process.once('SIGTERM', () => process.exit(0))
