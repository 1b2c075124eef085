import { readFileSync } from 'node:fs'

import { expect } from 'vitest'

import type { JsonObject } from '../../src/kernel/json.ts'
import { freshStore } from '../fresh-store.ts'
import { rulesWith } from '../rules-with.ts'
import { engineOn, Sender, startEngine, type Engine } from './interface-engine.ts'

/** Fields of PV1 by their number. */
type Visit = Readonly<Record<number, string>>

export interface Step {
  readonly event: string
  readonly visit?: Visit
  readonly evn?: string
  /** Segments behind PV1. */
  readonly more?: readonly string[]
  readonly name?: string
  readonly late?: boolean
}

const DEFAULT_FEED = readFileSync(new URL('../../../mappings/feeds/default.yaml', import.meta.url), 'utf8')

let clock = 0

/** An ADT message of one patient and visit, each later than the one before. */
export function adt(
  mrn: string,
  { event, visit = {}, evn = '', more = [], name = 'Salih^Nadia' }: Step,
): string {
  const time = new Date(Date.UTC(2026, 2, 1, 8) + ++clock * 60_000)
    .toISOString()
    .replaceAll(/[-:T]/g, '')
    .slice(0, 12)
  const fields: Visit = { 1: '1', 2: 'I', 3: 'W1^05^A', 19: `V${mrn}^^^NORTH^VN`, ...visit }
  const pv1 = Array.from({ length: 53 }, (_, at) => fields[at + 1] ?? '').join('|')
  return [
    `MSH|^~\\&|WARD|NORTH|HUB|MOGRAN|${time}||ADT^${event}|E${clock}|P|2.5.1`,
    evn === '' ? `EVN||${time}` : evn,
    `PID|1||${mrn}^^^NORTH^MR||${name}||19870402|F`,
    `PV1|${pv1.replace(/\|+$/, '')}`,
    ...more,
    '',
  ].join('\r')
}

export interface World {
  readonly engine: Engine
  readonly send: (message: string) => Promise<void>
}

export async function start(settings = {}): Promise<World> {
  const engine = await startEngine({ ackAt: 'committed', ...settings })
  return { engine, send: sendingBy(new Sender(engine.port)) }
}

/** An engine with another feed that has the rules of the first. @param more lines of both */
export async function startTwoFeeds(more = ''): Promise<World & { readonly sendOther: World['send'] }> {
  const text = `${DEFAULT_FEED}${more}`
  const mappings = await rulesWith({ 'feeds/default.yaml': text, 'feeds/other.yaml': text })
  const engine = await engineOn(await freshStore(), { ackAt: 'committed' }, { mappings })
  const [first, other] = ['default', 'other'].map((feed) => new Sender(engine.listeners.of(feed)?.port ?? 0))
  return { engine, send: sendingBy(first), sendOther: sendingBy(other) }
}

function sendingBy(sender: Sender | undefined): World['send'] {
  return async (message) => expect(await sender?.send(message)).toContain('MSA|AA')
}

export async function withNumber(
  engine: Engine,
  type: string,
  number: string,
): Promise<JsonObject | undefined> {
  const found = await engine.all(type)
  return found.find(({ identifier }) => JSON.stringify(identifier ?? '').includes(`"${number}"`))
}

/** What somebody has to look at: element, what is there, what was sent. */
export async function itemsOf(engine: Engine): Promise<readonly string[]> {
  const found = await engine.store.records.range({ collection: 'hl7-worklist', limit: 100 })
  const items = found.map(({ value }) => value as Readonly<Record<string, string | undefined>>)
  return items.map(({ element, current, incoming }) => [element, current, incoming].join(' ')).toSorted()
}

/** What is known of each place: its status, when somebody came and went. */
export const stays = (...expected: readonly string[]) =>
  expect.toSatisfy((found) => {
    const places = (found ?? []) as readonly { status: string; period?: { start?: string; end?: string } }[]
    const told = places.map(({ status, period = {} }) => {
      const [from = '', until = ''] = [period.start, period.end].map((time) => time?.slice(11, 16))
      return `${status} ${from}-${until}`
    })
    expect(told).toEqual(expected)
    return true
  }) as object

export const without = (member: string, like = {}) =>
  expect.toSatisfy((found: object) => {
    expect(found).toMatchObject(like)
    return !Object.hasOwn(found, member)
  }) as object
