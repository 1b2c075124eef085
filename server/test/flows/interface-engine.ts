import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

import { onTestFinished } from 'vitest'

import { createAuditTrail } from '../../src/audit/create-audit-trail.ts'
import type { AuditTrail } from '../../src/audit/trail.ts'
import type { JsonObject } from '../../src/kernel/json.ts'
import type { Store } from '../../src/store/port.ts'
import { freshFolder, freshStore } from '../fresh-store.ts'
import { assembleEngine, MAPPINGS, type Engine, type EngineParts } from './assemble-engine.ts'

export { MAPPINGS, type Engine }

export async function startEngine(settings: Readonly<Record<string, unknown>> = {}): Promise<Engine> {
  const store = await freshStore()
  return engineOn(store, settings)
}

export async function engineOn(
  store: Store,
  settings: Readonly<Record<string, unknown>> = {},
  parts: Partial<Pick<EngineParts, 'mappings' | 'out' | 'folder'>> = {},
): Promise<Engine> {
  const engine = await assembleEngine(store, { folder: await freshFolder(), ...parts, settings })
  onTestFinished(async () => engine.stop())
  return engine
}

/** An audit trail of its own, beside the engine. */
export async function auditOf({ store }: Engine): Promise<AuditTrail> {
  const audit = createAuditTrail({ folder: await freshFolder(), store, clock: Date.now, onError })
  onTestFinished(async () => audit.close())
  return audit
}

function onError(error: unknown): never {
  throw error
}

const END = '\x1c\r'

/** A sender of HL7 v2 over a real socket. */
export class Sender {
  readonly socket: Socket
  #text = ''
  readonly #waiting: PromiseWithResolvers<string>[] = []

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.on('error', () => undefined)
    this.socket.on('data', (chunk: Buffer) => this.#take(chunk.toString('latin1')))
    this.socket.on('close', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('the connection was closed'))
    })
    onTestFinished(() => void this.socket.destroy())
  }

  /** @returns the acknowledgement, CR as line feeds */
  async send(message: string | Buffer): Promise<string> {
    const ack = this.next()
    if (!this.socket.destroyed) this.write(message)
    return ack
  }

  write(message: string | Buffer): void {
    this.socket.write(Buffer.concat([Buffer.of(0x0b), Buffer.from(message), Buffer.from(END)]))
  }

  async next(): Promise<string> {
    if (this.socket.destroyed) throw new Error('the connection was closed')
    const answer = Promise.withResolvers<string>()
    this.#waiting.push(answer)
    return answer.promise
  }

  async closed(): Promise<void> {
    if (!this.socket.destroyed) await once(this.socket, 'close')
  }

  #take(text: string): void {
    this.#text += text
    for (let end = this.#text.indexOf(END); end !== -1; end = this.#text.indexOf(END)) {
      const ack = this.#text.slice(1, end).replaceAll('\r', '\n')
      this.#text = this.#text.slice(end + END.length)
      this.#waiting.shift()?.resolve(ack)
    }
  }
}

interface AdmitParts {
  readonly id?: string
  readonly time?: string
  readonly mrn?: string
  readonly name?: string
  readonly birth?: string
  readonly address?: string
  readonly event?: string
}

/** An ADT message; only what a test speaks of has to be named. */
export function admit(parts: AdmitParts = {}): string {
  const { id = 'A1', time = '20261123101500+0000', mrn = '4711', name = 'Salih^Nadia' } = parts
  const { birth = '19870402', address = '12 River Road^^Khartoum^^^SD', event = 'A01' } = parts
  return [
    `MSH|^~\\&|WARD|NORTH|HUB|MOGRAN|${time}||ADT^${event}^ADT_A01|${id}|P|2.5.1`,
    `EVN||${time}`,
    `PID|1||${mrn}^^^NORTH^MR||${name}||${birth}|F|||${address}`,
    `PV1|1|I|W1^05^A^NORTH||||||||||||||||V${mrn}^^^NORTH^VN`,
    '',
  ].join('\r')
}

/** An ORU message with one result. */
export function result(
  parts: { id?: string; mrn?: string; value?: string; name?: string; time?: string } = {},
): string {
  const {
    id = 'R1',
    mrn = '4711',
    value = '6.90',
    name = 'Someone^Else',
    time = '20261123103000+0000',
  } = parts
  return [
    `MSH|^~\\&|LAB|NORTH|HUB|MOGRAN|${time}||ORU^R01^ORU_R01|${id}|P|2.5.1`,
    `PID|1||${mrn}^^^NORTH^MR||${name}||19500101|M`,
    `OBR|1|P${mrn}^NORTH|F${mrn}^LAB|24323-8^Metabolic panel^LN|||20261123102000+0000|||||||||||||||20261123102900+0000||LAB|F`,
    `OBX|1|NM|2823-3^Potassium^LN||${value}|mmol/L^mmol/L^UCUM|3.5-5.1|HH|||F|||20261123102000+0000`,
    '',
  ].join('\r')
}

/** Resolves once the message with this control id is in the state. */
export async function settled(engine: Engine, controlId: string, state: string): Promise<void> {
  for (;;) {
    const lines = await engine.store.records.range({ collection: 'hl7-journal', limit: 10_000 })
    const found = lines.some(({ value }) => {
      const line = value as JsonObject
      return line['controlId'] === controlId && line['state'] === state
    })
    if (found) break
    await new Promise((next) => setTimeout(next, 5))
  }
  // Records are seen as soon as they are on the disk, resources and the log when their writer has been told: it takes one after the other.
  await engine.store.records.apply([])
}
