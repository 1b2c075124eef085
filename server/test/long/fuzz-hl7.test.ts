import { expect, it, onTestFinished } from 'vitest'

import { freshFolder, removeFolder, startHub } from '../flows/hub.ts'
import { admit, Sender } from '../flows/interface-engine.ts'
import { heldMiB } from './memory.ts'
import { randomOf } from './random.ts'

const MESSAGES = 100_000
const CONNECTIONS = 16
/** What lives is about 250; the rest is garbage of a busy hub that waits for its collector. */
const MEMORY_MIB = 900
const ANSWER_MS = 20_000

const CODES = new Set(['AA', 'AE', 'AR', 'CA', 'CE', 'CR'])
const RESULT = [
  'MSH|^~\\&|LAB|H|HUB|H|20260102030405||ORU^R01^ORU_R01|ID|P|2.5.1',
  'PID|1||MRN^^^H^MR||Osman^Amna||19900203|F',
  'OBR|1|P1|F1|24323-8^CMP^LN|||20260102030000|||||||||||||||20260102030400|||F',
  'OBX|1|NM|2823-3^K^LN||5.4|mmol/L|3.5-5.1|H|||F|||20260102030000',
  'NTE|1||first\\.br\\second',
].join('\r')

/** The `n`th message: an admission or a result with one to six changes of its bytes; never the bytes that frame it. */
function fuzzMessage(n: number): Buffer {
  const random = randomOf(n)
  const at = (length: number): number => Math.floor(random() * length)
  const text =
    random() < 0.5
      ? admit({ id: `Z${String(n)}`, mrn: `F${String(n % 997)}` })
      : RESULT.replace('ID', `Z${String(n)}`)
  let bytes = Buffer.from(text, 'latin1')
  for (let changes = 1 + at(6); changes > 0; changes--) {
    const from = at(bytes.length)
    const to = Math.min(bytes.length, from + at(80))
    const insert = [
      Buffer.from([random() < 0.5 ? 32 + at(224) : at(32)]),
      bytes.subarray(from, to),
      Buffer.from('|'.repeat(at(300))),
      Buffer.from(
        ['\\X', '\\Zx\\', '^~\\&', '""', '\rMSH|', '\rOBX|', '\r', '\u00fc', '~'.repeat(2000)][at(9)] ?? '',
        'latin1',
      ),
      Buffer.alloc(0),
    ][at(5)]
    bytes = Buffer.concat([
      bytes.subarray(0, from),
      insert ?? Buffer.alloc(0),
      bytes.subarray(random() < 0.5 ? to : from),
    ])
  }
  return Buffer.from(bytes.map((byte) => (byte === 0x0b || byte === 0x1c ? 0x20 : byte)))
}

it(
  'acknowledges a hundred thousand broken messages one by one, and lives on',
  { timeout: 1_800_000 },
  async () => {
    const data = await freshFolder()
    const hub = await startHub({ data })
    onTestFinished(async () => {
      await hub.stop()
      await removeFolder(data)
    })
    const faults: string[] = []
    let next = 0
    const worker = async (): Promise<void> => {
      const sender = new Sender(hub.mllp)
      for (let n = next++; n < MESSAGES && faults.length < 20; n = next++) {
        const fault = faultOf(await answer(sender, n))
        if (fault !== undefined) faults.push(`${String(n)}: ${fault}`)
      }
      sender.socket.destroy()
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, worker))
    expect(faults).toEqual([])
    const whole = new Sender(hub.mllp)
    expect(await whole.send(admit({ id: 'WHOLE', mrn: 'WHOLE' }))).toContain('MSA|AA|WHOLE')
    expect(await heldMiB(hub)).toBeLessThan(MEMORY_MIB)
  },
)

/** @returns the acknowledgement, or why there is none. */
async function answer(sender: Sender, n: number): Promise<string> {
  const late = Promise.withResolvers<string>()
  const timer = setTimeout(() => late.resolve('no answer in time'), ANSWER_MS)
  const sent = sender.send(fuzzMessage(n)).catch((error: unknown) => String(error))
  const first = await Promise.race([sent, late.promise])
  clearTimeout(timer)
  return first
}

function faultOf(ack: string): string | undefined {
  const code = /^MSA.([A-Z]{2})/m.exec(ack)?.[1]
  return code !== undefined && CODES.has(code) ? undefined : ack.slice(0, 200)
}
