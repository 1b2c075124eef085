import { expect, it, onTestFinished } from 'vitest'

import { freshFolder, removeFolder, startHub, type Hub } from './hub.ts'
import { admit, Sender } from './interface-engine.ts'

interface Bundle {
  readonly total?: number
}

it('loses no acknowledged message and repeats none when it is killed at work', async () => {
  const data = await freshFolder()
  onTestFinished(async () => removeFolder(data))
  const first = await startHub({ data })
  const acknowledged = await sendUntilKilled(first)
  expect(acknowledged.length).toBeGreaterThan(0)

  const second = await startHub({ data })
  onTestFinished(async () => void (await second.stop()))
  const sender = new Sender(second.mllp)
  for (const mrn of acknowledged) {
    // The sender did not see whether its last message arrived, and sends again what it is not sure of.
    expect(await sender.send(admit({ id: `K${mrn}`, mrn }))).toContain(`MSA|AA|K${mrn}`)
    await expect.poll(async () => patients(second, mrn), { timeout: 10_000 }).toBe(1)
  }
})

/** @returns the record numbers of the patients whose messages were acknowledged */
async function sendUntilKilled(hub: Hub): Promise<readonly string[]> {
  const acknowledged: string[] = []
  const senders = Array.from({ length: 4 }, () => new Sender(hub.mllp))
  const work = senders.map(async (sender, who) => {
    for (let at = 0; ; at++) {
      const mrn = `8${String(who)}${String(at).padStart(4, '0')}`
      await sender.send(admit({ id: `K${mrn}`, mrn }))
      acknowledged.push(mrn)
      if (acknowledged.length === 30) await hub.kill()
    }
  })
  await Promise.allSettled(work)
  return acknowledged
}

async function patients(hub: Hub, mrn: string): Promise<number | undefined> {
  const { total } = await hub.json<Bundle>(`/fhir/Patient?identifier=${mrn}&_total=accurate`)
  return total
}
