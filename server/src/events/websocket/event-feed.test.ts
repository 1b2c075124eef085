import { fileURLToPath } from 'node:url'

import { expect, it, onTestFinished } from 'vitest'

import { freshStore } from '../../../test/fresh-store.ts'
import { commitOf, writeOf } from '../../store/contract-bench.ts'
import { loadTopics } from '../topics/topics.ts'
import { startEventFeed } from './event-feed.ts'

const TOPICS = fileURLToPath(new URL('../../../../fhir-profiles/topics', import.meta.url))

function onError(error: unknown): never {
  throw error
}

it('tells who comes back to a part of the log that was trimmed that it is not there any more', async () => {
  const store = await freshStore()
  for (let i = 0; i < 4; i++) await store.commit(commitOf({ time: i, writes: [writeOf({ id: `p${i}` })] }))
  await store.log.trim({ upTo: 2, before: 10 })
  const { log, resources } = store
  const feed = await startEventFeed({ log, resources, topics: loadTopics(TOPICS, resources), onError })
  onTestFinished(() => feed.close())
  expect(await feed.read(1)).toBeUndefined()
  expect((await feed.read(2))?.map(({ n }) => n)).toEqual([3, 4])
})
