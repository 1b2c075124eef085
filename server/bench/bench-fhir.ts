import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { CONNECTIONS, type Operation, operationsOf, seed, type Size } from './fhir-operations.ts'
import { type FreshHub, withBare, withFreshHub } from './hub-process.ts'
import { firstAnswer, idleMemory, syncRate } from './machine.ts'
import { compare, note, type Row, table } from './sides.ts'
import { importRows, syntheaBundles, validationRow } from './synthea.ts'

/**
 * `npm run bench:fhir`: every FHIR operation over a seeded store beside a bare Fastify server of the same payload. Median of the rounds, the
 * sides in turn; authentication and audit are on, every write is durable before its answer. In brackets behind each ratio: that of the committed
 * baseline.
 *
 * `--quick` for a small run, `--only <text,text>` for the rows that hold one of these texts (`--only name,read`), `--observations <n>` for
 * growth, `--save` makes the result the new baseline.
 * The Synthea rows need the corpus: `../shared/corpus`, or `CORPUS`.
 */
const { values: words } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    observations: { type: 'string' },
  },
})
const run = words.quick
  ? { rounds: 1, seconds: 1, patients: 100, observations: 10_000, bundles: 4 }
  : { rounds: 3, seconds: 1, patients: 1000, observations: 100_000, bundles: 1000 }
const size: Size = { ...run, observations: Number(words.observations ?? run.observations) }
const BASELINE = fileURLToPath(new URL('baseline.json', import.meta.url))
const CORPUS = process.env['CORPUS'] ?? fileURLToPath(new URL('../../../shared/corpus', import.meta.url))

/** Creates a second over 16 connections, by what they create. */
const singles = new Map<string, number>()
const rows = await withFreshHub(measured)
const bundles = syntheaBundles(`${CORPUS}/fhir`, run.bundles)
const single = singles.get('POST Observation')
if (isWanted('Synthea') && bundles.length > 0 && single !== undefined)
  rows.push(...(await importRows(bundles, run.rounds, single)))
if (isWanted('validation') && bundles.length > 0) rows.push(await validationRow(bundles, run.rounds))
if (isWanted('start')) rows.push(await firstAnswer(run.rounds))
if (isWanted('memory')) rows.push(await idleMemory())
rows.push(syncRate())
process.stdout.write(table(rows.map(withBaseline)))
if (words.save) writeFileSync(BASELINE, `${JSON.stringify(rows, undefined, 2)}\n`)

function isWanted(what: string): boolean {
  return words.only.split(',').some((part) => what.includes(part))
}

async function measured(hub: FreshHub): Promise<Row[]> {
  const from = performance.now()
  await seed(hub, size)
  const seedSeconds = (performance.now() - from) / 1000
  note({ what: 'seed', ...size, seedSeconds })
  const wanted = operationsOf(hub, size).filter(({ what }) => isWanted(what))
  const operations: Operation[] = []
  const bodies: Record<string, string> = {}
  for (const operation of wanted) {
    const { path } = operation
    const body = path === undefined ? '' : await hub.ask(path).catch(() => undefined)
    if (body === undefined) continue
    bodies[nameOf(operation)] = body
    operations.push(operation)
  }
  const made: Row[] = []
  await withBare(bodies, async (bare) => {
    for (const operation of operations) {
      for (const connections of CONNECTIONS) made.push(await rowOf({ hub, bare }, operation, connections))
    }
  })
  return made
}

async function rowOf(
  sides: Parameters<typeof compare>[0] & { readonly hub: FreshHub },
  operation: Operation,
  connections: number,
): Promise<Row> {
  const { what, request, path, wanted, resources = 1 } = operation
  const theirs = `GET /${nameOf(operation)} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${sides.hub.token}\r\n\r\n`
  const load = { connections, rounds: run.rounds, seconds: run.seconds, hub: request }
  const { row, hubPerSecond } = await compare(sides, {
    what,
    ...load,
    bare: path === undefined ? request : () => theirs,
    ...(wanted[connections] === undefined ? {} : { wanted: wanted[connections] }),
  })
  if (connections === 16) singles.set(what, hubPerSecond)
  if (resources === 1) return row
  const beside = singles.get('POST Observation')
  if (beside === undefined) return row
  const perSecond = hubPerSecond * resources
  return {
    what: `${row.what}, in resources, beside single creates`,
    hub: `${perSecond.toFixed(0)}/s`,
    bare: `${beside.toFixed(0)}/s`,
    ratio: (perSecond / beside).toFixed(2),
    wanted: connections === 16 ? '2' : '-',
  }
}

function nameOf({ what }: Operation): string {
  return what.replaceAll(/[^a-zA-Z0-9]+/g, '-')
}

/** Behind each ratio, in brackets, that of the committed baseline. */
function withBaseline(row: Row): Row {
  const before = baseline().find(({ what }) => what === row.what)
  return before ? { ...row, ratio: `${row.ratio} (${before.ratio})` } : row
}

function baseline(): readonly Row[] {
  try {
    return JSON.parse(readFileSync(BASELINE, 'utf8')) as readonly Row[]
  } catch {
    return []
  }
}
