import { once } from 'node:events'
import { connect } from 'node:net'

import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'

import { freshFolder, removeFolder, startHub } from './hub.ts'
import type { Hub } from './hub.ts'
import { admit, Sender } from './interface-engine.ts'

const FHIR = 'application/fhir+json'
const MIB = 1024 * 1024

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly json: unknown
}

let data: string
let hub: Hub
let good = 0
/** What one admit message of another sender adds to the store. */
let oneAdmit: number

beforeAll(async () => {
  data = await freshFolder()
  hub = await startHub({ data })
})

afterAll(async () => {
  await hub.stop()
  await removeFolder(data)
})

it('takes an admit message: the measure for everything below', async () => {
  // The first message brings the places and organisations that all others share.
  await admitAnother(new Sender(hub.mllp))
  const before = await versions()
  await admitAnother(new Sender(hub.mllp))
  oneAdmit = (await versions()) - before
  expect(oneAdmit).toBeGreaterThan(1)
})

const utf8 = (message: string) => message.replace('|2.5.1\r', '|2.5.1||||||UNICODE UTF-8\r')

it.each([
  ['binary noise', noise(5000), { msa: 'AR||', err: 'ERR|' }],
  ['noise before a header', `\0\0xx${admit({ id: 'LOST', mrn: 'BAD' })}`, { msa: 'AR|LOST|', err: 'ERR|' }],
  [
    'bytes of another character set',
    Buffer.from(utf8(admit({ id: 'SET', mrn: 'BAD', name: 'M\xfcller' })), 'latin1'),
    { msa: 'AE|SET|', err: 'ERR||MSH^1^18^1|102^' },
  ],
  [
    'an unknown character set',
    admit({ id: 'SET2', mrn: 'BAD' }).replace('|2.5.1\r', '|2.5.1||||||KLINGON\r'),
    { msa: 'AR|SET2|', err: 'ERR||MSH^1^18^1|103^' },
  ],
  [
    'an unknown trigger event',
    admit({ id: 'EVT', mrn: 'BAD' }).replace('ADT^A01', 'ADT^Z99'),
    { msa: 'AR|EVT|', err: 'ERR||MSH^1^9^1^2|201^' },
  ],
])('refuses %s on the wire with its position, and serves both senders on', async (_what, bytes, wanted) => {
  const sender = new Sender(hub.mllp)
  const ack = await besideAnother(async () => sender.send(bytes))
  expect(segment(ack, 'MSA')).toContain(`MSA|${wanted.msa}`)
  expect(segment(ack, 'ERR')).toContain(wanted.err)
  await admitAnother(sender)
})

it('passes over noise between frames', async () => {
  const sender = new Sender(hub.mllp)
  await besideAnother(async () => void sender.socket.write(noise(100_000)))
  expect(await sender.send(admit({ id: 'AFTER' }).replace('ADT^A01', 'ADT^Z99'))).toContain('MSA|AR|AFTER|')
  expect(sender.socket.destroyed).toBe(false)
})

it('refuses a message of 20 MB, closes its connection and serves the others', async () => {
  const sender = new Sender(hub.mllp)
  const message = admit({ id: 'BIG', mrn: 'BAD', address: 'x'.repeat(20_000_000) })
  const ack = await besideAnother(async () => sender.send(message))
  expect(segment(ack, 'MSA')).toMatch(/^MSA\|AR\|BIG\|.*16777216/)
  await sender.closed()
})

it('refuses a frame that never ends as soon as it is over the bound, and hangs up', async () => {
  const sender = new Sender(hub.mllp)
  const ack = await besideAnother(async () => {
    const answer = sender.next()
    sender.socket.write(`\v${admit({ id: 'ENDLESS', mrn: 'BAD' })}NTE|1||`)
    await writeUntilClosed(sender)
    return answer
  })
  expect(segment(ack, 'MSA')).toMatch(/^MSA\|AR\|ENDLESS\|/)
  expect(sender.socket.bytesWritten).toBeGreaterThan(16 * MIB)
})

it('keeps nobody waiting for a frame that has stopped half way, and writes nothing when it breaks off', async () => {
  const sender = new Sender(hub.mllp)
  await besideAnother(async () => void sender.socket.write(`\v${admit({ id: 'HALF', mrn: 'BAD' })}`))
  sender.socket.destroy()
  await besideAnother(async () => sender.closed())
  const { entry = [] } = await hub.json<{ entry?: unknown[] }>('/fhir/Patient?identifier=BAD')
  expect(entry).toEqual([])
})

it.each([
  ['HTTP', 'http'],
  ['MQTT', 'mqtt'],
] as const)('cuts off binary noise on the %s port', async (_what, kind) => {
  const port = kind === 'mqtt' ? hub.mqtt : Number(new URL(hub.http).port)
  const heard = await besideAnother(async () => {
    const socket = connect(port, '127.0.0.1')
    const chunks: Buffer[] = []
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    onTestFinished(() => void socket.destroy())
    socket.write(noise(5000))
    await once(socket, 'close')
    return Buffer.concat(chunks).toString('latin1')
  })
  expect(heard).toMatch(kind === 'http' ? /^HTTP\/1\.1 400 / : /^$/)
})

const NESTED = `{"resourceType":"Patient","x":${'['.repeat(10_000)}${']'.repeat(10_000)}}`
const EXTENDED = `{"resourceType":"Patient",${'"extension":[{"url":"http://x",'.repeat(10_000)}"id":"1"${'}]'.repeat(10_000)}}`
const FOREIGN = Buffer.from('{"resourceType":"Patient","name":[{"family":"M\xfcller"}]}', 'latin1')

it.each([
  ['an unknown element', '{"resourceType":"Patient","colour":"red"}', 'Patient.colour'],
  ['an unknown element deep down', '{"resourceType":"Patient","name":[{"nick":"x"}]}', 'name[0].nick'],
  ['lists nested 10,000 deep', NESTED, 'nested'],
  ['extensions nested 10,000 deep', EXTENDED, 'nested'],
  ['bytes that are not UTF-8', FOREIGN, 'UTF-8'],
  ['binary noise', noise(5000), 'not'],
])('refuses a Patient with %s, alone and in a Bundle', async (_what, body, named) => {
  const alone = await besideAnother(async () => post('/fhir/Patient', body))
  expectOutcome(alone, 400)
  expect(JSON.stringify(alone.json)).toContain(named)
  const bundled = await besideAnother(async () => post('/fhir', transactionOf(body)))
  expectOutcome(bundled, 400)
})

it('refuses nesting, noise and foreign bytes where no FHIR is spoken', async () => {
  const answers = await besideAnother(async () =>
    Promise.all(
      [NESTED, FOREIGN, noise(5000)].flatMap((body) =>
        ['/auth/login', '/api/v1/interop/messages/x/replay'].map(async (path) =>
          post(path, body, { 'content-type': 'application/json' }),
        ),
      ),
    ),
  )
  for (const { status } of answers) {
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
  }
})

it('refuses a token of another role, whatever it asks for', async () => {
  const authorization = `Bearer ${await tokenOf('billing')}`
  const observation = { resourceType: 'Observation', status: 'final', code: { text: 'x' } }
  const body = JSON.stringify(observation)
  const entry = [{ request: { method: 'GET', url: 'Observation' } }]
  const answers = await besideAnother(async () =>
    Promise.all([
      answerOf('/fhir/Observation', { headers: { authorization } }),
      answerOf('/fhir/Observation/1', { headers: { authorization } }),
      post('/fhir/Observation', body, { authorization }),
      answerOf('/fhir/Observation/1', { method: 'DELETE', headers: { authorization } }),
    ]),
  )
  for (const answer of answers) expectOutcome(answer, 403)
  const bundle = JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry })
  expect((await post('/fhir', bundle, { authorization })).json).toMatchObject({
    entry: [{ response: { status: expect.stringMatching(/^403/) } }],
  })
  expect((await answerOf('/fhir/Claim', { headers: { authorization } })).status).toBe(200)
})

it.each([
  ['no token', () => ''],
  ['a token that is none', () => 'Bearer nonsense'],
  ['another scheme', () => `Basic ${Buffer.from('admin:demo').toString('base64')}`],
  ['a changed claim', () => `Bearer ${forged((claims) => ({ ...claims, sub: 'somebody-else' }))}`],
  ['no signature', () => `Bearer ${unsigned()}`],
])('refuses %s with 401 and a challenge, for reads and for writes', async (_what, authorization) => {
  const headers = { authorization: authorization() }
  const answers = await besideAnother(async () =>
    Promise.all([
      answerOf('/fhir/Patient', { headers }),
      post('/fhir/Patient', '{"resourceType":"Patient"}', headers),
      answerOf('/api/v1/me', { headers }),
    ]),
  )
  for (const answer of answers) {
    expectOutcome(answer, 401)
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
  }
})

/** How many versions of resources were ever stored. Commits are no measure: the audit trail has its own. */
it.each(['merges', 'dead-letters', 'statistics', 'feeds', 'feeds/default/learn', 'worklist', 'replays'])(
  'refuses a parameter that /interop/%s does not know',
  async (name) => {
    const path = `/api/v1/interop/${name}`
    expectOutcome(await answerOf(`${path}?state=undone`, {}), 400)
    expect(await answerOf(path, {})).toMatchObject({ status: 200 })
  },
)

async function versions(): Promise<number> {
  return (await hub.json<{ rows: number }>('/readyz')).rows
}

/** Runs the bad input while another sender admits a patient: the store grows by that patient and nothing else. */
async function besideAnother<T>(bad: () => Promise<T>): Promise<T> {
  const before = await versions()
  const [answer] = await Promise.all([bad(), admitAnother(new Sender(hub.mllp))])
  expect((await versions()) - before).toBe(oneAdmit)
  return answer
}

/** Resolves when the patient can be searched. */
async function admitAnother(sender: Sender): Promise<void> {
  good += 1
  const id = `GOOD${String(good)}`
  expect(await sender.send(admit({ id, mrn: id }))).toContain(`MSA|AA|${id}`)
  for (let total = 0; total === 0;)
    total = (await hub.json<{ total: number }>(`/fhir/Patient?identifier=${id}&_total=accurate`)).total
}

async function writeUntilClosed({ socket }: Sender): Promise<void> {
  const chunk = Buffer.alloc(MIB, 'x')
  const closed = once(socket, 'close')
  while (!socket.destroyed && socket.writable)
    if (!socket.write(chunk)) await Promise.race([once(socket, 'drain'), closed])
  await closed
}

async function answerOf(path: string, init: RequestInit): Promise<Answer> {
  const answer = await hub.ask(path, init)
  return { status: answer.status, headers: answer.headers, json: await answer.json() }
}

async function post(
  path: string,
  body: string | Buffer<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return answerOf(path, { method: 'POST', body, headers: { 'content-type': FHIR, ...headers } })
}

function expectOutcome({ status, json }: Answer, wanted: number): void {
  expect(json).toMatchObject({
    resourceType: 'OperationOutcome',
    issue: expect.arrayContaining([expect.objectContaining({ severity: 'error' })]),
  })
  expect(status).toBe(wanted)
}

function transactionOf(resource: string | Buffer): Buffer<ArrayBuffer> {
  return Buffer.concat([
    Buffer.from('{"resourceType":"Bundle","type":"transaction","entry":['),
    Buffer.from('{"request":{"method":"POST","url":"Basic"},"resource":'),
    Buffer.from('{"resourceType":"Basic","code":{"text":"x"}}},'),
    Buffer.from('{"request":{"method":"POST","url":"Patient"},"resource":'),
    Buffer.from(resource),
    Buffer.from('}]}'),
  ])
}

/** Every byte value but those of a frame, in no order. */
function noise(length: number): Buffer<ArrayBuffer> {
  return Buffer.from(Array.from({ length }, (_, at) => ((at * 7919) % 225) + 29))
}

function segment(ack: string, name: string): string {
  return ack.split('\n').find((line) => line.startsWith(name)) ?? ''
}

async function tokenOf(login: string): Promise<string> {
  const { json } = await post('/auth/login', JSON.stringify({ login, password: 'demo' }), {
    'content-type': 'application/json',
  })
  return (json as { access_token: string }).access_token
}

/** The bootstrap client's token with other claims and the signature that it had. */
function forged(change: (claims: object) => object): string {
  const [header = '', claims = '', signature = ''] = hub.token.split('.')
  const read = JSON.parse(Buffer.from(claims, 'base64url').toString()) as object
  return [header, encoded(change(read)), signature].join('.')
}

function unsigned(): string {
  const [, claims = ''] = hub.token.split('.')
  return `${encoded({ alg: 'none', typ: 'at+jwt' })}.${claims}.`
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
