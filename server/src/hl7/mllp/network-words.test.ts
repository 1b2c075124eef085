import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'

import { expect, it } from 'vitest'

import { networkWords } from './network-words.ts'

async function errorOf(subject: NodeJS.EventEmitter): Promise<unknown> {
  const [error] = (await once(subject, 'error')) as unknown[]
  return error
}

it('says that a port is taken, and that nobody listens', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const taken = await errorOf(createServer().listen(port, '127.0.0.1'))
  expect(networkWords(taken)).toBe(
    `Another program has 127.0.0.1:${port}: stop it, or use another port (EADDRINUSE).`,
  )
  server.close()
  await once(server, 'close')
  const refused = await errorOf(connect(port, '127.0.0.1'))
  expect(networkWords(refused)).toBe(`Nobody listens at 127.0.0.1:${port} (ECONNREFUSED).`)
  expect(networkWords(new AggregateError([refused], ''))).toBe(networkWords(refused))
})

it('leaves what it does not know as it is', () => {
  expect(networkWords(new Error('no answer within 10 s'))).toBe('no answer within 10 s')
  expect(networkWords(new AggregateError([], ''))).toBe('failed')
  expect(networkWords('x')).toBe('failed')
})
