import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { expect, it, onTestFinished } from 'vitest'

import { freshFolder, removeFolder, startHub, type Hub } from '../flows/hub.ts'

const LIMITER = 'prlimit'
const run = promisify(execFile)

it('refuses writes while the disk takes none, keeps what it acknowledged, and goes on when there is room', async () => {
  const data = await freshFolder()
  onTestFinished(() => removeFolder(data))
  const hub = await startHub({ data })
  onTestFinished(() => hub.kill())
  const first = await idsUntilRefused(hub, 3)
  expect(first).toMatchObject({ refused: [], ids: { length: 3 } })

  // A process that may not make its files larger meets what a full disk gives.
  const { size } = await stat(join(data, 'store', 'data.mdb'))
  await limitFiles(hub.pid, String(size + 200_000))
  const full = await idsUntilRefused(hub, 2000)
  expect(full.refused).toEqual([503])
  expect(await hub.ask('/fhir/Patient').then(({ status }) => status)).toBe(200)
  expect((await create(hub)).status).toBe(503)

  await limitFiles(hub.pid, 'unlimited')
  const after = await idsUntilRefused(hub, 3)
  expect(after.refused).toEqual([])
  const ids = [...first.ids, ...full.ids, ...after.ids]
  for (const id of ids) expect((await hub.ask(`/fhir/Patient/${id}`)).status).toBe(200)
  const { total } = await hub.json<{ total: number }>('/fhir/Patient?_total=accurate&_summary=count')
  expect(total).toBe(ids.length)
  expect(await hub.stop()).toBe(0)
}, 60_000)

async function idsUntilRefused(hub: Hub, most: number): Promise<{ ids: string[]; refused: number[] }> {
  const ids: string[] = []
  while (ids.length < most) {
    const answer = await create(hub)
    if (answer.status !== 201) return { ids, refused: [answer.status] }
    ids.push(((await answer.json()) as { id: string }).id)
  }
  return { ids, refused: [] }
}

/** With a name that cannot be made shorter. */
async function create(hub: Hub): Promise<Response> {
  const family = Array.from({ length: 60 }, () => crypto.randomUUID()).join('')
  const body = JSON.stringify({ resourceType: 'Patient', name: [{ family }] })
  return hub.ask('/fhir/Patient', { method: 'POST', body })
}

async function limitFiles(pid: number, bytes: string): Promise<void> {
  await run(LIMITER, ['--pid', String(pid), `--fsize=${bytes}:unlimited`])
}
