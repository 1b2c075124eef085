import { setImmediate } from 'node:timers/promises'

import { expect, it } from 'vitest'

import { freshStore } from '../../../test/fresh-store.ts'
import { FLOW, type Entry } from './entry.ts'
import { createMessageIndex, type MessageIndex } from './message-index.ts'

const ENTRY = { feed: 'lab', type: 'ADT', event: 'A01', sender: 'WARD', controlId: 'A1' } as Entry
const ALL = { before: 'g', limit: 10 } as const

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
  const wanted = { field: 'feed', value: 'lab' } as const
  expect(await index.find(wanted, ALL)).toEqual(['0002', '0001'])
  await index.stop()
  // What another process finds is in the store.
  expect(await createMessageIndex(records, () => undefined).find(wanted, ALL)).toEqual(['0002', '0001'])
  expect(failures).toEqual([])
})

/** So many that every shelf has several values. */
const MANY = 3000

function noteMany(index: MessageIndex): void {
  for (let at = 0; at < MANY; at++) {
    const numbers = [`P${String(at % 1000)}`, `S${String(at)}`]
    index.note(String(at).padStart(4, '0'), { ...ENTRY, controlId: `C${String(at)}`, numbers })
  }
}

it('finds each of many messages by what it alone has, before and after others are forgotten', async () => {
  const { records } = await freshStore()
  const index = createMessageIndex(records, () => undefined)
  noteMany(index)
  await index.stop()
  const byNumber = async (value: string, page = ALL) => index.find({ field: 'number', value }, page)
  expect(await byNumber('P7')).toEqual(['2007', '1007', '0007'])
  expect(await byNumber('P7', { ...ALL, before: '2007' } as never)).toEqual(['1007', '0007'])
  expect(await byNumber('S1007')).toEqual(['1007'])
  expect(await byNumber('S3000')).toEqual([])
  const removed = ['1007', '0007'].map((id) => ({
    id,
    entry: { ...ENTRY, controlId: `C${String(Number(id))}`, numbers: ['P7', `S${String(Number(id))}`] },
  }))
  await index.forget(removed)
  expect(await byNumber('P7')).toEqual(['2007'])
  expect(await byNumber('S7')).toEqual([])
  expect(await index.find({ field: 'controlId', value: 'C1007' }, ALL)).toEqual([])
  expect(await index.find({ field: 'controlId', value: 'C1008' }, ALL)).toEqual(['1008'])
})

it('writes few records for many messages', async () => {
  const { records } = await freshStore()
  const index = createMessageIndex(records, () => undefined)
  noteMany(index)
  await index.stop()
  const written = await records.range({ collection: FLOW.index, limit: 10_000 })
  expect(written.length).toBeLessThan(MANY)
})

it('makes an index of another form anew from the journal', async () => {
  const { records } = await freshStore()
  const index = createMessageIndex(records, () => undefined)
  const old = [
    { op: 'put', collection: FLOW.index, id: 'feed|lab|0009|0009', value: { ids: ['0009'] } },
    { op: 'put', collection: FLOW.index, id: 'last', value: { id: '0009' } },
    { op: 'put', collection: FLOW.journal, id: '0001', value: { ...ENTRY, numbers: ['P1'] } },
  ] as const
  await records.apply(old as never)
  await index.start()
  expect(await index.find({ field: 'feed', value: 'lab' }, ALL)).toEqual(['0001'])
  expect(await index.find({ field: 'number', value: 'P1' }, ALL)).toEqual(['0001'])
})

it('reads the numbers of messages that were journaled before anything was found by them', async () => {
  const { records } = await freshStore()
  const text = 'MSH|^~\\&|A|B|||20260101||ADT^A01|A1|P|2.5\rPID|1||P7^^^B^MR\r'
  await records.apply([
    { op: 'put', collection: FLOW.index, id: 'last', value: { id: '0001', form: 2 } },
    { op: 'put', collection: FLOW.raw, id: '0001|000', value: Buffer.from(text) },
    { op: 'put', collection: FLOW.journal, id: '0001', value: ENTRY as never },
    { op: 'put', collection: FLOW.journal, id: '0002', value: ENTRY as never },
  ])
  const index = createMessageIndex(records, () => undefined)
  await index.start()
  expect(await index.find({ field: 'number', value: 'P7' }, ALL)).toEqual(['0001'])
  // The search looks at the line, too, and so does whoever takes the message out again.
  const line = await records.get(FLOW.journal, '0001')
  expect(line?.value).toMatchObject({ ...ENTRY, numbers: ['P7'] })
  await index.forget([{ id: '0001', entry: line?.value as never }])
  expect(await index.find({ field: 'number', value: 'P7' }, ALL)).toEqual([])
  expect(await index.find({ field: 'feed', value: 'lab' }, ALL)).toEqual(['0002'])
})
