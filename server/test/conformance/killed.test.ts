import { expect, inject, it, onTestFinished } from 'vitest'

import { freshDatabase } from '../database.ts'
import { freshFolder, removeFolder, startHub } from '../flows/hub.ts'
import type { Hub } from '../flows/hub.ts'

const SYSTEM = 'urn:test'
const LANES = 8
const ROUNDS = 3
/** Answers of a round before its hub is killed in the middle of others. */
const ANSWERS = 80
const PARTS = 3

/** What was sent, and what of it was answered as done. */
interface Sent {
  /** Criterion -> ids of the patient that it was answered to mean. */
  readonly criteria: Map<string, Set<string>>
  /** Tag of the parts of a transaction -> whether it was answered. */
  readonly transactions: Map<string, boolean>
}

it('makes one resource of each criterion, and all of a transaction or nothing, while it is killed again and again', async () => {
  const data = await freshFolder()
  onTestFinished(() => removeFolder(data))
  const server = inject('mongodb')
  const env = server === '' ? {} : { MONGODB_URL: new URL(freshDatabase(), server).href }
  const sent: Sent = { criteria: new Map(), transactions: new Map() }
  for (let round = 0; round < ROUNDS; round++) {
    const hub = await startHub({ data, env })
    let answers = 0
    let killing: Promise<void> | undefined
    const count = (): void => {
      answers++
      if (answers >= ANSWERS) killing ??= hub.kill()
    }
    const lanes = Array.from({ length: LANES }, (_, lane) =>
      untilKilled(hub, sent, { name: `${String(round)}-${String(lane)}`, round, count }),
    )
    await Promise.all(lanes)
    await killing
    expect(answers).toBeGreaterThanOrEqual(ANSWERS)
  }
  const hub = await startHub({ data, env })
  onTestFinished(async () => void (await hub.stop()))
  await expectOnce(hub, sent)
})

interface Lane {
  readonly name: string
  readonly round: number
  readonly count: () => void
}

/** All lanes ask for the same patients one after the other, and each sends transactions of its own. */
async function untilKilled(
  hub: Hub,
  { criteria, transactions }: Sent,
  { name, round, count }: Lane,
): Promise<void> {
  try {
    for (let n = 0; ; n++) {
      const value = `${String(round)}-${String(n)}`
      const found = criteria.get(value) ?? new Set()
      criteria.set(value, found)
      const headers = { 'if-none-exist': `identifier=${SYSTEM}|${value}` }
      const resource = { resourceType: 'Patient', identifier: [{ system: SYSTEM, value }] }
      const made = await posted(hub, '/fhir/Patient', { body: resource, headers })
      found.add(String(made['id']))
      count()

      const code = `${name}-${String(n)}`
      transactions.set(code, false)
      const part = { resourceType: 'Basic', code: { text: 'x' }, meta: { tag: [{ system: SYSTEM, code }] } }
      const entry = Array.from({ length: PARTS }, () => ({
        resource: part,
        request: { method: 'POST', url: 'Basic' },
      }))
      await posted(hub, '/fhir', { body: { resourceType: 'Bundle', type: 'transaction', entry } })
      transactions.set(code, true)
      count()
    }
  } catch (error) {
    // The connection breaks off with the hub.
    if (!(error instanceof TypeError)) throw error
  }
}

interface Post {
  readonly body: object
  readonly headers?: Readonly<Record<string, string>>
}

async function posted(
  hub: Hub,
  path: string,
  { body, headers = {} }: Post,
): Promise<Record<string, unknown>> {
  const answer = await hub.ask(path, { method: 'POST', body: JSON.stringify(body), headers })
  const text = await answer.text()
  expect([200, 201], text.slice(0, 400)).toContain(answer.status)
  return JSON.parse(text) as Record<string, unknown>
}

interface Searchset {
  readonly total: number
  readonly entry?: readonly { readonly resource: { readonly id: string } }[]
}

async function expectOnce(hub: Hub, { criteria, transactions }: Sent): Promise<void> {
  for (const [value, answered] of criteria) {
    const { entry = [] } = await hub.json<Searchset>(`/fhir/Patient?identifier=${SYSTEM}|${value}`)
    const ids = entry.map(({ resource }) => resource.id)
    // One that nobody was told of may be there, too: its hub was killed before the answer.
    expect(ids.length, value).toBeLessThanOrEqual(1)
    for (const id of answered) expect(ids, value).toEqual([id])
  }
  let parts = 0
  for (const [code, isAnswered] of transactions) {
    const { total } = await hub.json<Searchset>(`/fhir/Basic?_tag=${SYSTEM}|${code}&_summary=count`)
    expect(isAnswered ? [PARTS] : [0, PARTS], code).toContain(total)
    parts += total
  }
  expect((await hub.json<Searchset>('/fhir/Basic/_history?_count=0')).total).toBe(parts)
}
