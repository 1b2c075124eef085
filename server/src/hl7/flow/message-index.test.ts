import { setImmediate } from 'node:timers/promises'

import { expect, it } from 'vitest'

import { freshStore } from '../../../test/fresh-store.ts'
import type { Entry } from './entry.ts'
import { createMessageIndex } from './message-index.ts'

const ENTRY = { feed: 'lab', type: 'ADT', event: 'A01', sender: 'WARD', controlId: 'A1' } as Entry

it('finds a message that came while those before it were being written', async () => {
  const { records } = await freshStore()
  const failures: unknown[] = []
  const index = createMessageIndex(records, (error) => failures.push(error))
  index.note('0001', ENTRY)
  const written = index.stop()
  // The store syncs now.
  await setImmediate()
  index.note('0002', ENTRY)
  await written
  const wanted = [{ field: 'feed', value: 'lab' } as const, { before: 'g', limit: 10 }] as const
  expect(await index.find(...wanted)).toEqual(['0002', '0001'])
  await index.stop()
  // What another process finds is in the store.
  expect(await createMessageIndex(records, () => undefined).find(...wanted)).toEqual(['0002', '0001'])
  expect(failures).toEqual([])
})
