import { readdir } from 'node:fs/promises'

import { expect, it, onTestFinished } from 'vitest'

import { createAhead, type Ahead } from '../../src/hl7/journal/ahead.ts'
import { FLOW, type Entry } from '../../src/hl7/journal/entry.ts'
import { lineChanges } from '../../src/hl7/journal/journal-line.ts'
import { createJournal, type Added } from '../../src/hl7/journal/journal.ts'
import { recordsBehind } from '../../src/hl7/record/behind.ts'
import type { RecordStore, Store } from '../../src/store/port.ts'
import { freshFolder, freshStore } from '../fresh-store.ts'

const ENTRY: Entry = {
  feed: 'default',
  received: 1,
  type: 'ADT',
  event: 'A01',
  controlId: 'C1',
  sender: 'WARD',
  version: '2.5.1',
  bytes: 1,
  hash: 'h1',
  state: 'received',
  history: [],
  attempts: 0,
}
const BYTES = Buffer.from('MSH|')

const linesOf = async (store: Store) => store.records.range({ collection: FLOW.journal, limit: 1000 })

interface Opened {
  readonly ahead: Ahead
  readonly records: RecordStore
  readonly reported: unknown[]
  readonly add: (key: string, hash?: string) => Promise<Added>
}

async function opened(store: Pick<Store, 'records'>, folder: string, isKilled = false): Promise<Opened> {
  const reported: unknown[] = []
  const { records } = store
  const ahead = createAhead({ records, folder, report: (error) => void reported.push(error) })
  await ahead.start()
  onTestFinished(async () => (isKilled ? undefined : ahead.stop()))
  const journal = createJournal({ records, clock: Date.now, ahead })
  const add = async (key: string, hash = key) => journal.add({ ...ENTRY, hash }, BYTES, key)
  return { ahead, records: recordsBehind(records, ahead), reported, add }
}

const keysIn = (lines: Awaited<ReturnType<typeof linesOf>>) => lines.map(({ second }) => second)

/** Takes nothing for the store: as if the process had ended before. */
function deaf(store: Store): Pick<Store, 'records'> {
  return { records: { ...store.records, apply: async () => new Promise(() => undefined) } }
}

it('brings what was left in the file into the store at the next start, once', async () => {
  const [store, folder] = [await freshStore(), await freshFolder()]
  const first = await opened(deaf(store), folder, true)
  for (const key of ['a', 'b', 'c']) await first.add(key)
  first.ahead.settle()
  expect(await linesOf(store)).toEqual([])
  await opened(store, folder)
  expect(keysIn(await linesOf(store))).toEqual(['a', 'b', 'c'])
  await store.records.apply([
    { op: 'delete', collection: FLOW.pending, id: (await linesOf(store))[0]?.id ?? '' },
  ])
  await opened(store, folder)
  expect(keysIn(await linesOf(store))).toEqual(['a', 'b', 'c'])
  const pending = await store.records.range({ collection: FLOW.pending, limit: 10 })
  expect(pending, 'what was processed meanwhile is not pending again').toHaveLength(2)
})

it('gives a line its bytes at the next start when the disk took only the line', async () => {
  const [store, folder] = [await freshStore(), await freshFolder()]
  const first = await opened(deaf(store), folder, true)
  const added = await first.add('a')
  if (added.outcome !== 'added') throw new Error(added.outcome)
  const { id, entry } = added.message
  await store.records.apply(
    lineChanges({ id, entry: { ...entry, state: 'committed' }, bytes: BYTES, second: 'a' }, []),
  )
  await opened(store, folder)
  expect((await store.records.get(FLOW.raw, `${id}|000`))?.value).toEqual(BYTES)
  expect(await linesOf(store)).toMatchObject([{ revision: 1, value: { state: 'committed' } }])
})

it('reads what has been written ahead as if it were in the store', async () => {
  const [store, folder] = [await freshStore(), await freshFolder()]
  const { records, add } = await opened(store, folder)
  await Promise.all(['a', 'b'].map(async (key) => add(key)))
  expect(keysIn(await records.range({ collection: FLOW.journal, limit: 10 }))).toEqual(['a', 'b'])
  await add('c')
  expect(await records.bySecond(FLOW.journal, 'c')).toBeDefined()
  const added = await add('d')
  const id = added.outcome === 'added' ? added.message.id : ''
  expect(await records.get(FLOW.raw, `${id}|000`)).toMatchObject({ revision: 1 })
})

it('changes a line right behind its way into the store', async () => {
  const [store, folder] = [await freshStore(), await freshFolder()]
  const { records, add } = await opened(store, folder)
  const added = await add('a')
  if (added.outcome !== 'added') throw new Error(added.outcome)
  const { id, revision } = added.message
  const change = { op: 'replace', collection: FLOW.journal, id, revision, value: { state: 'dead' } } as const
  expect(await records.apply([change])).toEqual({ outcome: 'applied' })
  expect(await linesOf(store)).toMatchObject([{ id, revision: 2 }])
})

it('knows a repetition, whether the first one is in the file, on its way or in the store', async () => {
  const [store, folder] = [await freshStore(), await freshFolder()]
  const { ahead, add } = await opened(store, folder)
  const both = await Promise.all([add('a'), add('a')])
  expect(both.map(({ outcome }) => outcome)).toEqual(['added', 'duplicate'])
  expect(await add('a')).toMatchObject({ outcome: 'duplicate' })
  await add('b')
  ahead.settle()
  expect(await add('b')).toMatchObject({ outcome: 'duplicate' })
  expect(await add('b', 'other content')).toEqual({ outcome: 'reused' })
  const states = (await linesOf(store)).map(({ value }) => (value as unknown as Entry).state)
  expect(states.toSorted()).toEqual(['duplicate', 'duplicate', 'duplicate', 'received', 'received'])
})

it('keeps lines in the file while the store takes none, and hands them over again', async () => {
  const [store, folder] = [await freshStore(), await freshFolder()]
  let isAway = true
  const records: RecordStore = {
    ...store.records,
    apply: async (changes) => {
      if (isAway) throw new Error('away')
      return store.records.apply(changes)
    },
  }
  const { ahead, reported, add } = await opened({ records }, folder)
  expect(await add('a')).toMatchObject({ outcome: 'added' })
  await ahead.settled()
  expect(reported).not.toEqual([])
  isAway = false
  await ahead.settled()
  expect(keysIn(await linesOf(store))).toEqual(['a'])
})

it('keeps no file when it ends in order', async () => {
  const [store, folder] = [await freshStore(), await freshFolder()]
  const { ahead, add } = await opened(store, folder)
  await Promise.all(Array.from({ length: 300 }, async (_, at) => add(`k${at}`)))
  await ahead.stop()
  expect(await readdir(folder)).toEqual([])
  expect(await linesOf(store)).toHaveLength(300)
})

it('brings a line into the store once, in its last state, in the step that commits its message', async () => {
  const [store, folder] = [await freshStore(), await freshFolder()]
  const { ahead, records, add } = await opened(store, folder)
  const added = await add('a')
  if (added.outcome !== 'added') throw new Error(added.outcome)
  const { id } = added.message
  const line = ahead.claim(id)
  if (line === undefined) throw new Error('the line waits')
  expect(ahead.claim(id), 'one step at a time').toBeUndefined()
  const reading = records.get(FLOW.journal, id)
  expect(await linesOf(store), 'a reader waits for the step').toEqual([])
  await store.records.apply(lineChanges({ ...line, entry: { ...line.entry, state: 'committed' } }))
  ahead.release(id, true)
  expect(await reading).toMatchObject({ revision: 1, second: 'a', value: { state: 'committed' } })
  expect(await store.records.range({ collection: FLOW.pending, limit: 10 })).toEqual([])
  expect(await add('a')).toMatchObject({ outcome: 'duplicate', of: { entry: { state: 'committed' } } })
})

it('lets a line wait again when its message could not be committed', async () => {
  const [store, folder] = [await freshStore(), await freshFolder()]
  const { ahead, records, add } = await opened(store, folder)
  const added = await add('a')
  const id = added.outcome === 'added' ? added.message.id : ''
  ahead.claim(id)
  const changing = records.apply([{ op: 'delete', collection: FLOW.pending, id }])
  ahead.release(id, false)
  expect(await changing).toEqual({ outcome: 'applied' })
  expect(keysIn(await linesOf(store)), 'the change came behind the line').toEqual(['a'])
  expect(await store.records.range({ collection: FLOW.pending, limit: 10 })).toEqual([])
})

it('tells of what waits to be processed without a step of the store', async () => {
  const [store, folder] = [await freshStore(), await freshFolder()]
  const { ahead } = await opened(store, folder)
  const journal = createJournal({ records: store.records, clock: Date.now, ahead })
  const ids: string[] = []
  for (const key of ['a', 'b', 'c']) {
    const added = await journal.add({ ...ENTRY, hash: key }, BYTES, key)
    ids.push(added.outcome === 'added' ? added.message.id : '')
    if (key === 'a') await ahead.settled()
  }
  expect((await journal.pending('')).map(({ id }) => id)).toEqual(ids)
  expect((await journal.pending(ids[1] ?? '')).map(({ id }) => id)).toEqual(ids.slice(2))
  expect(keysIn(await linesOf(store))).toEqual(['a'])
})

it('does not let one line whose key is taken keep the others of its step', async () => {
  const [store, folder] = [await freshStore(), await freshFolder()]
  const { ahead, reported, add } = await opened(store, folder)
  await store.records.apply([
    { op: 'insert', collection: FLOW.journal, id: 'other', value: {}, second: 'late' },
  ])
  const line = { id: 'z', entry: ENTRY, bytes: BYTES, second: 'late' }
  await Promise.all([add('a'), ahead.add(line), add('b')])
  await ahead.settled()
  expect(new Set(keysIn(await linesOf(store)))).toEqual(new Set(['a', 'b', 'late']))
  expect(reported).toHaveLength(1)
})
