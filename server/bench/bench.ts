import { admitFlow } from './admit-flow.ts'
import { type FreshHub, withBare, withFreshHub } from './hub-process.ts'
import { firstAnswer, syncRate } from './machine.ts'
import type { Started } from './process.ts'
import { observation, patient, requestOf } from './samples.ts'
import { compare, type Row, table } from './sides.ts'

/**
 * `npm run bench`: the hub beside a bare Fastify server, as ratios, and what a request costs in processor time. Median of three rounds, the
 * sides in turn; authentication and audit are on, every write is durable before its answer. Raw lines go to standard error and to
 * `server/bench/raw`, the table to standard output.
 */
const ROUNDS = 3
const SECONDS = 3

const rows = await withFreshHub(async (hub) => {
  const body = await hub.ask('/fhir/Patient', { method: 'POST', body: JSON.stringify(patient(1)) })
  const compared = await withBare({ read: body }, async (bare) => [
    await reads(hub, bare, body),
    ...(await creates(hub, bare)),
  ])
  return [...compared, ...(await admitFlow({ hub, token: hub.token, seconds: SECONDS }))]
})
rows.push(syncRate(), await firstAnswer(ROUNDS))
process.stdout.write(table(rows))

async function reads(hub: FreshHub, bare: Started, body: string): Promise<Row> {
  const { id } = JSON.parse(body) as { id: string }
  const ours = requestOf(`/fhir/Patient/${id}`, hub)
  const theirs = requestOf('/read', hub)
  const load = { connections: 16, seconds: SECONDS, rounds: ROUNDS, wanted: '0.4' }
  const sides = { hub, bare }
  return (await compare(sides, { what: 'read by id', ...load, hub: () => ours, bare: () => theirs })).row
}

async function creates(hub: FreshHub, bare: Started): Promise<Row[]> {
  const request = (index: number) => {
    const body = JSON.stringify(observation(index, `Patient/p${String(index % 1000)}`))
    return requestOf('/fhir/Observation', { token: hub.token, method: 'POST', body })
  }
  const made: Row[] = []
  for (const connections of [16, 64]) {
    const wanted = connections === 16 ? { wanted: '0.08' } : {}
    const load = { connections, seconds: SECONDS, rounds: ROUNDS, ...wanted }
    const what = 'create Observation'
    made.push((await compare({ hub, bare }, { what, ...load, hub: request, bare: request })).row)
  }
  return made
}
