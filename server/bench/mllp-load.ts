import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

export interface MllpLoad {
  readonly port: number
  readonly pid: number
  readonly connections: number
  readonly seconds: number
  /** Ends after so many messages, if that is sooner: costs of a first use weigh the same however busy the machine is. */
  readonly most?: number
  readonly message: (index: number) => string
  /** Over all connections; as fast as answers come when absent. */
  readonly perSecond?: number
}

export interface MllpResult {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of the receiving process. */
  readonly cpuMicros: number
  readonly count: number
}

const END = Buffer.from([0x1c, 0x0d])

/**
 * Stop-and-wait senders, each on its own connection. Time counts from when every one has its first answer: the event loop takes one new
 * connection a turn.
 *
 * @throws Error when an answer is no AA or CA
 */
export async function loadMllp(load: MllpLoad): Promise<MllpResult> {
  const { port, pid, connections, seconds, message, perSecond, most = Infinity } = load
  let index = 0
  const senders = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      await once(socket, 'connect')
      await answered(socket, message(index++))
      return socket
    }),
  )
  const times: number[] = []
  const before = cpuOf(pid)
  const from = performance.now()
  const until = from + seconds * 1000
  const paceMs = perSecond === undefined ? 0 : (connections * 1000) / perSecond
  const sendOn = async (socket: Socket, number: number): Promise<void> => {
    let dueMs = from + (paceMs * number) / connections
    while (performance.now() < until && index < most) {
      if (paceMs > 0) await delay(Math.max(0, dueMs - performance.now()))
      dueMs += paceMs
      const sent = performance.now()
      await answered(socket, message(index++))
      times.push(performance.now() - sent)
    }
    socket.destroy()
  }
  await Promise.all(senders.map(sendOn))
  const elapsed = (performance.now() - from) / 1000
  const sorted = Float64Array.from(times).toSorted()
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return {
    count: times.length + connections,
    perSecond: times.length / elapsed,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    cpuMicros: ((cpuOf(pid) - before) * 1e6) / times.length,
  }
}

/** The same several times, each with messages of its own, as long as that does not take too long: the one of median processor time. */
export async function medianLoad(times: number, load: MllpLoad): Promise<MllpResult> {
  const results: MllpResult[] = []
  const from = performance.now()
  let first = 0
  while (results.length === 0 || (results.length < times && performance.now() - from < LONG_MS)) {
    const before = first
    const result = await loadMllp({ ...load, message: (index) => load.message(before + index) })
    results.push(result)
    first += result.count
  }
  const sorted = results.toSorted((a, b) => a.cpuMicros - b.cpuMicros)
  return sorted[Math.floor(sorted.length / 2)] ?? raise('nothing was measured')
}

const LONG_MS = 4000

function raise(text: string): never {
  throw new Error(text)
}

/** Sends one message and waits for its whole answer. */
async function answered(socket: Socket, message: string): Promise<void> {
  socket.write(`\x0b${message}\x1c\r`)
  let answer = Buffer.alloc(0)
  while (!answer.includes(END)) {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    answer = Buffer.concat([answer, chunk])
  }
  if (!/MSA\|[AC]A/.test(answer.toString('latin1'))) throw new Error(answer.toString('latin1'))
}

/** Seconds of processor time that all threads of a process have had so far, to the nanosecond: a burst is short beside the ticks of `stat`. */
export function cpuOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}/schedstat`)
  return threads.reduce((sum, file) => sum + Number(readFileSync(file, 'utf8').split(' ')[0]) / 1e9, 0)
}

/** An admit message of 1.5 kB, another patient for each index. */
export function admitMessage(index: number): string {
  const mrn = `B${String(index).padStart(8, '0')}`
  const lines = [
    `MSH|^~\\&|WARD|NORTH|HUB|MOGRAN|20260301101500+0000||ADT^A01^ADT_A01|C${mrn}|P|2.5.1`,
    'EVN||20260301101500+0000',
    `PID|1||${mrn}^^^NORTH^MR~99${mrn}^^^STATE^SS||Salih^Nadia^Amal||19870402|F|||12 River Road^^Khartoum^^11111^SD||+249155501${index % 1000}|||M`,
    'NK1|1|Salih^Omar|SPO|12 River Road^^Khartoum^^11111^SD|+2491555019',
    `PV1|1|I|W1^05^A^NORTH||||1001^Osman^Huda^^^Dr|||MED||||1|||1001^Osman^Huda^^^Dr|IP|V${mrn}^^^NORTH^VN|||||||||||||||||||||||||20260301101400+0000`,
    'PV2|||R07.9^Chest pain^I10',
    'AL1|1|DA|70618^Penicillin^RXNORM|SV|Rash',
    'DG1|1||I20.0^Unstable angina^I10||20260301|A',
  ]
  return `${lines.join('\r')}\r`
}

/** A blood count of 28 results, 3 kB. */
export function resultMessage(index: number): string {
  const mrn = `B${String(index % 1000).padStart(8, '0')}`
  const lines = [
    `MSH|^~\\&|LAB|NORTH|HUB|MOGRAN|20260301101500+0000||ORU^R01^ORU_R01|R${index}|P|2.5.1`,
    `PID|1||${mrn}^^^NORTH^MR||Salih^Nadia||19870402|F`,
    `OBR|1|P${index}^NORTH|F${index}^LAB|58410-2^CBC panel^LN|||20260301101000+0000|||||||||||||||20260301101400+0000||LAB|F`,
    ...Array.from(
      { length: 28 },
      (_, at) =>
        `OBX|${at + 1}|NM|${6690 + at}-${at % 10}^Result ${at}^LN||${(index % 50) + at / 10}|10*9/L^^UCUM|4-11|N|||F|||20260301101000+0000`,
    ),
  ]
  return `${lines.join('\r')}\r`
}
