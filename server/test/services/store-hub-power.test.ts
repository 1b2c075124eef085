import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'

import { expect, it, onTestFinished, vi } from 'vitest'

import { listenMllp } from '../../src/hl7/mllp/listener.ts'
import { freshFolder, removeFolder, startHub, type Hub } from '../flows/hub.ts'
import { MAPPINGS } from '../flows/interface-engine.ts'

const TRACER = 'strace'

/**
 * The system calls of a whole hub. What a power cut takes away is what no sync has covered, which no kill can show: so no answer of a
 * write over HTTP may leave while pages of the store are written and not synced, and no answer over MLLP while a line of the journal is. Of
 * orders and the messages that they become, each goes its way behind a sync of its own: what is written meanwhile is of somebody else.
 */
it('lets no answer of a write and no message leave before the sync that covers it', async () => {
  const data = await freshFolder()
  onTestFinished(() => removeFolder(data))
  const trace = join(data, 'trace')
  const calls = 'trace=write,writev,sendto,sendmsg,pwrite64,pwritev,fdatasync,fsync,msync'
  const pharmacy = await startPharmacy()
  const hub = await startHub({
    data,
    env: { HUB_MAPPINGS: await mappingsTo(join(data, 'mappings'), pharmacy.port) },
    under: [TRACER, '-D', '-f', '-y', '--seccomp-bpf', '-e', calls, '-o', trace],
  })
  onTestFinished(() => hub.kill())
  const create = async (): Promise<number> => {
    const body = JSON.stringify({ resourceType: 'Patient', gender: 'other' })
    return (await hub.ask('/fhir/Patient', { method: 'POST', body })).status
  }
  for (let i = 0; i < CREATES / 3; i++)
    expect(await Promise.all([create(), create(), create()])).toEqual([201, 201, 201])
  const socket = connect(hub.mllp, '127.0.0.1')
  for (let i = 0; i < 20; i++) {
    socket.write(`\v${admit(i)}\x1c\r`)
    await new Promise((resolve) => socket.once('data', resolve))
  }
  socket.destroy()
  await order(hub, pharmacy, 20)
  expect(await hub.stop()).toBe(0)
  const text = await vi.waitFor(
    async () => {
      const written = await readFile(trace, 'utf8')
      expect(written).toContain('+++ exited with 0 +++')
      return written
    },
    { timeout: 10_000 },
  )
  const { early, answers, pages, syncs, lines } = orderOf(text.split('\n'))
  expect(early).toEqual([])
  // A trace in which nothing was seen would prove nothing.
  expect(answers).toBeGreaterThanOrEqual(90)
  expect(Math.min(pages, syncs)).toBeGreaterThan(30)
  expect(lines).toBeGreaterThanOrEqual(20)
}, 120_000)

function admit(i: number): string {
  return [
    `MSH|^~\\&|WARD|NORTH|HUB|NORTH|20260101120000||ADT^A01^ADT_A01|POWER${i}|P|2.5`,
    'EVN|A01|20260101120000',
    `PID|1||${1000 + i}^^^NORTH^MR||Osman^Amal||19800101|F`,
    'PV1|1|I|A^1^1',
    '',
  ].join('\r')
}

async function startPharmacy() {
  const got: string[] = []
  const peer = await listenMllp({
    host: '127.0.0.1',
    port: 0,
    frameBytes: 1024 * 1024,
    receive: async (frame) => {
      const id = frame.toString().split('|')[9] ?? ''
      got.push(id)
      return Promise.resolve(Buffer.from(`MSH|^~\\&|PH||HUB||2026||ACK|1|P|2.5.1\rMSA|AA|${id}\r`))
    },
    refuse: () => Promise.resolve(undefined),
  })
  onTestFinished(() => peer.close())
  return { port: peer.port, got }
}

async function mappingsTo(folder: string, port: number): Promise<string> {
  await cp(MAPPINGS, folder, { recursive: true })
  await mkdir(join(folder, 'destinations'))
  const lines = ['host: 127.0.0.1', `port: ${port}`, 'messages: [ServiceRequest.ORM_O01]']
  await writeFile(join(folder, 'destinations', 'pharmacy.yaml'), lines.join('\n'))
  return folder
}

/** Orders of a patient, each when the one before has arrived. */
async function order(hub: Hub, pharmacy: { readonly got: readonly string[] }, count: number): Promise<void> {
  const put = async (path: string, resource: object) =>
    expect((await hub.ask(path, { method: 'PUT', body: JSON.stringify(resource) })).status).toBe(201)
  const identifier = [{ system: 'urn:n', value: '4711', type: { coding: [{ code: 'MR' }] } }]
  await put('/fhir/Patient/p1', {
    resourceType: 'Patient',
    id: 'p1',
    identifier,
    name: [{ family: 'Osman' }],
  })
  for (let i = 0; i < count; i++) {
    const id = `o${i}`
    const subject = { reference: 'Patient/p1' }
    const resource = { resourceType: 'ServiceRequest', id, status: 'active', intent: 'order', subject }
    await put(`/fhir/ServiceRequest/${id}`, { ...resource, code: { text: 'potassium' } })
    await vi.waitFor(() => expect(pharmacy.got).toHaveLength(i + 1), { timeout: 10_000, interval: 5 })
  }
}

interface Traced {
  /** Answers that went out while what they stand for was written and not synced. */
  readonly early: readonly string[]
  readonly answers: number
  readonly pages: number
  readonly syncs: number
  /** Of the journal. */
  readonly lines: number
}

/**
 * What stands for what: the answer to a message for a line of the journal, everything else for pages of the store. The meta page of the
 * store comes behind the sync, through a descriptor that syncs each write by itself (O_DSYNC).
 */
const KINDS = [
  {
    answer: /\(\d+<(socket|TCP)[^"]*"\\vMSH[^"]{5,8}HUB\|NORTH\|WARD/,
    file: /journal\/\d{10}>/,
    unsynced: 0,
  },
  { answer: /\(\d+<(socket|TCP)[^"]*"HTTP\/1\.1 201/, file: /data\.mdb>/, unsynced: 1 },
] as const
/** Creates before the first order. */
const CREATES = 30
const SENT = /\(\d+<(socket|TCP)[^"]*"\\vMSH[^"]{5,8}MOGRAN/

function orderOf(calls: readonly string[]): Traced {
  const early: string[] = []
  const journal = { ...KINDS[0], writes: 0, syncs: 0, open: 0, answers: 0 }
  const store = { ...KINDS[1], writes: 0, syncs: 0, open: 0, answers: 0 }
  const counts = [journal, store]
  const isOfFile = createFileReader(counts)
  /** Syncs of the store before the last order was answered, or its message sent. */
  let syncsBefore = 0
  let messages = 0
  for (const call of calls) {
    if (isOfFile(call)) continue
    const answered = counts.find(({ answer }) => answer.test(call))
    if (answered) answered.answers++
    const isMessage = SENT.test(call)
    if (isMessage) messages++
    if (isMessage || (answered === store && store.answers > CREATES)) {
      if (store.syncs === syncsBefore) early.push(call)
      syncsBefore = store.syncs
    } else if (answered && answered.open > answered.unsynced) early.push(call)
  }
  const lines = Math.min(journal.writes, journal.syncs)
  const answers = journal.answers + store.answers + messages
  return { early, answers, pages: store.writes, syncs: store.syncs, lines }
}

interface Synced {
  readonly file: RegExp
  writes: number
  syncs: number
  /** Written since the last sync. */
  open: number
}

/** Counts writes, and syncs that have ended. @returns whether a call is one of them */
function createFileReader(counts: readonly Synced[]): (call: string) => boolean {
  /** By thread: its sync has begun and not ended. */
  const syncing = new Map<string, number>()
  const endedKind = (call: string): number => {
    const thread = call.split(' ', 1)[0] ?? ''
    if (call.includes('resumed>')) {
      const kind = syncing.get(thread) ?? -1
      syncing.delete(thread)
      return kind
    }
    const kind = KINDS.findIndex(({ file }) => file.test(call))
    if (!call.includes('<unfinished')) return kind
    syncing.set(thread, kind)
    return -1
  }
  return (call) => {
    if (/ pwrite(64|v)\(/.test(call)) {
      const written = counts.find(({ file }) => file.test(call))
      if (written) Object.assign(written, { writes: written.writes + 1, open: written.open + 1 })
      return true
    }
    if (!/\b(fdatasync|fsync|msync)\b/.test(call)) return false
    const synced = counts[endedKind(call)]
    if (synced) Object.assign(synced, { syncs: synced.syncs + 1, open: 0 })
    return true
  }
}
