import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

import { limits } from '../src/kernel/limits.ts'
import { openEmbeddedStore } from '../src/store/embedded/store.ts'
import type { SearchKeys } from '../src/store/keys.ts'
import type { ResourceWrite, Store } from '../src/store/port.ts'

/**
 * `node server/bench/store-growth.ts [most] [first]`: the same operations of the embedded store at `first` (100,000) and at `most` (1,000,000)
 * Observations, with 30 keys each, of which most are common to many, and clinical dates in no order. Growth is the processor time
 * of the main thread at `most` by that at `first`, which other work of the machine does not change; filling is what a clock says.
 */
const [MOST = 1_000_000, FIRST = 100_000] = process.argv.slice(2).map(Number)
/** Few enough that each has more than a page of each code. */
const PATIENTS = 100
const ROUNDS = 2000
const GROUP = 16
const FILLING = 250
/** Progress is told after so many. */
const TOLD = 50_000
const YEARS_MS = 10 * 365 * 86_400_000
const START = Date.UTC(2016, 0, 1)

type Figures = Readonly<Record<string, number>>

const folder = mkdtempSync(join(tmpdir(), 'mogran-growth-'))
const store = await openEmbeddedStore({ folder })
let filled = 0
try {
  const small = await measuredAt(FIRST)
  const large = await measuredAt(MOST)
  const lines = Object.entries(small).map(([what, before]) => {
    const after = large[what] ?? 0
    return `${what.padEnd(34)}${before.toFixed(1).padStart(10)}${after.toFixed(1).padStart(10)}${(after / before).toFixed(2).padStart(8)}`
  })
  process.stdout.write(`${['what', String(FIRST), String(MOST), 'growth'].join('  ')}\n${lines.join('\n')}\n`)
} finally {
  await store.close()
  rmSync(folder, { recursive: true })
}

async function measuredAt(count: number): Promise<Figures> {
  const filling = await fillTo(count)
  const bytes = ['data.mdb', 'index.mdb'].map((file) => statSync(join(folder, file)).size)
  return {
    ...filling,
    'create of 16 at once, us each': await timed(GROUP, async () => createSome()),
    'update of 16 at once, us each': await timed(GROUP, async () => updateSome()),
    'read by id, us': await timed(1, async () => store.resources.read('Observation', idOf(random(filled)))),
    'patient and code, 20 newest, us': await timed(1, async () => search(store)),
    'name prefix, 20, us': await timed(1, async () =>
      store.resources.names({
        type: 'Observation',
        param: 'code:text',
        prefix: `heart rate ${random(10)}`,
        limit: 20,
      }),
    ),
    'count of a common key up to 1000, us': await timed(1, async () =>
      store.resources.count('Observation', 'status=final', 1000),
    ),
    'data file, bytes a resource': (bytes[0] ?? 0) / filled,
    'index file, bytes a resource': (bytes[1] ?? 0) / filled,
  }
}

/** The processor time is that of all threads: the one that merges, too. */
async function fillTo(count: number): Promise<Figures> {
  const started = performance.now()
  const startedCpu = process.cpuUsage()
  const before = filled
  for (let at = filled; at < count; at += FILLING) {
    await commit(Array.from({ length: FILLING }, () => observation(filled++)))
    if (filled % TOLD === 0)
      process.stderr.write(`${filled} after ${Math.round(performance.now() / 1000)} s\n`)
  }
  await merged()
  const { user, system } = process.cpuUsage(startedCpu)
  return {
    'fill, us a resource': ((performance.now() - started) * 1000) / (count - before),
    'fill, processor us a resource': (user + system) / (count - before),
  }
}

async function timed(each: number, work: () => Promise<unknown>): Promise<number> {
  const rounds = Math.ceil(ROUNDS / each)
  const started = process.threadCpuUsage()
  for (let i = 0; i < rounds; i++) await work()
  const { user, system } = process.threadCpuUsage(started)
  return (user + system) / (rounds * each)
}

async function createSome(): Promise<void> {
  await Promise.all(Array.from({ length: GROUP }, async () => commit([observation(filled++)])))
}

async function updateSome(): Promise<void> {
  const ids = new Set(Array.from({ length: GROUP }, () => random(filled)))
  await Promise.all(
    [...ids].map(async (i) => {
      const current = await store.resources.read('Observation', idOf(i))
      await commit([{ ...observation(i), expected: current?.version ?? 0, method: 'PUT' }])
    }),
  )
}

async function search({ resources }: Store): Promise<void> {
  const key = `patient+code=${random(PATIENTS)}+${random(10)}`
  const request = { type: 'Observation', key, order: 'date', direction: 'desc', limit: 20 } as const
  const found = await resources.scan(request)
  await resources.fetch(
    'Observation',
    found.map(({ id }) => id),
  )
}

async function commit(writes: readonly ResourceWrite[]): Promise<void> {
  const { outcome } = await store.commit({
    uuid: crypto.randomUUID(),
    time: Date.now(),
    writes,
    records: [],
    guards: [],
  })
  if (outcome === 'refused') throw new Error('a write was refused')
}

/** Fewer rows than a merge takes wait for more. */
async function merged(): Promise<void> {
  while ((store.health()['unmerged_rows'] ?? 0) >= limits.store.mergeRows) await setTimeout(20)
}

function idOf(i: number): string {
  return `0199c0de-0000-7000-8000-${String(i).padStart(12, '0')}`
}

function observation(i: number): ResourceWrite {
  const date = START + random(YEARS_MS)
  const patient = random(PATIENTS)
  const code = random(10)
  const body = {
    resourceType: 'Observation',
    id: idOf(i),
    status: 'final',
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category' }] }],
    code: { coding: [{ system: 'http://loinc.org', code: `${code}-4`, display: 'Heart rate' }] },
    subject: { reference: `Patient/${patient}` },
    effectiveDateTime: new Date(date).toISOString(),
    valueQuantity: { value: random(1000) / 10, unit: '/min', system: 'http://unitsofmeasure.org' },
  }
  return {
    type: 'Observation',
    id: idOf(i),
    expected: 0,
    method: 'POST',
    lastUpdated: Date.now(),
    bytes: Buffer.from(JSON.stringify(body)),
    keys: keysOf({ i, date, patient, code }),
  }
}

function keysOf(of: { i: number; date: number; patient: number; code: number }): SearchKeys {
  const { i, date, patient, code } = of
  const common = Array.from({ length: 16 }, (_, n) => `common${n}=${n % 4 === 0 ? code : 'yes'}`)
  return {
    k: [
      ...common,
      'status=final',
      'status=|final',
      'category=vital-signs',
      `code=${code}`,
      `code=http://loinc.org|${code}`,
      'code=http://loinc.org|',
      `subject=Patient/${patient}`,
      `subject=${patient}`,
      `patient=Patient/${patient}`,
      `patient+code=${patient}+${code}`,
      `patient+category=${patient}+vital-signs`,
      `_compartment=Patient/${patient}`,
      `identifier=${i}`,
      `identifier=urn:x|${i}`,
    ],
    r: [{ p: 'date', lo: date, hi: date + 1 }],
    n: [{ p: 'code:text', text: `heart rate ${code} of ${i % 1000}` }],
    date,
    patients: [String(patient)],
  }
}

function random(below: number): number {
  return Math.floor(Math.random() * below)
}
