import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, it, onTestFinished } from 'vitest'

import { freshStore } from '../../../test/fresh-store.ts'
import { commitOf, writeOf } from '../../store/contract-bench.ts'
import type { Store } from '../../store/port.ts'
import { loadTopics, type Topics } from './topics.ts'

const discharged = {
  resourceType: 'SubscriptionTopic',
  url: 'https://example.org/SubscriptionTopic/visit.finished',
  status: 'active',
  resourceTrigger: [
    {
      resource: 'http://hl7.org/fhir/StructureDefinition/Encounter',
      supportedInteraction: ['update'],
      fhirPathCriteria: "status = 'finished'",
    },
  ],
}

it('tells a topic whose file was put into the folder, beside the generic one', async () => {
  const store = await freshStore()
  const topics = await loaded(store, { 'visit.finished.json': discharged })
  await write(store, { expected: 0, status: 'finished' })
  await write(store, { expected: 1, status: 'in-progress' })
  await write(store, { expected: 2, status: 'finished' })
  await store.commit(
    commitOf({ writes: [writeOf({ id: 'e', type: 'Encounter', expected: 3, method: 'DELETE' })] }),
  )
  expect(topics.names).toEqual(['visit.finished'])
  await expect(told(store, topics)).resolves.toEqual([
    ['1.0', 'Encounter.create'],
    ['2.0', 'Encounter.update'],
    ['3.0', 'Encounter.update'],
    ['3.0', 'visit.finished'],
    ['4.0', 'Encounter.delete'],
  ])
})

it('tells a topic once for each value when the file says so', async () => {
  const store = await freshStore()
  const extension = [{ url: 'https://mogran.org/fhir/StructureDefinition/once-per', valueString: 'priority' }]
  const [trigger] = discharged.resourceTrigger
  const topics = await loaded(store, {
    'a.json': { ...discharged, resourceTrigger: [{ ...trigger, extension }] },
  })
  await write(store, { expected: 0, status: 'in-progress', priority: 'A' })
  await write(store, { expected: 1, status: 'finished', priority: 'A' })
  await write(store, { expected: 2, status: 'finished', priority: 'B' })
  await write(store, { expected: 3, status: 'finished', priority: 'A' })
  const sequences = (await told(store, topics))
    .filter(([, topic]) => topic === 'visit.finished')
    .map(([at]) => at)
  expect(sequences).toEqual(['2.0', '3.0'])
})

it('tells nothing of a topic that is not active', async () => {
  const store = await freshStore()
  const topics = await loaded(store, { 'a.json': { ...discharged, status: 'retired' } })
  expect(topics.names).toEqual([])
})

it.each([
  ['no topic', { resourceType: 'Patient' }],
  ['without trigger', { ...discharged, resourceTrigger: [] }],
  [
    'with criteria that cannot be read',
    { ...discharged, resourceTrigger: [{ ...discharged.resourceTrigger[0], fhirPathCriteria: 'a b' }] },
  ],
])('refuses a file that is %s', async (_, content) => {
  await expect(loaded(await freshStore(), { 'a.json': content })).rejects.toMatchObject({
    kind: 'unprocessable',
  })
})

async function loaded(store: Store, files: Readonly<Record<string, object>>): Promise<Topics> {
  const folder = await mkdtemp(join(tmpdir(), 'topics-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  for (const [name, content] of Object.entries(files))
    await writeFile(join(folder, name), JSON.stringify(content))
  return loadTopics(folder, store.resources)
}

async function write(
  store: Store,
  { expected, ...parts }: { expected: number; status: string; priority?: string },
): Promise<void> {
  const body = JSON.stringify({ resourceType: 'Encounter', id: 'e', ...parts })
  const answer = await store.commit(
    commitOf({ writes: [writeOf({ id: 'e', type: 'Encounter', expected, body })] }),
  )
  expect(answer.outcome).toBe('committed')
}

async function told(store: Store, topics: Topics): Promise<readonly (readonly [string, string])[]> {
  const events = await Promise.all((await store.log.read(0, 100)).map((commit) => topics.eventsOf(commit)))
  return events.flat().map(({ n, index, topic }) => [`${n}.${index}`, topic])
}
