import { expect, it } from 'vitest'

import { HashedLists, PlaceLists } from './place-lists.ts'

/** More than there is room for at first. */
const LISTS = 10_000
/** Many with the same low bits. */
const hashOf = (i: number): number => (i % 3) * 2 ** 40 + Math.floor(i / 3) * 2 ** 33

it('keeps the places of each list in their order, however many lists and places there are', () => {
  const rows = new PlaceLists()
  const hashed = new HashedLists(rows)
  const wanted = new Map<number, number[]>()
  for (let place = 0; place < 5; place++) {
    for (let i = 0; i < LISTS; i += place + 1) {
      rows.add(hashed.listOf(hashOf(i)), place)
      wanted.set(hashOf(i), [...new Set([...(wanted.get(hashOf(i)) ?? []), place])])
    }
  }
  const hashes = [...hashed.inOrder()]
  expect(hashes).toEqual([...wanted.keys()].toSorted((a, b) => a - b))
  const placesOf = (hash: number) => [...rows.placesOf(hashed.find(hash) ?? -1)]
  expect(new Map(hashes.map((hash) => [hash, placesOf(hash)]))).toEqual(wanted)
  expect(hashed.find(1)).toBeUndefined()
})

it('knows lists of the same places', () => {
  const rows = new PlaceLists()
  const listOf = (...places: readonly number[]): number => {
    const list = rows.begin()
    for (const place of places) rows.add(list, place)
    return list
  }
  const one = listOf(0, 3, 5)
  const same = listOf(0, 3, 3, 5)
  expect(rows.isSame(one, same)).toBe(true)
  expect(rows.hashOf(same)).toBe(rows.hashOf(one))
  // The last one has the same hash.
  for (const other of [listOf(0, 3), listOf(1, 3, 5), listOf(0, 3, 4), listOf(3, 5)])
    expect(rows.isSame(one, other)).toBe(false)
})
