import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { describe, expect, it } from 'vitest'

import { createMapper } from '../../src/hl7/mapping/mapper.ts'
import { readDecisions, type Decisions, type Unmet } from './decisions.ts'
import { CORPUS } from './folder.ts'
import { pairsIn, runPair } from './pairs.ts'
import { runSentPair } from './sent-pairs.ts'

const MESSAGES = join(CORPUS, 'hl7v2')
const MAPPINGS = fileURLToPath(new URL('../../../mappings/', import.meta.url))
const DECISIONS = readFileSync(join(MAPPINGS, 'DECISIONS.md'), 'utf8')

describe.skipIf(!existsSync(MESSAGES))('the pairs of messages and expected resources', () => {
  it('has the expected outcome of each pair, or a decision that says why not', async () => {
    const mapper = await createMapper(MAPPINGS)
    const decisions = readDecisions(DECISIONS, 'Values of expected resources')
    const pairs = pairsIn(MESSAGES).filter(({ direction }) => direction.startsWith('v2->fhir'))
    const outcomes = pairs.map((pair) => runPair(MESSAGES, mapper, pair))
    const { table, sums, unexplained } = account(outcomes, decisions)
    process.stdout.write(table)
    const refused = outcomes.flatMap(({ refused: why }) => (why === undefined ? [] : [why]))
    const reasons = refused.map((why) => why.replace(/: numbers of type [A-Z, ]+ do not .*/, ''))
    expect([...new Set(reasons)].filter((why) => !REFUSALS.has(why))).toEqual([])
    expect(unexplained.slice(0, 50)).toEqual([])
    expect(unusedOf(decisions)).toEqual([])
    expect(pairs.length).toBe(401)
    // Of what both sides mean to map; a change of the rules must not lose any.
    expect(sums.met / (sums.met + sums.open)).toBeGreaterThan(0.96)
    expect(sums.met).toBeGreaterThan(31_350)
  })
})

describe.skipIf(!existsSync(MESSAGES))('the pairs of resources and expected messages', () => {
  it('has the expected fields of each pair, or a decision that says why not', async () => {
    const { outbound } = await createMapper(MAPPINGS)
    const decisions = readDecisions(DECISIONS, 'Fields of expected messages')
    const pairs = pairsIn(MESSAGES).filter(({ direction }) => direction === 'fhir->v2')
    const outcomes = await Promise.all(pairs.map(async (pair) => runSentPair(MESSAGES, outbound, pair)))
    const { table, sums, unexplained } = account(outcomes, decisions)
    process.stdout.write(table)
    expect(unexplained.slice(0, 50)).toEqual([])
    expect(unusedOf(decisions)).toEqual([])
    expect(pairs.length).toBe(55)
    expect(sums.met).toBeGreaterThan(7280)
    expect(sums.open).toBe(0)
  })
})

/** What messages of the pairs are refused for; each is in the table of `DECISIONS.md` about the guide. */
const REFUSALS = new Set([
  'OBR-25 The code has no meaning in the record: add it to the code table or correct it',
  'PID-3 The message does not say which patient it is about',
  'ORC The message does not say which patient it is about',
  'TXA-12 The message does not say which document it is about',
  // An account is merged, and MRG-3 is empty.
  'MRG-3 The message does not say which accountBefore it is about',
  // Headers with every field valued, and results behind them without a PID.
  'MSH-14 The message is the rest of an earlier one: put both into one and send it again, or mend the earlier one and discard this.',
  // Referrals, and one message whose header names no event.
  'MSH-9.2 There are no rules for this message type',
])

interface Outcome {
  readonly type: string
  readonly met: number
  readonly unmet: readonly Unmet[]
}

type Sums = Record<'met' | 'open' | 'decided' | 'peer', number>

function account(outcomes: readonly Outcome[], decisions: Decisions) {
  const byType = new Map<string, Sums>()
  const sums: Sums = { met: 0, open: 0, decided: 0, peer: 0 }
  const unexplained: string[] = []
  for (const { type, met, unmet } of outcomes) {
    const own = byType.get(type) ?? { met: 0, open: 0, decided: 0, peer: 0 }
    byType.set(type, own)
    own.met += met
    sums.met += met
    for (const value of unmet) {
      const kind = decisions.kindOf(value)
      if (kind === undefined) {
        unexplained.push(`${value.peer} ${value.type} ${value.path}=${value.value}`)
        continue
      }
      own[kind] += 1
      sums[kind] += 1
    }
  }
  const lines = [...byType].toSorted(([a], [b]) => a.localeCompare(b)).map(([type, one]) => lineOf(type, one))
  return { table: `${[...lines, lineOf('all', sums)].join('\n')}\n`, sums, unexplained }
}

/** Values of expected outcomes: those that we have, those that we decided otherwise, those that are open. */
function lineOf(type: string, { met, open, decided, peer }: Sums): string {
  const share = met + open === 0 ? '-' : `${Math.round((100 * met) / (met + open))} %`
  return `${type.padEnd(10)} ${share.padStart(6)} met ${met}, open ${open}, decided ${decided}, the peer's own ${peer}`
}

/** A pattern that covers nothing is a leftover, or was written for what another one covers. */
function unusedOf(decisions: Decisions): readonly string[] {
  return decisions.hits().flatMap(({ pattern, hits }) => (hits === 0 ? [pattern] : []))
}
