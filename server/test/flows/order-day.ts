import { expect } from 'vitest'

import type { JsonObject } from '../../src/kernel/json.ts'
import { Sender, startEngine, type Engine } from './interface-engine.ts'

/** Event, then the segments behind MSH and EVN. */
export type Message = readonly [event: string, ...segments: readonly string[]]

/** The text of a message that is the `at`-th of the morning: ten seconds past eight, and a second later each. */
export function textOf([event, ...segments]: Message, at: number): string {
  const time = `202603010800${10 + at}`
  const header = `MSH|^~\\&|WARD|NORTH|HUB|MOGRAN|${time}||${event}|M${at}|P|2.5.1`
  const evn = /^(?:ADT|BAR|DFT)/.test(event) ? [`EVN||${time}`] : []
  return [header, ...evn, ...segments, ''].join('\r')
}

/** An engine that has taken these messages. */
export async function after(...messages: readonly Message[]): Promise<Engine> {
  const engine = await startEngine({ ackAt: 'committed' })
  const sender = new Sender(engine.port)
  for (const [at, message] of messages.entries())
    expect(await sender.send(textOf(message, at)), message[0]).toContain('MSA|AA')
  return engine
}

export async function items(engine: Engine): Promise<readonly JsonObject[]> {
  const found = await engine.store.records.range({ collection: 'hl7-worklist', limit: 100 })
  return found.map((record) => record.value as JsonObject)
}
