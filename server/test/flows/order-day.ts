import { expect } from 'vitest'

import type { JsonObject } from '../../src/kernel/json.ts'
import { Sender, startEngine, type Engine } from './interface-engine.ts'

/** Event, then the segments behind MSH. */
export type Message = readonly [event: string, ...segments: readonly string[]]

/** An engine that has taken these messages, ten seconds past eight and each a second later. */
export async function after(...messages: readonly Message[]): Promise<Engine> {
  const engine = await startEngine({ ackAt: 'committed' })
  const sender = new Sender(engine.port)
  for (const [at, [event, ...segments]] of messages.entries()) {
    const header = `MSH|^~\\&|WARD|NORTH|HUB|MOGRAN|202603010800${10 + at}||${event}|M${at}|P|2.5.1`
    expect(await sender.send([header, ...segments, ''].join('\r')), event).toContain('MSA|AA')
  }
  return engine
}

export async function items(engine: Engine): Promise<readonly JsonObject[]> {
  const found = await engine.store.records.range({ collection: 'hl7-worklist', limit: 100 })
  return found.map((record) => record.value as JsonObject)
}
