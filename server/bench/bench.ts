import { spawnSync } from 'node:child_process'
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { admitFlow } from './admit-flow.ts'
import { run } from './load.ts'
import type { Started } from './process.ts'
import { start } from './process.ts'

/**
 * `npm run bench`: the hub beside a bare Fastify server, as ratios. Median of three rounds, the sides in turn; authentication and audit are on,
 * every write is durable before its answer. Raw lines go to standard error, the table to standard output.
 */
const ROUNDS = 3
const SECONDS = 3
const SYNCS = 400
const HUB = new URL('../src/main.ts', import.meta.url)
const BARE = new URL('bare.ts', import.meta.url)
const CLIENT = 'bench:0123456789abcdefghij'

interface Row {
  readonly what: string
  readonly hub: string
  readonly bare: string
  readonly ratio: string
  readonly wanted: string
}

const folder = mkdtempSync(join(tmpdir(), 'mogran-bench-'))
const env = {
  HUB_DATA: folder,
  HUB_HTTP_PORT: '0',
  HUB_MLLP_PORT: '0',
  HUB_MQTT_PORT: '0',
  HUB_DEMO: 'off',
  HUB_BOOTSTRAP_CLIENT: CLIENT,
  HUB_LOG_LEVEL: 'warn',
}
const rows: Row[] = []
const hub = await start(HUB, { env })
try {
  const token = await tokenOf(hub)
  const stored = await create(hub, token)
  const bare = await start(BARE, { words: [stored.body] })
  try {
    rows.push(await reads({ hub, bare, token, id: stored.id }), ...(await creates({ hub, bare, token })))
  } finally {
    await bare.stop()
  }
  rows.push(...(await admitFlow({ hub, token, seconds: SECONDS })))
} finally {
  await hub.stop()
}
rows.push(syncRate(), await firstAnswer())
rmSync(folder, { recursive: true })
process.stdout.write(table(rows))

interface Sides {
  readonly hub: Started
  readonly bare: Started
  readonly token: string
}

async function reads({ hub: ours, bare, token, id }: Sides & { readonly id: string }): Promise<Row> {
  const request = () =>
    `GET /fhir/Patient/${id} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\n\r\n`
  const [hubs, bares] = await inTurn('read by id', (side) =>
    run({ port: side === 'hub' ? ours.port : bare.port, connections: 16, seconds: SECONDS, request }),
  )
  return ratio('read by id, 16 connections', [hubs, bares], '0.4')
}

async function creates({ hub: ours, bare, token }: Sides): Promise<Row[]> {
  const made: Row[] = []
  for (const connections of [16, 64]) {
    const request = (index: number) => post('Observation', observation(index), token)
    const [hubs, bares] = await inTurn(`create, ${connections}`, (side) =>
      run({ port: side === 'hub' ? ours.port : bare.port, connections, seconds: SECONDS, request }),
    )
    const wanted = connections === 16 ? '0.08' : '-'
    made.push(ratio(`create Observation, ${connections} connections`, [hubs, bares], wanted))
  }
  return made
}

async function inTurn(
  what: string,
  one: (side: 'hub' | 'bare') => Promise<{ perSecond: number; p50Ms: number; p99Ms: number }>,
): Promise<readonly [readonly number[], readonly number[]]> {
  const rates = { hub: [] as number[], bare: [] as number[] }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const side of ['hub', 'bare'] as const) {
      const result = await one(side)
      rates[side].push(result.perSecond)
      const { perSecond, p50Ms, p99Ms } = result
      process.stderr.write(
        `${what} ${side} ${perSecond.toFixed(0)}/s p50 ${p50Ms.toFixed(2)} p99 ${p99Ms.toFixed(2)} ms\n`,
      )
    }
  }
  return [rates.hub, rates.bare]
}

function ratio(
  what: string,
  [hubs, bares]: readonly [readonly number[], readonly number[]],
  wanted: string,
): Row {
  const [ours, bare] = [median(hubs), median(bares)]
  return {
    what,
    hub: `${ours.toFixed(0)}/s`,
    bare: `${bare.toFixed(0)}/s`,
    ratio: (ours / bare).toFixed(2),
    wanted,
  }
}

/** What the disk can do at most: an 8 KiB write and an fdatasync, one after the other. */
function syncRate(): Row {
  const path = join(tmpdir(), `mogran-sync-${process.pid}`)
  const file = openSync(path, 'w')
  const block = Buffer.alloc(8192)
  const from = performance.now()
  for (let index = 0; index < SYNCS; index += 1) {
    writeSync(file, block, 0, block.length, index * block.length)
    fdatasyncSync(file)
  }
  const perSecond = SYNCS / ((performance.now() - from) / 1000)
  closeSync(file)
  rmSync(path)
  return {
    what: 'fdatasync of the disk',
    hub: `${perSecond.toFixed(0)}/s`,
    bare: '-',
    ratio: '-',
    wanted: '-',
  }
}

/** From the start of the process to the first answer, in multiples of a Node that does nothing. */
async function firstAnswer(): Promise<Row> {
  const [hubs, bares]: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round += 1) {
    const from = performance.now()
    const ours = await start(HUB, { env })
    await fetch(`${String(ours.ready['http'])}/fhir/metadata`)
    hubs.push(performance.now() - from)
    await ours.stop()
    const before = performance.now()
    spawnSync(process.execPath, ['-e', '0'])
    bares.push(performance.now() - before)
  }
  const [ours, bare] = [median(hubs), median(bares)]
  const what = 'process start to first answer (at most)'
  return {
    what,
    hub: `${ours.toFixed(0)} ms`,
    bare: `${bare.toFixed(0)} ms`,
    ratio: (ours / bare).toFixed(1),
    wanted: '25',
  }
}

async function tokenOf({ ready }: Started): Promise<string> {
  const answer = await fetch(`${String(ready['http'])}/auth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(CLIENT).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const { access_token: token } = (await answer.json()) as { access_token: string }
  return token
}

async function create(
  { ready }: Started,
  token: string,
): Promise<{ readonly id: string; readonly body: string }> {
  const answer = await fetch(`${String(ready['http'])}/fhir/Patient`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
    body: JSON.stringify(patient()),
  })
  const body = await answer.text()
  return { id: (JSON.parse(body) as { id: string }).id, body }
}

function post(type: string, resource: object, token: string): string {
  const body = JSON.stringify(resource)
  return (
    `POST /fhir/${type} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\nPrefer: return=representation\r\n` +
    `Content-Type: application/fhir+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  )
}

function patient(): object {
  return {
    resourceType: 'Patient',
    identifier: [{ system: 'urn:bench', value: 'bench-1' }],
    active: true,
    name: [{ use: 'official', family: 'Bench', given: ['Amal', 'Nour'] }],
    telecom: [{ system: 'phone', value: '+249 1 555 0100', use: 'home' }],
    gender: 'female',
    birthDate: '1980-02-29',
    address: [{ line: ['12 River Road'], city: 'Khartoum', country: 'SD' }],
  }
}

function observation(index: number): object {
  return {
    resourceType: 'Observation',
    status: 'final',
    category: [
      {
        coding: [
          { system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' },
        ],
      },
    ],
    code: {
      coding: [{ system: 'http://loinc.org', code: '8867-4', display: 'Heart rate' }],
      text: 'Heart rate',
    },
    subject: { reference: `Patient/p${index % 1000}` },
    effectiveDateTime: new Date(1_700_000_000_000 + index * 1000).toISOString(),
    valueQuantity: {
      value: 60 + (index % 60),
      unit: 'beats/minute',
      system: 'http://unitsofmeasure.org',
      code: '/min',
    },
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function table(lines: readonly Row[]): string {
  const head = '| Measure | Hub | Bare | Ratio | Wanted |\n|---|---|---|---|---|\n'
  return (
    head +
    lines
      .map(
        ({ what, hub: ours, bare, ratio: of, wanted }) =>
          `| ${what} | ${ours} | ${bare} | ${of} | ${wanted} |\n`,
      )
      .join('')
  )
}
