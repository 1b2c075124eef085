import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

import { expect, it, onTestFinished } from 'vitest'

import { systemCaller } from '../../src/auth/caller.ts'
import { MessageBuilder } from '../../src/hl7/message/message-builder.ts'
import { readDestination } from '../../src/hl7/outbound/destination.ts'
import type { OutboundRules } from '../../src/hl7/rules/outbound-rules.ts'
import { limits } from '../../src/kernel/limits.ts'
import { freshStore } from '../fresh-store.ts'
import { engineOn, type Engine } from './interface-engine.ts'

const rules: OutboundRules = {
  definitions: new Map([['Order', { type: 'ServiceRequest' }]]),
  laidOver: () => rules,
  build: ({ resource, controlId, header }) => {
    const builder = new MessageBuilder()
    builder.add('MSH')
    builder.set('MSH-9', 'ORM').set('MSH-10', controlId).set('MSH-11', 'P').set('MSH-12', '2.5.1')
    builder.set('MSH-18', header.charset)
    builder.add('ORC')
    builder.set('ORC-1', 'NW').set('ORC-2', resource['id'] as string)
    builder.set('ORC-16', (resource['code'] as { text: string }).text)
    return Promise.resolve(builder.toString())
  },
}

const ack = (code: string, id: string, more = '') =>
  `\x0bMSH|^~\\&|LAB||MOGRAN||2026||ACK|X|P|2.5.1\rMSA|${code}|${id}\r${more}\x1c\r`

interface Got {
  readonly id: string
  readonly order: string
  /** How often this message has come, from 1. */
  readonly attempt: number
  /** Milliseconds UTC. */
  readonly at: number
  readonly socket: Socket
}

/** A peer that writes whatever bytes it likes. */
async function startPeer(answer: (got: Got) => void) {
  const got: Got[] = []
  const server = createServer((socket) => {
    let text = ''
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      text += String(chunk)
      for (let end = text.indexOf('\x1c\r'); end !== -1; end = text.indexOf('\x1c\r')) {
        const [msh = '', orc = ''] = text.slice(1, end).split('\r')
        text = text.slice(end + 2)
        const id = msh.split('|')[9] ?? ''
        const attempt = got.filter((one) => one.id === id).length + 1
        const one = { id, order: orc.split('|')[2] ?? '', attempt, at: Date.now(), socket }
        got.push(one)
        answer(one)
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const { socket } of got) socket.destroy()
    server.close()
  })
  const address = server.address()
  return { port: typeof address === 'object' && address ? address.port : 0, got }
}

async function engineFor(ports: Readonly<Record<string, number>>, settings: object = {}): Promise<Engine> {
  const destinations = Object.entries(ports).map(([name, port]) =>
    readDestination(name, { host: '127.0.0.1', port, messages: ['Order'], ackSeconds: 1, ...settings }),
  )
  return engineOn(await freshStore(), {}, { out: { rules, destinations } })
}

async function order(engine: Engine, id: string, text = id): Promise<void> {
  const said = { status: 'active', intent: 'order', subject: { display: 'somebody' }, code: { text } }
  const resource = { resourceType: 'ServiceRequest', id, ...said }
  await engine.resources.transact(systemCaller('tests', 'system'), {
    drafts: [{ type: 'ServiceRequest', id, method: 'PUT', resource }],
  })
}

const messagesOf = async (engine: Engine, name = 'lab') =>
  (await engine.outbound.outbox.list(name, { limit: 100 })).map(({ message }) => message).toReversed()

const codesOf = async (engine: Engine, name = 'lab') =>
  (await messagesOf(engine, name)).map(({ state, code = '' }) => `${state} ${code}`)

it('finds the answer behind garbage, and in whatever pieces it comes', async () => {
  const { port, got } = await startPeer(({ id, socket }) => {
    socket.setNoDelay()
    const bytes = Buffer.from(`\r\nhello\x00\x0b\x0b noise \x1c\r${ack('AA', id)}`, 'latin1')
    for (const byte of bytes) socket.write(Buffer.of(byte))
  })
  const engine = await engineFor({ lab: port })
  await order(engine, 'one')
  await expect.poll(() => codesOf(engine)).toEqual(['answered AA'])
  expect(got).toHaveLength(1)
})

it('finds the answer in a batch, beside others', async () => {
  const { port, got } = await startPeer(({ id, socket }) => {
    const [other, own] = ['OTHER', id].map((name) => ack('AA', name).slice(1, -2))
    socket.write(`\x0bFHS|^~\\&|LAB\rBHS|^~\\&|LAB\r${other}${own}BTS|2\rFTS|1\r\x1c\r`)
  })
  const engine = await engineFor({ lab: port })
  await order(engine, 'one')
  await expect.poll(() => codesOf(engine)).toEqual(['answered AA'])
  expect(got).toHaveLength(1)
  expect(engine.outbound.strayAnswers).toBe(1)
})

it('closes the connection to a peer that answers with more than a batch may hold, and sends again', async () => {
  const { port, got } = await startPeer(({ id, attempt, socket }) => {
    const tooMany = `\x0bBHS|^~\\&|LAB\r${'MSH|\r'.repeat(limits.hl7.batchMessages + 1)}\x1c\r`
    socket.write(attempt === 1 ? tooMany : ack('AA', id))
  })
  const engine = await engineFor({ lab: port })
  await order(engine, 'one')
  await expect.poll(() => codesOf(engine), { timeout: 10_000 }).toEqual(['answered AA'])
  expect(got).toHaveLength(2)
})

it('sends again what was answered by half, too long, or not by its name, and says why it waits', async () => {
  const { port, got } = await startPeer(({ id, attempt, socket }) => {
    if (attempt === 1) socket.end(ack('AA', id).slice(0, -4))
    else if (attempt === 2) socket.write(ack('AA', id, 'x'.repeat(limits.hl7.answerBytes + 1)))
    else if (attempt === 3) socket.write(ack('AA', 'SOMETHING'))
    else socket.write(ack('AA', id))
  })
  const engine = await engineFor({ lab: port })
  const reasons = new Set<string>()
  await order(engine, 'one')
  const done = async () => {
    const [message] = await messagesOf(engine)
    if (message?.reason !== undefined) reasons.add(message.reason)
    return message?.state
  }
  await expect.poll(done, { timeout: 25_000, interval: 20 }).toBe('answered')
  expect([...reasons]).toEqual([
    'the connection was closed before the answer',
    `the answer is larger than ${String(limits.hl7.answerBytes)} bytes`,
    'there was no answer in time that names the message in MSA-2, only others',
  ])
  expect(new Set(got.map(({ id }) => id)).size).toBe(1)
}, 40_000)

it('takes no late answer of an attempt for that of the next one', async () => {
  const { port, got } = await startPeer(({ id, attempt, socket }) => {
    if (attempt > 1) socket.write(ack('AA', id))
    else setTimeout(() => socket.write(ack('AE', id)), 1200)
  })
  const engine = await engineFor({ lab: port })
  await order(engine, 'one')
  await expect.poll(() => codesOf(engine), { timeout: 10_000 }).toEqual(['answered AA'])
  expect(got.map(({ attempt }) => attempt)).toEqual([1, 2])
}, 20_000)

it('keeps what the application said, in whatever order and however often both answers come', async () => {
  const answers: Readonly<Record<string, readonly string[]>> = {
    twice: ['AA', 'AA'],
    'transport-last': ['AA', 'CA'],
    'transport-twice': ['CA', 'CA'],
    both: ['CA', 'AA'],
    'refused-later': ['CA', 'AE'],
    'refused-first': ['AE', 'CA'],
  }
  const { port, got } = await startPeer(({ id, order: name, socket }) => {
    socket.write((answers[name] ?? ['AA']).map((code) => ack(code, id)).join(''))
  })
  const engine = await engineFor({ lab: port })
  for (const name of [...Object.keys(answers), 'last']) await order(engine, name)
  const expected = [
    'answered AA',
    'answered AA',
    'sent CA',
    'answered AA',
    'dead AE',
    'dead AE',
    'answered AA',
  ]
  await expect.poll(() => codesOf(engine), { timeout: 10_000 }).toEqual(expected)
  const dead = await engine.outbound.outbox.listDead('lab', { limit: 10 })
  expect(dead.map(({ message }) => message.reason)).toEqual(['AE', 'AE'])
  expect(got).toHaveLength(7)
  expect((await messagesOf(engine)).map(({ attempts }) => attempts)).toEqual(expected.map(() => 1))
  expect(engine.outbound.strayAnswers).toBe(0)
})

it('lets a peer say nothing about the messages of another one', async () => {
  let foreign = ''
  const lab = await startPeer(({ id, socket }) => {
    foreign = id
    socket.write(ack('AA', id))
  })
  const other = await startPeer(({ id, socket }) => void socket.write(ack('AE', foreign) + ack('AA', id)))
  const engine = await engineFor({ lab: lab.port, other: other.port })
  await engine.outbound.setMode('other', 'paused')
  await order(engine, 'one')
  await expect.poll(() => codesOf(engine)).toEqual(['answered AA'])
  await engine.outbound.setMode('other', 'running')
  await expect.poll(() => codesOf(engine, 'other')).toEqual(['answered AA'])
  await expect.poll(() => engine.outbound.strayAnswers).toBe(1)
  expect(await codesOf(engine)).toEqual(['answered AA'])
})

it('sends what was refused until it is taken, where the destination says so', async () => {
  const { port, got } = await startPeer(({ id, order: name, attempt, socket }) => {
    socket.write(ack(name === 'one' && attempt < 3 ? 'AE' : 'AA', id))
  })
  const engine = await engineFor({ lab: port }, { onError: 'retry' })
  await order(engine, 'one')
  await order(engine, 'two')
  await expect.poll(() => codesOf(engine), { timeout: 15_000 }).toEqual(['answered AA', 'answered AA'])
  expect(got.map(({ order: name }) => name)).toEqual(['one', 'one', 'one', 'two'])
  expect(engine.outbound.failuresOf('lab')).toBe(0)
}, 20_000)

it.each([
  ['CE', 'dead', 'running'],
  ['CR', 'queued', 'paused'],
  ['XX', 'dead', 'running'],
])('takes %s for a refusal: the message is %s, the destination %s', async (code, state, mode) => {
  const { port } = await startPeer(({ id, socket }) => void socket.write(ack(code, id)))
  const engine = await engineFor({ lab: port }, { onReject: 'pause' })
  await order(engine, 'one')
  await expect.poll(() => codesOf(engine)).toEqual([`${state} ${code}`])
  await expect.poll(() => engine.outbound.modeOf('lab')).toBe(mode)
})

it('sets a message aside that no answer names, and goes on behind it', async () => {
  const { port, got } = await startPeer(({ id, order: name, socket }) => {
    socket.write(ack('AA', name === 'one' ? 'SOMETHING' : id))
  })
  const engine = await engineFor({ lab: port })
  await order(engine, 'one')
  await order(engine, 'two')
  await expect.poll(() => codesOf(engine), { timeout: 40_000 }).toEqual(['dead ', 'answered AA'])
  expect(got.filter(({ order: name }) => name === 'one')).toHaveLength(limits.hl7.outboundMisnamed)
  const [message] = await messagesOf(engine)
  expect(message?.reason).toContain('names the message in MSA-2')
}, 60_000)

it('sets a message aside that the character set of the peer cannot say, and goes on behind it', async () => {
  const { port, got } = await startPeer(({ id, socket }) => void socket.write(ack('AA', id)))
  const engine = await engineFor({ lab: port }, { charset: '8859/1' })
  await order(engine, 'one', 'أمينة')
  await order(engine, 'two', 'José')
  await expect.poll(() => codesOf(engine), { timeout: 10_000 }).toEqual(['dead ', 'answered AA'])
  expect(got.map(({ order: name }) => name)).toEqual(['two'])
  const [message] = await messagesOf(engine)
  expect(message?.reason).toContain('has a character that iso-8859-1 does not have')
})

it('shows why it cannot reach a peer, in words', async () => {
  const engine = await engineFor({ lab: 1 }, { host: 'no-such-host.invalid' })
  await order(engine, 'one')
  const reason = async () => (await messagesOf(engine))[0]?.reason
  await expect
    .poll(reason, { timeout: 15_000 })
    .toMatch(/^No address is known for no-such-host\.invalid.* \((ENOTFOUND|EAI_AGAIN)\)\.$/)
  expect(await codesOf(engine)).toEqual(['queued '])
})

it('goes on with a peer that closes after each answer, and sends again what it broke off', async () => {
  const { port, got } = await startPeer(({ id, order: name, attempt, socket }) => {
    if (name === 'two' && attempt === 1) socket.resetAndDestroy()
    else socket.end(ack('AA', id))
  })
  const engine = await engineFor({ lab: port })
  for (const name of ['one', 'two', 'three']) await order(engine, name)
  await expect
    .poll(() => codesOf(engine), { timeout: 15_000 })
    .toEqual(Array.from({ length: 3 }, () => 'answered AA'))
  expect(got.map(({ order: name }) => name)).toEqual(['one', 'two', 'two', 'three'])
})

it('takes commit bytes of release 2 for no answer, and sends again what they refuse', async () => {
  const { port, got } = await startPeer(({ id, order: name, attempt, socket }) => {
    // ACK, NAK, and the answer behind each.
    socket.write(`\x0b${name === 'one' ? '\x06' : '\x15'}\x1c\r`)
    if (name === 'one' || attempt > 1) socket.write(ack('AA', id))
  })
  // Long before the time is over.
  const engine = await engineFor({ lab: port }, { ackSeconds: 60 })
  const reasons = new Set<string>()
  await order(engine, 'one')
  await order(engine, 'two')
  const codes = async () => {
    for (const { reason } of await messagesOf(engine)) if (reason !== undefined) reasons.add(reason)
    return codesOf(engine)
  }
  await expect.poll(codes, { timeout: 15_000 }).toEqual(['answered AA', 'answered AA'])
  expect(got.map(({ order: name }) => name)).toEqual(['one', 'two', 'two'])
  expect([...reasons]).toEqual(['the peer could not write it down and wants it again (NAK)'])
}, 20_000)

it('refuses a destination whose character set nobody can write', () => {
  const file = { host: 'h', port: 1, messages: ['Order'] }
  expect(() => readDestination('lab', { ...file, charset: 'KLINGON' })).toThrow(
    'lab.yaml, charset: is no character set',
  )
  for (const charset of ['ISO IR87', '~ISO IR87'])
    expect(readDestination('lab', { ...file, charset }).charset).toBe(charset)
  expect(() => readDestination('lab', { ...file, charset: 'ASCII~KLINGON' })).toThrow('is no character set')
})

it('tries no sooner because more waits, says when it tries next, and at once when somebody asks for it', async () => {
  let isRight = false
  const { port, got } = await startPeer(({ id, socket }) => void socket.write(ack(isRight ? 'AA' : 'AE', id)))
  const engine = await engineFor({ lab: port }, { onError: 'retry' })
  const names = Array.from({ length: 12 }, (_, at) => `o${at}`)
  for (const name of names) {
    await order(engine, name)
    await expect.poll(async () => (await messagesOf(engine)).length).toBeGreaterThan(names.indexOf(name))
  }
  await expect.poll(() => engine.outbound.failuresOf('lab'), { timeout: 20_000 }).toBeGreaterThanOrEqual(4)
  // Half a second, then one, two, four at least.
  expect(Date.now() - (got[0]?.at ?? 0)).toBeGreaterThan(3000)
  await expect.poll(() => engine.outbound.nextTryOf('lab') ?? 0).toBeGreaterThan(Date.now() + 1000)
  isRight = true
  await engine.outbound.setMode('lab', 'running')
  await expect.poll(() => codesOf(engine), { timeout: 3000 }).toEqual(names.map(() => 'answered AA'))
  expect(engine.outbound.nextTryOf('lab')).toBeUndefined()
}, 40_000)

it('refuses a destination of a version that the hub cannot write', () => {
  const file = { host: '127.0.0.1', port: 1, messages: ['Order'] }
  expect(() => readDestination('lab', { ...file, version: '2.51' })).toThrow(
    'mappings/destinations/lab.yaml, version: Invalid option: expected one of "2.1"|"2.2"',
  )
  expect(readDestination('lab', { ...file, version: '2.3.1' }).version).toBe('2.3.1')
})
