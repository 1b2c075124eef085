import { createHash } from 'node:crypto'

import { expect, it } from 'vitest'

import { commitOf, writeOf } from '../contract-bench.ts'
import {
  auditOfHeader,
  COMMIT_DICTIONARY,
  decodeCommitHeader,
  encodeCommitHeader,
  stampCommitHeader,
} from './commit-header.ts'
import { DICTIONARY_1 } from './dictionary-1.ts'
import { highAt, INTERVALS, intervalSeqAt, lowAt, writeInterval } from './intervals.hot.ts'
import { Lz } from './lz.hot.ts'
import { POSTING, POSTINGS, writePosting } from './postings.hot.ts'

const lz = new Lz(Buffer.from(DICTIONARY_1, 'utf8'))

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

it('never changes its dictionary, without which stored rows cannot be read', () => {
  expect(digestOf(DICTIONARY_1)).toBe('e6a6d8d0c17ddc29445867d9962c5cba56da8ee8af9e1921138b623f02d58e71')
  expect(digestOf(COMMIT_DICTIONARY)).toBe('07025f1bcfc70a55167a68ac7e7862f9321a7f585907b8c00556ff954e0419b5')
})

it('gives back every text that it makes shorter, and its beginning', () => {
  const sizes = new Set<number>()
  for (let length = 0; length < 400; length++) {
    for (const alphabet of [1, 2, 7, 256]) {
      const bytes = Buffer.from(
        Array.from({ length: length * 3 }, (_, i) => (i * i * 31 + (i >> 3)) % alphabet),
      )
      const text = Buffer.concat([Buffer.from('{"resourceType":"Patient","id":"'), bytes])
      const packed = lz.compress(text)
      sizes.add(packed?.length ?? -1)
      if (packed === undefined) continue
      expect(packed.length).toBeLessThan(text.length)
      expect(lz.decompress(packed, text.length)).toEqual(text)
      expect(lz.decompress(packed, length)).toEqual(text.subarray(0, length))
    }
  }
  expect(sizes.size).toBeGreaterThan(50)
})

it('keeps apart the places of one text and the next, however many there have been', () => {
  const texts = ['a', 'b'].map((letter) =>
    Buffer.from(`{"resourceType":"Basic","id":"${letter.repeat(40)}"}`),
  )
  const first = texts.map((text) => Buffer.from(lz.compress(text) ?? []).toString('hex'))
  // Places are counted on with 31 bits: 24 kB of dictionary with each text, then from the beginning.
  for (let i = 0; i < 100_000; i++) {
    for (const text of texts) lz.compress(text)
    if (i % 1000 > 0) continue
    expect(texts.map((text) => Buffer.from(lz.compress(text) ?? []).toString('hex'))).toEqual(first)
  }
})

it('leaves alone what has nothing in common with anything', () => {
  const random = createHash('shake256', { outputLength: 3000 }).update('seed').digest()
  expect(lz.compress(random)).toBeUndefined()
  expect(lz.compress(Buffer.alloc(0))).toBeUndefined()
  expect(lz.compress(Buffer.from('{}'))).toBeUndefined()
})

it('makes a long text of one kind short, far beyond the reach of a distance', () => {
  const text = Buffer.from('abcdefgh'.repeat(40_000))
  const packed = lz.compress(text) ?? Buffer.alloc(0)
  expect(packed.length).toBeLessThan(text.length / 100)
  expect(lz.decompress(packed, text.length)).toEqual(text)
})

it('says that a text is damaged when it ends early', () => {
  const text = Buffer.from(`{"resourceType":"Patient","id":"${'0123456789'.repeat(9)}"}`)
  const packed = lz.compress(text) ?? Buffer.alloc(0)
  expect(() => lz.decompress(packed.subarray(0, packed.length - 3), text.length)).toThrow('damaged')
})

it('says that a text is damaged when it repeats what is in front of everything', () => {
  // No literals, then four bytes from as far back as a distance goes.
  expect(() => lz.decompress(Buffer.from([0x00, 0xff, 0xff, 0x10, 0x78]), 5)).toThrow('damaged')
  // More literals than there are bytes.
  expect(() => lz.decompress(Buffer.from([0xf0, 0xff, 0xff, 0xff, 0x00]), 700)).toThrow('damaged')
  expect(() => lz.decompress(Buffer.alloc(0), 1)).toThrow('damaged')
})

it('reads what another writer of the format may have written', () => {
  // "ab", then twelve bytes from two back: they reach into themselves; then "!".
  const packed = Buffer.from([0x28, 0x61, 0x62, 0x02, 0x00, 0x10, 0x21])
  expect(lz.decompress(packed, 15).toString()).toBe('ababababababab!')
  // The last nine bytes of the dictionary and four of their repetition.
  const end = Buffer.from(DICTIONARY_1, 'utf8').subarray(-9)
  expect(lz.decompress(Buffer.from([0x09, 0x09, 0x00]), 13)).toEqual(Buffer.concat([end, end.subarray(0, 4)]))
})

it('keeps postings of any distance and order of rows', () => {
  const places = [
    { sort: -70_000_000_000_000, seq: 0 },
    { sort: -70_000_000_000_000, seq: 2 ** 48 - 1 },
    { sort: 0, seq: 5 },
    { sort: 0, seq: 6 },
    { sort: 127, seq: 1 },
    { sort: 1_700_000_000_000, seq: 2 ** 31 },
    { sort: -70_000_000_000_000 + 2 ** 48 - 1, seq: 3 },
  ]
  const entries = Buffer.alloc(places.length * POSTING)
  for (const [i, place] of places.entries()) writePosting(entries, i * POSTING, place)
  for (const isFollowed of [true, false])
    expect(POSTINGS.unpack(POSTINGS.pack({ entries, isFollowed }))).toEqual({ entries, isFollowed })
  const seconds = Buffer.alloc(200 * POSTING)
  for (let i = 0; i < 200; i++)
    writePosting(seconds, i * POSTING, { sort: 1_700_000_000_000 + i * 7000, seq: 9 + (i % 3) })
  const packed = POSTINGS.pack({ entries: seconds, isFollowed: false })
  expect(packed.length).toBeLessThan(200 * 2 + 10)
  expect(POSTINGS.unpack(packed)).toEqual({ entries: seconds, isFollowed: false })
  const empty = { entries: Buffer.alloc(0), isFollowed: true }
  expect(POSTINGS.unpack(POSTINGS.pack(empty))).toEqual(empty)
})

it('keeps intervals of any bounds, in order', () => {
  const bounds: [number, number][] = [
    [-Number.MAX_VALUE, Infinity],
    [-1e300, -1e-300],
    [-5.5, -5.5],
    [0, 0],
    [0.1, 0.3],
    [1, 0],
    [5.9, 2 ** 60],
    [5.925910903038313, 5.925910903038313],
    [1_598_154_927_000, 1_598_154_928_000],
    [1_598_154_927_000, 1_598_154_928_000],
    [1_598_154_927_001, 1_598_154_927_001.5],
    [Number.MAX_VALUE, Number.MAX_VALUE],
  ]
  const { width, ordered } = INTERVALS
  const entries = Buffer.alloc(bounds.length * width)
  for (const [i, [lo, hi]] of bounds.entries())
    writeInterval(entries, i * width, { lo, hi, seq: 900 - i * i })
  const chunk = INTERVALS.unpack(INTERVALS.pack({ entries, isFollowed: true }))
  expect(chunk).toEqual({ entries, isFollowed: true })
  const found = bounds.map((_, i) => [lowAt(chunk.entries, i * width), highAt(chunk.entries, i * width)])
  expect(found).toEqual(bounds)
  expect(intervalSeqAt(chunk.entries, 3 * width)).toBe(891)
  for (let i = 1; i < bounds.length; i++) {
    const [a, b] = [i - 1, i].map((at) => entries.subarray(at * width, at * width + ordered))
    const isSame = bounds[i - 1]?.[0] === bounds[i]?.[0]
    expect(Buffer.compare(a ?? entries, b ?? entries)).toBe(isSame ? 1 : -1)
  }
})

it('keeps what is said about a commit and its audit rows, and reads those of older stores', () => {
  const uuid = '01a22336-2775-7440-b928-c01081b510d9'
  const lineOf = (i: number) =>
    `{"id":"${uuid.slice(0, -2)}${10 + i}","time":1795887081333,"subject":"é","action":"C","interaction":"create","entity":"Patient/${i}"}`
  for (const lines of [0, 1, 80]) {
    const audit = Array.from({ length: lines }, (_, i) => lineOf(i))
    const commit = { ...commitOf({ writes: [writeOf({ id: 'a' })] }), uuid, audit, correlation: uuid }
    const header = encodeCommitHeader(commit)
    stampCommitHeader(header, 77)
    const { time } = commit
    const about = { uuid, time, correlation: uuid }
    expect(decodeCommitHeader(header)).toEqual({ firstRow: 77, rows: 1, about })
    expect(auditOfHeader(header)).toEqual(audit)
    const text = [JSON.stringify(about), ...audit].join('\n')
    // Short texts stand as they are.
    const most = lines === 80 ? text.length / 4 : 10 + Buffer.byteLength(text)
    expect(header.length).toBeLessThanOrEqual(most)
    const older = Buffer.concat([header.subarray(0, 10), Buffer.from(text)])
    expect(decodeCommitHeader(older)).toEqual({ firstRow: 77, rows: 1, about })
    expect(auditOfHeader(older)).toEqual(audit)
  }
})
