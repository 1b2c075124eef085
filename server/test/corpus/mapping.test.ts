import { existsSync, globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

import { describe, expect, it } from 'vitest'

import { loadDefinitions } from '../../src/fhir/load-definitions.ts'
import { createMapper } from '../../src/hl7/mapping/mapper.ts'
import { parseMessage } from '../../src/hl7/message/parse-message.ts'
import { Fault } from '../../src/kernel/fault.ts'
import type { JsonObject } from '../../src/kernel/json.ts'
import { readDecisions, runPairs } from './pairs.ts'

const CORPUS = resolve(
  fileURLToPath(new URL('../../../', import.meta.url)),
  process.env['CORPUS'] ?? '../shared/corpus',
  'hl7v2',
)

/** Files of several messages are cut at their header segments, as a file reader does. */
const messages = globSync('**/*.hl7', { cwd: CORPUS }).flatMap((file) =>
  readFileSync(join(CORPUS, file), 'utf8')
    .split(/(?=^MSH)/m)
    .filter((text) => /^[\s\ufeff]*MSH/.test(text))
    .map((text) => ({ file, text })),
)

describe.skipIf(!existsSync(CORPUS))('the corpus of HL7 v2 messages', () => {
  it('keeps every segment of every message byte by byte', () => {
    const wrong = messages.filter(({ text }) => {
      const parsed = accepted(() => parseMessage(text))
      if (parsed === undefined) return false
      const joined = parsed.segments.map(({ raw }) => raw).join('')
      return joined.replaceAll(/\s/g, '') !== text.replaceAll(/[\s\ufeff]/g, '')
    })
    expect(wrong.map(({ file }) => file)).toEqual([])
    expect(messages.length).toBeGreaterThan(900)
  })

  it('maps every message that has rules or refuses it with its position, and makes only valid resources', async () => {
    const mapper = await createMapper(MAPPINGS)
    const definitions = loadDefinitions()
    const wrong: string[] = []
    let mapped = 0
    for (const { file, text } of messages) {
      const message = accepted(() => parseMessage(text))
      if (message === undefined || !mapper.accepts(message)) continue
      const result = accepted(() => mapper.map(message, 'default'))
      if (result === undefined) continue
      mapped += 1
      const types = new Map(result.images.map(({ key, type }) => [key, type]))
      for (const { type, resource, own } of result.images) {
        // What is only referred to is not written.
        if (own === 'link') continue
        const known = await definitions.load(type)
        const issues = known?.validate(withPlainReferences(resource, types), 3) ?? []
        wrong.push(
          ...issues
            .filter(({ severity }) => severity === 'error')
            .map((issue) => `${file}: ${issue.at} ${issue.text}`),
        )
      }
    }
    expect(wrong).toEqual([])
    expect(mapped).toBeGreaterThan(400)
  })
})

describe.skipIf(!existsSync(CORPUS))('the pairs of messages and expected resources', () => {
  it('has the expected outcome of each pair, or a decision that says why not', async () => {
    const mapper = await createMapper(MAPPINGS)
    const decisions = readDecisions(readFileSync(join(MAPPINGS, 'DECISIONS.md'), 'utf8'))
    const counts = new Map<string, Record<string, number>>()
    const unexplained = new Set<string>()
    for (const { peer, type, refused, met, unmet } of runPairs(CORPUS, mapper)) {
      const count = counts.get(type) ?? {}
      counts.set(type, count)
      const add = (kind: string, many = 1) => (count[kind] = (count[kind] ?? 0) + many)
      add('met', met.length)
      if (refused !== undefined && !REFUSALS.has(refused)) unexplained.add(refused)
      for (const element of unmet) {
        const kind = decisions.find((decision) => decision.covers(peer, element))?.kind
        add(kind ?? 'unexplained')
        if (kind === undefined) unexplained.add(`${peer} ${element}`)
      }
    }
    process.stdout.write(agreementTable(counts))
    expect([...unexplained]).toEqual([])
    // Of what both sides mean to map; a change of the rules must not lose any.
    const sum = (kind: string) => [...counts.values()].reduce((total, count) => total + (count[kind] ?? 0), 0)
    expect(sum('met') / (sum('met') + sum('open'))).toBeGreaterThan(0.66)
    expect(sum('met')).toBeGreaterThan(24_500)
  })
})

const MAPPINGS = fileURLToPath(new URL('../../../mappings/', import.meta.url))

/** What messages of the pairs are refused for; each is in the table of `DECISIONS.md` about the guide. */
const REFUSALS = new Set([
  'OBR-25 The code has no meaning in the record: add it to the code table or correct it',
  'PID The message does not say which patient it is about',
  'ORC The message does not say which patient it is about',
  'TXA The message does not say which document it is about',
  // Referrals, and one message whose header names no event.
  'MSH-9.2 There are no rules for this message type',
])

/** Values of expected outcomes by message type: those that we have, those that we decided otherwise, those that are open. */
function agreementTable(counts: ReadonlyMap<string, Readonly<Record<string, number>>>): string {
  const lines = [...counts]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([type, count]) => {
      const { met = 0, decided = 0, peer = 0, open = 0 } = count
      const share = met + open === 0 ? '-' : `${Math.round((100 * met) / (met + open))} %`
      return `${type.padEnd(10)} ${share.padStart(6)} met ${met}, open ${open}, decided ${decided}, the peer's own ${peer}`
    })
  return `${lines.join('\n')}\n`
}

/** The result, or nothing when it was refused with a fault that names a position. Anything else is a defect and fails the test. */
function accepted<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof Fault && error.issues[0]?.at !== undefined) return undefined
    throw error
  }
}

function withPlainReferences(resource: JsonObject, types: ReadonlyMap<string, string>): JsonObject {
  const text = JSON.stringify(resource).replaceAll(
    /"#image:([^"]+)"/g,
    (_, key: string) => `"${types.get(key)}/x"`,
  )
  return JSON.parse(text) as JsonObject
}
