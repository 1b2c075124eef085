import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { searchMessages } from '../src/hl7/api/message-search.ts'
import { summaryOf } from '../src/hl7/api/message-view.ts'
import { MessageQuery } from '../src/hl7/hl7.contract.ts'
import { FLOW, type Entry, type MessageState } from '../src/hl7/journal/entry.ts'
import { createMessageIndex } from '../src/hl7/journal/message-index.ts'
import { idAt } from '../src/hl7/journal/message-time.ts'
import { markChanges } from '../src/hl7/journal/state-marks.ts'
import { openEmbeddedStore } from '../src/store/embedded/store.ts'
import type { RecordChange } from '../src/store/port.ts'

/**
 * `node server/bench/message-search.ts [messages]`: what a search among so many journaled messages (1,000,000) costs by each field, rare and common
 * values, alone and together; milliseconds of one page of 50. The lines of the journal are written as the flow writes them.
 */
const MESSAGES = Number(process.argv[2] ?? 1_000_000)
const BATCH = 500
const FEEDS = ['default', 'east', 'lab', 'pharmacy', 'rare'] as const
const TYPES = ['ADT^A01', 'ADT^A08', 'ORU^R01', 'ORM^O01', 'SIU^S12', 'MDM^T02'] as const
const START = Date.UTC(2026, 0, 1)
const EVERY_MS = 20_000
const PATIENTS = 20_000

const folder = mkdtempSync(join(tmpdir(), 'mogran-messages-'))
const store = await openEmbeddedStore({ folder })
const { records } = store
const index = createMessageIndex(records, (error) => {
  throw error
})

function lineOf(at: number): Entry {
  const [type = '', event = ''] = (TYPES[at % 97 === 0 ? 5 : at % 5] ?? 'ADT^A01').split('^')
  const feed = at % 50_000 === 7 ? 'rare' : (FEEDS[at % 4] ?? 'default')
  const state = stateOf(at)
  const received = START + at * EVERY_MS
  return {
    feed,
    received,
    type,
    event,
    controlId: `M${at}`,
    sender: `WARD${at % 40} NORTH`,
    version: '2.5.1',
    numbers: [`MRN${at % PATIENTS}`],
    bytes: 1200,
    hash: 'x'.repeat(43),
    state,
    history: [
      { state: 'received', time: received },
      { state, time: received + 20 },
    ],
    attempts: 1,
    partitions: [`Patient|${at % PATIENTS}`],
    made: [{ reference: `Patient/p${at % PATIENTS}`, version: 2, action: 'updated' }],
    ack: 'MSH|^~\\&|HUB|MOGRAN|WARD|NORTH|20260101000000+0000||ACK^A01^ACK|X|P|2.5.1\rMSA|AA|M',
  }
}

function stateOf(at: number): MessageState {
  if (at % 1000 === 3) return 'dead'
  if (at % 400 === 5) return 'duplicate'
  return at % 100_000 === 9 ? 'parked' : 'committed'
}

async function seed(): Promise<void> {
  for (let from = 0; from < MESSAGES; from += BATCH) {
    const changes: RecordChange[] = []
    for (let at = from; at < Math.min(from + BATCH, MESSAGES); at++) {
      const entry = lineOf(at)
      const id = `${idAt(entry.received)}0001`
      index.note(id, entry)
      changes.push(
        { op: 'put', collection: FLOW.patients, id: `p${at % PATIENTS}|${id}`, value: {} },
        ...markChanges(id, undefined, entry),
        { op: 'put', collection: FLOW.journal, id, value: { ...entry } as never, second: `s${at}` },
      )
    }
    await records.apply(changes)
    if (from % 20_000 === 0) await index.stop()
  }
  await index.stop()
}

const iso = (at: number) => new Date(START + at * EVERY_MS).toISOString()
const middle = Math.floor(MESSAGES / 2)
const QUERIES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  newest: {},
  'control id': { controlId: `M${middle}` },
  'control id, unknown': { controlId: 'nobody' },
  patient: { patient: `p${middle % PATIENTS}` },
  'patient, type': { patient: `p${middle % PATIENTS}`, type: 'ORU^R01' },
  'number of a patient': { number: `MRN${middle % PATIENTS}` },
  'number, failed ones': { number: `MRN${middle % PATIENTS}`, state: 'dead' },
  'number, unknown': { number: 'nobody' },
  type: { type: 'ADT' },
  'type and event': { type: 'MDM^T02' },
  sender: { sender: 'WARD7 NORTH' },
  feed: { feed: 'lab' },
  'feed, rare': { feed: 'rare' },
  'feed, unknown': { feed: 'nowhere' },
  'state dead': { state: 'dead' },
  'state parked': { state: 'parked' },
  'state committed': { state: 'committed' },
  'state received, none': { state: 'received' },
  'time span in the middle': { from: iso(middle), to: iso(middle + 5000) },
  'type in a span long ago': { type: 'MDM^T02', from: iso(1000), to: iso(20_000) },
  'feed in a span long ago': { feed: 'rare', to: iso(60_000) },
  'dead of a feed': { state: 'dead', feed: 'pharmacy' },
  'dead of a type in a span': { state: 'dead', type: 'ORM^O01', to: iso(middle) },
  'feed and type that never meet': { feed: 'rare', type: 'SIU^S12' },
  'sender and feed that never meet': { sender: 'WARD7 NORTH', feed: 'default' },
}

try {
  const begun = performance.now()
  await seed()
  const seconds = (performance.now() - begun) / 1000
  process.stdout.write(
    `${MESSAGES} messages in ${seconds.toFixed(0)} s\n${'search'.padEnd(36)}   first    best  found\n`,
  )
  for (const [name, query] of Object.entries(QUERIES)) {
    const times: number[] = []
    let found = 0
    for (let round = 0; round < 5; round++) {
      const start = performance.now()
      const { messages } = await searchMessages({ records, index }, MessageQuery.parse(query))
      JSON.stringify(messages.map(summaryOf))
      times.push(performance.now() - start)
      found = messages.length
    }
    const [first = 0] = times
    process.stdout.write(
      `${name.padEnd(36)}${first.toFixed(1).padStart(8)}${Math.min(...times)
        .toFixed(1)
        .padStart(8)}${String(found).padStart(7)}\n`,
    )
  }
} finally {
  await store.close()
  rmSync(folder, { recursive: true })
}
