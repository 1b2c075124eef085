import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'

import { expect, it, onTestFinished } from 'vitest'

import { admit, result, Sender, settled, startEngine } from './interface-engine.ts'

function segment(ack: string, name: string): string {
  return ack.split('\n').find((line) => line.startsWith(name)) ?? ''
}

const enhanced = (message: string, accept: string, application: string) =>
  message.replace('|P|2.5.1\r', `|P|2.5.1|||${accept}|${application}\r`)

it('journals each message of a batch and answers them in one batch', async () => {
  const engine = await startEngine({ ackAt: 'committed' })
  const batch = [
    'BHS|^~\\&|LAB|NORTH|HUB|MOGRAN|20261123||||B77\r',
    admit({ id: 'A1', mrn: '1' }),
    admit({ id: 'A2', mrn: '2' }).replace('ADT^A01', 'XYZ^A01'),
    admit({ id: 'A3', mrn: '3' }),
    'BTS|3\r',
  ].join('')
  const answer = await new Sender(engine.port).send(batch)
  const lines = answer.split('\n')
  expect(lines[0]).toMatch(/^BHS\|\^~\\&\|HUB\|MOGRAN\|LAB\|NORTH\|[^|]+\|\|\|\|[^|]+\|B77$/)
  expect(lines.filter((line) => line.startsWith('MSA')).map((line) => line.slice(0, 9))).toEqual([
    'MSA|AA|A1',
    'MSA|AR|A2',
    'MSA|AA|A3',
  ])
  expect(lines.at(-2)).toBe('BTS|3')
  expect(await engine.all('Patient')).toHaveLength(2)
})

it('writes down what comes behind a batch on its connection after all of it', async () => {
  const engine = await startEngine()
  const sender = new Sender(engine.port)
  const answers = [sender.next(), sender.next()]
  const messages = Array.from({ length: 150 }, (_, at) => admit({ id: `A${at}` }))
  sender.write(`BHS|^~\\&|LAB\r${messages.join('')}BTS|150\r`)
  sender.write(admit({ id: 'LAST' }))
  await Promise.all(answers)
  const lines = await engine.store.records.range({ collection: 'hl7-journal', limit: 1000 })
  expect(lines).toHaveLength(151)
  expect(lines.at(-1)?.value).toMatchObject({ controlId: 'LAST' })
})

it('answers each message of a batch by itself where the feed wants it so', async () => {
  const engine = await startEngine({ ackAt: 'committed', batchAck: 'each' })
  const sender = new Sender(engine.port)
  const answers = [sender.next(), sender.next()]
  sender.write(`BHS|^~\\&|LAB\r${admit({ id: 'A1' })}${admit({ id: 'A2', mrn: '2' })}BTS|2\r`)
  expect((await Promise.all(answers)).map((answer) => segment(answer, 'MSA'))).toEqual([
    'MSA|AA|A1',
    'MSA|AA|A2',
  ])
})

it('tells by a commit byte that a message is stored, then what became of it', async () => {
  const engine = await startEngine({ commitBytes: true })
  const sender = new Sender(engine.port)
  const answers = [sender.next(), sender.next()]
  sender.write(admit())
  expect(await Promise.all(answers)).toEqual(['\x06', expect.stringContaining('MSA|AA|A1')])
  // The sender's own commit byte for our answer is no message.
  sender.write('\x06')
  const next = [sender.next(), sender.next()]
  sender.write(enhanced(admit({ id: 'A2' }), 'NE', 'AL'))
  expect(await Promise.all(next)).toEqual(['\x06', expect.stringContaining('MSA|AA|A2')])
})

it.each([
  ['a batch', `BHS|^~\\&|LAB\r${admit({ id: 'B1' })}${admit({ id: 'B2', mrn: '2' })}BTS|2\r`, ['BHS']],
  ['a batch without messages', 'BHS|^~\\&|LAB\rBTS|0\r', ['BHS']],
  ['what is no message', 'hello', ['MSA|AR']],
  ['an acknowledgement', 'MSH|^~\\&|A|B|C|D|2026||ACK|K1|P|2.5\rMSA|AA|X1\r', []],
])('tells once, and first, that %s is stored', async (_, frame, answers) => {
  const engine = await startEngine({ commitBytes: true })
  const sender = new Sender(engine.port)
  // What is told of the next frame is not about this one.
  const wanted = ['\x06', ...answers, '\x06', 'MSA|AA|A9']
  const told = wanted.map(async () => sender.next())
  sender.write(frame)
  await Promise.all(told.slice(0, 1 + answers.length))
  sender.write(admit({ id: 'A9', mrn: '9' }))
  expect(await Promise.all(told)).toEqual(wanted.map((part) => expect.stringContaining(part)))
})

it('tells that what is too large is not stored, then why', async () => {
  const engine = await startEngine({ commitBytes: true, frameBytes: 2048 })
  const sender = new Sender(engine.port)
  const told = [sender.next(), sender.next()]
  sender.write(admit({ id: 'L1' }) + 'x'.repeat(3000))
  expect(await Promise.all(told)).toEqual(['\x15', expect.stringContaining('MSA|AR|L1')])
})

it('says in the journal when a batch does not hold what it counts', async () => {
  const engine = await startEngine({ batchAck: 'each' })
  const sender = new Sender(engine.port)
  expect(segment(await sender.send(`BHS|^~\\&|LAB||||||||B7\r${admit({ id: 'A1' })}BTS|3\r`), 'MSA')).toBe(
    'MSA|AA|A1',
  )
  const lines = await engine.store.records.range({ collection: 'hl7-journal', limit: 10 })
  expect(lines.map(({ value }) => value)).toContainEqual(
    expect.objectContaining({
      state: 'rejected',
      type: 'BHS',
      controlId: 'B7',
      errors: [
        expect.objectContaining({
          at: 'BTS-1',
          text: expect.stringContaining('1 messages came, BTS-1 says 3'),
        }),
      ],
    }),
  )
})

it('finds the messages of senders that end a frame in their own way', async () => {
  const engine = await startEngine({ framing: 'lenient', ackAt: 'committed' })
  const sender = new Sender(engine.port)
  for (const [id, end] of [
    ['A1', '\x1c\n'],
    ['A2', '\x1c'],
    ['A3', '\x1c\r'],
  ] as const) {
    const answer = sender.next()
    sender.socket.write(`\x0b${admit({ id })}${end}`)
    expect(segment(await answer, 'MSA')).toBe(`MSA|AA|${id}`)
  }
  expect(engine.listeners.of('default')?.counts.skippedBytes).toBe(0)
})

it('rejects UTF-16 by name and with the control id', async () => {
  const engine = await startEngine()
  const ack = await new Sender(engine.port).send(Buffer.from(`\ufeff${admit()}`, 'utf16le'))
  expect(segment(ack, 'MSA')).toBe(
    'MSA|AR|A1|The message is in UTF-16 or UTF-32, which MLLP cannot carry; send UNICODE UTF-8.',
  )
  expect(segment(ack, 'ERR')).toContain('MSH^1^18^1|103^')
})

it('refuses a control id that comes again with other content where each may come once', async () => {
  const engine = await startEngine({ reusedIds: 'reject', ackAt: 'committed' })
  const sender = new Sender(engine.port)
  const first = await sender.send(admit())
  expect(await sender.send(admit())).toBe(first)
  const other = await sender.send(admit({ mrn: '9' }))
  expect(segment(other, 'MSA')).toMatch(/^MSA\|AE\|A1\|/)
  expect(segment(other, 'ERR')).toContain('MSH^1^10^1|205^')
  expect(await engine.all('Patient')).toHaveLength(1)
})

it('keeps to the mode of the feed whatever a sender asks for', async () => {
  const original = await startEngine({ ackMode: 'original', ackAt: 'committed' })
  expect(await new Sender(original.port).send(enhanced(admit(), 'NE', 'NE'))).toContain('MSA|AA|A1')
  const always = await startEngine({ ackMode: 'enhanced' })
  expect(await new Sender(always.port).send(admit())).toContain('MSA|CA|A1')
})

it('answers an order of enhanced mode with the message that the standard names for it', async () => {
  const engine = await startEngine()
  const alarm = result({ id: 'R40' }).replace('ORU^R01^ORU_R01', 'ORU^R40^ORU_R40')
  const sender = new Sender(engine.port)
  const answer = await sender.send(enhanced(alarm, 'AL', 'AL'))
  // Whatever the rules know: an answer of the transport is always a plain ACK.
  expect(segment(answer, 'MSH')).toContain('|ACK^R40^ACK|')
})

it('takes 20 MB where the feed allows it, and holds nobody else up for long', async () => {
  const engine = await startEngine({ frameBytes: 64 * 1024 * 1024 })
  const longest: number[] = []
  for (const id of ['BIG1', 'BIG2', 'BIG3']) {
    const watch = watchGaps()
    expect(await sendLarge(engine.port, id)).toContain(`MSA|AA|${id}`)
    await settled(engine, id, 'committed')
    longest.push(watch.longestMs())
  }
  expect(Math.min(...longest)).toBeLessThan(200)
  const [line] = await engine.store.records.range({ collection: 'hl7-journal', limit: 10 })
  expect((await engine.flow.journal.raw(line?.id ?? '')).length).toBeGreaterThan(20 * 1024 * 1024)
})

function watchGaps() {
  let [last, longest] = [performance.now() - waitedMs(), 0]
  const timer = setInterval(() => {
    const now = performance.now() - waitedMs()
    longest = Math.max(longest, now - last)
    last = now
  }, 1)
  onTestFinished(() => clearInterval(timer))
  return {
    longestMs: () => {
      clearInterval(timer)
      return longest
    },
  }
}

/** How long this thread was ready to go on and had no core (Linux): what other processes of the machine take is not our doing. */
function waitedMs(): number {
  const file = '/proc/thread-self/schedstat'
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split(' ')[1]) / 1e6 : 0
}

/** From a process of its own, so that its work does not count. */
async function sendLarge(port: number, id: string): Promise<string> {
  const [before = '', after = ''] = result({ id, mrn: id }).split('|NM|2823-3^Potassium^LN||6.90|')
  const field = '|ED|11502-2^Report^LN||^Application^PDF^Base64^'
  const code = `
    const [before, after, field] = ${JSON.stringify([before, after, field])}
    const socket = require('node:net').connect(${port}, '127.0.0.1')
    socket.write('\\x0b' + before + field + 'QUJD'.repeat(5 * 1024 * 1024) + '|' + after + '\\x1c\\r')
    socket.once('data', (answer) => process.stdout.write(answer, () => process.exit()))`
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', code])
  return stdout
}

it('rejects what is larger than the bound and closes, with the control id', async () => {
  const engine = await startEngine({ frameBytes: 1024 * 1024 })
  const sender = new Sender(engine.port)
  const ack = await sender.send(admit({ id: 'A1', name: 'x'.repeat(2 * 1024 * 1024) }))
  expect(segment(ack, 'MSA')).toMatch(/^MSA\|AR\|A1\|/)
  await sender.closed()
  expect(await new Sender(engine.port).send(admit({ id: 'A2' }))).toContain('MSA|AA|A2')
  await settled(engine, 'A2', 'committed')
})

it('refuses what does not conform to the profile of the feed', async () => {
  const fields = { 'PID-8': { codes: ['F', 'M'] }, 'PID-5': { required: true, length: 20 } }
  const profile = { ADT: { segments: ['PV1'], fields } }
  const engine = await startEngine({ profile, ackAt: 'committed' })
  const sender = new Sender(engine.port)
  expect(segment(await sender.send(admit()), 'MSA')).toBe('MSA|AA|A1')
  const wrong = admit({ id: 'A2', name: 'x'.repeat(21) })
    .replace('|F|', '|Q|')
    .replace(/PV1.*\r/, '')
  const ack = await sender.send(wrong)
  expect(segment(ack, 'MSA')).toMatch(/^MSA\|AE\|A2\|/)
  const errors = ack.split('\n').filter((line) => line.startsWith('ERR'))
  expect(
    errors.map((line) =>
      line
        .split('|')
        .slice(2, 4)
        .map((part) => part.split('^')[0])
        .join(' '),
    ),
  ).toEqual(['PV1 100', 'PID 103', 'PID 102'])
  expect(await engine.all('Patient')).toHaveLength(1)

  const later = await startEngine({ profile, checkProfile: 'before-mapping' })
  expect(segment(await new Sender(later.port).send(wrong), 'MSA')).toBe('MSA|AA|A2')
  await settled(later, 'A2', 'dead')
})

it('answers a sender that closes its half of the connection behind its last message', async () => {
  const engine = await startEngine({ ackAt: 'committed' })
  const sender = new Sender(engine.port)
  const answers = [sender.next(), sender.next()]
  sender.write(admit({ id: 'A1' }))
  sender.write(admit({ id: 'A2', mrn: '2' }))
  sender.socket.end()
  expect((await Promise.all(answers)).map((answer) => segment(answer, 'MSA'))).toEqual([
    'MSA|AA|A1',
    'MSA|AA|A2',
  ])
  await sender.closed()
  const other = new Sender(engine.port)
  other.socket.end(`\x0b${admit({ id: 'A3' })}`)
  await other.closed()
  await expect.poll(() => engine.listeners.of('default')?.counts.connections).toBe(0)
})

it.each([
  ['both acknowledgements', 'AL', ['MSA|CA|A1', 'MSA|AA|A1']],
  ['the one that it wants', 'NE', ['MSA|AA|A1']],
])('gives a sender of enhanced mode %s, although its half is closed', async (_, accept, expected) => {
  const engine = await startEngine()
  const sender = new Sender(engine.port)
  const answers = expected.map(() => sender.next())
  sender.write(admit({ id: 'A1' }).replace('|P|2.5.1', `|P|2.5.1|||${accept}|AL`))
  sender.socket.end()
  expect((await Promise.all(answers)).map((answer) => segment(answer, 'MSA'))).toEqual(expected)
  await sender.closed()
})

it('answers a repeated message of enhanced mode in the order of the first', async () => {
  const engine = await startEngine()
  const sender = new Sender(engine.port)
  const text = admit({ id: 'A1' }).replace('|P|2.5.1', '|P|2.5.1|||AL|AL')
  for (let time = 0; time < 2; time++) {
    const answers = [sender.next(), sender.next()]
    sender.write(text)
    const codes = (await Promise.all(answers)).map((answer) => segment(answer, 'MSA'))
    expect(codes).toEqual(['MSA|CA|A1', 'MSA|AA|A1'])
  }
})

it.each([
  { why: 'MSH-2 is empty', frame: admit().replace('|^~\\&|', '||'), wrong: 'MSH^1^2^1|101^' },
  { why: 'MSH-2 names a character twice', frame: admit().replace('^~\\&', '^^\\&'), wrong: 'MSH^1^2^1|102^' },
  { why: 'MSH-2 has one character', frame: admit().replace('^~\\&', '^'), wrong: 'MSH^1^2^1|102^' },
  { why: 'MSH-10 is null', frame: admit({ id: '""' }), wrong: 'MSH^1^10^1|101^' },
  { why: 'it holds two messages', frame: admit() + admit({ id: 'A2', mrn: '2' }), wrong: 'MSH^2|100^' },
  { why: 'it is a batch without a separator', frame: 'BHS', wrong: 'MSH^1|100^' },
])('rejects a frame when $why', async ({ frame, wrong }) => {
  const engine = await startEngine()
  const ack = await new Sender(engine.port).send(frame)
  expect(segment(ack, 'MSA')).toMatch(/^MSA\|AR\|/)
  expect(segment(ack, 'ERR')).toContain(wrong)
  expect(await engine.all('Patient')).toEqual([])
})

it('takes a message behind blank lines, and one whose character set is null', async () => {
  const engine = await startEngine({ ackAt: 'committed' })
  const sender = new Sender(engine.port)
  expect(await sender.send(`\r\n\r\n\r\n${admit({ id: 'A1' })}`)).toContain('MSA|AA|A1')
  const message = admit({ id: 'A2' }).replace('|P|2.5.1\r', '|P|2.5.1||||||""\r')
  expect(await sender.send(message)).toContain('MSA|AA|A2')
})

it('names the control id of a message in UTF-32', async () => {
  const engine = await startEngine()
  const wide = Buffer.from([...Buffer.from(admit())].flatMap((byte) => [0, 0, 0, byte]))
  const sender = new Sender(engine.port)
  expect(segment(await sender.send(wide), 'MSA')).toMatch(/^MSA\|AR\|A1\|/)
  for (let at = 0; at < wide.length; at += 4) wide.subarray(at, at + 4).reverse()
  expect(segment(await sender.send(wide), 'MSA')).toMatch(/^MSA\|AR\|A1\|/)
})

it('says nothing about the count of a batch that has none', async () => {
  const engine = await startEngine()
  const answer = await new Sender(engine.port).send(`BHS|^~\\&|LAB\r${admit()}`)
  expect(answer.split('\n').at(-2)).toBe('BTS|1')
})
