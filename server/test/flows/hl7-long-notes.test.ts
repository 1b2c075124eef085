import { expect, it } from 'vitest'

import { limits } from '../../src/kernel/limits.ts'
import { result, Sender, startEngine, type Engine } from './interface-engine.ts'

const NOTES = 14_000

/** A report whose one result has more lines of text than one record of the store can hold. */
const report = (id: string, minute: number, { notes = NOTES, value = '6.90' } = {}) =>
  result({ id, value, time: `2026112310${minute}00+0000` }) +
  Array.from(
    { length: notes },
    (_, line) =>
      `NTE|${line + 1}||Line ${line}, as it was dictated: the margins are free, nothing else was seen.\r`,
  ).join('')

const chunks = async (engine: Engine) =>
  engine.store.records.range({ collection: 'hl7-image-chunks', limit: 100 })

it('keeps what a feed said of a resource, however long it is', { timeout: 60_000 }, async () => {
  const engine = await startEngine({ ackAt: 'committed' })
  const sender = new Sender(engine.port)
  expect(await sender.send(report('L1', 30))).toContain('MSA|AA')
  const first = await chunks(engine)
  expect(first.length).toBeGreaterThan(1)
  const bytes = first.reduce((sum, { value }) => sum + (value as Uint8Array).length, 0)
  expect(bytes).toBeGreaterThan(limits.store.recordBytes)

  // Said again it changes nothing; of something new the rest stays.
  expect(await sender.send(report('L2', 31))).toContain('MSA|AA')
  const [said] = await engine.all('Observation')
  expect(said).toMatchObject({ meta: { versionId: '1' } })
  expect(await sender.send(report('L3', 32, { value: '7.10' }))).toContain('MSA|AA')
  const [changed] = await engine.all('Observation')
  expect(changed).toMatchObject({ meta: { versionId: '2' }, valueQuantity: { value: 7.1 } })
  expect(changed?.['note']).toEqual(said?.['note'])

  // Nothing of an older image is left behind.
  const last = await chunks(engine)
  expect(last).toHaveLength(first.length)
  expect(last.map(({ id }) => id)).not.toEqual(first.map(({ id }) => id))
  expect(await sender.send(report('L4', 33, { notes: 1 }))).toContain('MSA|AA')
  expect(await chunks(engine)).toEqual([])
})
