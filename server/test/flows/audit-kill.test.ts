import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, it, onTestFinished } from 'vitest'

import { freshFolder, removeFolder, startHub } from './hub.ts'

it('has the audit row of a read when the hub is killed right behind its 200, and ships it at the next start', async () => {
  const data = await freshFolder()
  onTestFinished(() => removeFolder(data))
  const hub = await startHub({ data })
  const body = JSON.stringify({ resourceType: 'Patient' })
  const { id } = await hub.json<{ id: string }>('/fhir/Patient', { method: 'POST', body })
  const answer = await hub.ask(`/fhir/Patient/${id}`, { headers: { 'x-request-id': 'killed-behind' } })
  process.kill(hub.pid, 'SIGKILL')
  expect(answer.status).toBe(200)
  await hub.kill()
  expect(await rowsIn(data)).toContainEqual(
    expect.objectContaining({
      action: 'R',
      entity: `Patient/${id}`,
      correlation: 'killed-behind',
      outcome: 'success',
    }),
  )

  const next = await startHub({ data })
  expect(await next.stop()).toBe(0)
  expect(await rowsIn(data)).not.toContainEqual(expect.objectContaining({ correlation: 'killed-behind' }))
})

/** Rows of the files that are not shipped to the store and removed yet. */
async function rowsIn(data: string): Promise<readonly unknown[]> {
  const folder = join(data, 'audit')
  const files = (await readdir(folder)).filter((name) => name.endsWith('.ndjson'))
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')))
  return texts.flatMap((text) => text.split('\n').filter(Boolean)).map((line) => JSON.parse(line))
}
