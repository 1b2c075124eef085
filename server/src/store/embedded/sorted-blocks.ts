/** Walks postings in order. `key`, `seq` and `extra` belong to the posting that the last `next()` reached. */
export interface Cursor<K> {
  readonly key: K
  readonly seq: number
  readonly extra: number
  next(): boolean
}

export type Direction = 'asc' | 'desc'

/** Where a walk starts: behind this posting, in the direction of the walk. */
export interface Place<K> {
  readonly key: K
  readonly seq: number
}

interface Block<K> {
  readonly keys: K[]
  readonly seqs: number[]
  readonly extras: number[]
}

const BLOCK_MOST = 512

/**
 * Postings ordered by (key, seq) in blocks of parallel arrays: a posting is no object. What comes is only noted down, and put in order when somebody
 * walks: most lists of what was just written are never asked for.
 */
export class SortedBlocks<K extends number | string> {
  readonly #compare: (a: K, b: K) => number
  readonly #blocks: Block<K>[] = []
  /** In the order in which it came. */
  #noted: Block<K> = noneNoted()

  constructor(compare: (a: K, b: K) => number) {
    this.#compare = compare
  }

  /** @param extra a number that travels with the posting, not part of the order; kept by all postings of a list or by none. */
  insert(key: K, seq: number, extra?: number): void {
    const { keys, seqs, extras } = this.#noted
    keys.push(key)
    seqs.push(seq)
    if (extra !== undefined) extras.push(extra)
  }

  cursor(direction: Direction, after?: Place<K>): Cursor<K> {
    if (this.#noted.keys.length > 0) this.#settle()
    const walk = new Walk(this.#blocks, direction)
    if (after !== undefined) this.#moveTo(walk, direction, after)
    return walk
  }

  #settle(): void {
    const noted = inOrder(this.#noted, this.#compare)
    this.#noted = noneNoted()
    const { keys, seqs, extras } = noted
    const last = this.#blocks.at(-1)
    const [first] = keys
    if (last === undefined || (first !== undefined && this.#isBehindAll(last, first, seqs[0] ?? 0))) {
      for (let from = 0; from < keys.length; from += BLOCK_MOST) this.#blocks.push(partOf(noted, from))
      return
    }
    for (const [at, key] of keys.entries()) this.#put({ key, seq: seqs[at] ?? 0 }, extras[at])
  }

  #put({ key, seq }: Place<K>, extra: number | undefined): void {
    const at = this.#blockOf(key, seq)
    const block = this.#blocks[at]
    if (block === undefined) return
    const index = this.#firstBehind(block, key, seq)
    block.keys.splice(index, 0, key)
    block.seqs.splice(index, 0, seq)
    if (extra !== undefined) block.extras.splice(index, 0, extra)
    if (block.keys.length > BLOCK_MOST) this.#split(at, block)
  }

  #moveTo(walk: Walk<K>, direction: Direction, { key, seq }: Place<K>): void {
    if (this.#blocks.length === 0) return
    const at = this.#blockOf(key, seq)
    const block = this.#blocks[at]
    if (block === undefined) return
    let index = this.#firstBehind(block, key, seq)
    if (direction === 'desc') {
      // Walking down, the place itself must not come again.
      if (index > 0 && block.seqs[index - 1] === seq && block.keys[index - 1] === key) index--
      walk.place(at, index)
    } else walk.place(at, index - 1)
  }

  #isBehindAll({ keys, seqs }: Block<K>, key: K, seq: number): boolean {
    const last = keys.at(-1)
    const order = last === undefined ? 1 : this.#compare(key, last)
    return order > 0 || (order === 0 && seq > (seqs.at(-1) ?? 0))
  }

  /** The last block that starts at or before the place; the first one when none does. */
  #blockOf(key: K, seq: number): number {
    let low = 0
    let high = this.#blocks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      const block = this.#blocks[middle]
      const first = block?.keys[0]
      if (block === undefined || first === undefined) return low
      const order = this.#compare(key, first)
      if (order > 0 || (order === 0 && seq >= (block.seqs[0] ?? 0))) low = middle
      else high = middle - 1
    }
    return low
  }

  /** Index of the first posting behind the place. */
  #firstBehind(block: Block<K>, key: K, seq: number): number {
    let low = 0
    let high = block.keys.length
    while (low < high) {
      const middle = (low + high) >> 1
      const there = block.keys[middle]
      if (there === undefined) return middle
      const order = this.#compare(there, key)
      if (order < 0 || (order === 0 && (block.seqs[middle] ?? 0) <= seq)) low = middle + 1
      else high = middle
    }
    return low
  }

  #split(at: number, block: Block<K>): void {
    const half = block.keys.length >> 1
    const upper = {
      keys: block.keys.splice(half),
      seqs: block.seqs.splice(half),
      extras: block.extras.splice(half),
    }
    this.#blocks.splice(at + 1, 0, upper)
  }
}

function noneNoted<K>(): Block<K> {
  return { keys: [], seqs: [], extras: [] }
}

function inOrder<K>(block: Block<K>, compare: (a: K, b: K) => number): Block<K> {
  const { keys, seqs, extras } = block
  const order = (a: number, b: number): number =>
    compare(keys[a] as K, keys[b] as K) || (seqs[a] ?? 0) - (seqs[b] ?? 0)
  let sorted = 1
  while (sorted < keys.length && order(sorted - 1, sorted) <= 0) sorted++
  if (sorted >= keys.length) return block
  const places = Array.from(keys, (_, at) => at).toSorted(order)
  return {
    keys: places.map((at) => keys[at] as K),
    seqs: places.map((at) => seqs[at] ?? 0),
    extras: extras.length === 0 ? [] : places.map((at) => extras[at] ?? 0),
  }
}

function partOf<K>({ keys, seqs, extras }: Block<K>, from: number): Block<K> {
  const upTo = from + BLOCK_MOST
  return { keys: keys.slice(from, upTo), seqs: seqs.slice(from, upTo), extras: extras.slice(from, upTo) }
}

class Walk<K extends number | string> implements Cursor<K> {
  readonly #blocks: readonly Block<K>[]
  readonly #step: 1 | -1
  #block: number
  #index: number

  constructor(blocks: readonly Block<K>[], direction: Direction) {
    this.#blocks = blocks
    this.#step = direction === 'asc' ? 1 : -1
    this.#block = direction === 'asc' ? 0 : blocks.length - 1
    this.#index = direction === 'asc' ? -1 : (blocks.at(-1)?.keys.length ?? 0)
  }

  /** The posting that counts as already visited. */
  place(block: number, index: number): void {
    this.#block = block
    this.#index = index
  }

  get key(): K {
    const key = this.#blocks[this.#block]?.keys[this.#index]
    if (key === undefined) throw new Error('a cursor was read before next() or behind its end')
    return key
  }

  get seq(): number {
    return this.#blocks[this.#block]?.seqs[this.#index] ?? 0
  }

  get extra(): number {
    return this.#blocks[this.#block]?.extras[this.#index] ?? 0
  }

  next(): boolean {
    this.#index += this.#step
    for (;;) {
      const block = this.#blocks[this.#block]
      if (block === undefined) return false
      if (this.#index >= 0 && this.#index < block.keys.length) return true
      this.#block += this.#step
      this.#index = this.#step === 1 ? 0 : (this.#blocks[this.#block]?.keys.length ?? 0) - 1
    }
  }
}

export function compareNumbers(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Orders texts by their UTF-8 bytes, which JavaScript's `<` does not for characters outside the basic plane. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return utf8Rank(x) - utf8Rank(y)
  }
  return a.length - b.length
}

/** Surrogates stand for characters behind the whole basic plane. */
function utf8Rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
