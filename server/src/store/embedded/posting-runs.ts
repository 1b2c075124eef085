import { peek } from './databases.ts'
import type { IndexFile, RunInfo } from './index-file.ts'
import { EARLIEST } from './postings.hot.ts'

/**
 * Postings of short lists, all in one order (hash, sort, row) and never changed: a list of its own in the B-tree costs a look-up, a copy of a page
 * and a hundred bytes, and of five lists that a row changes four are short. A merge adds one run, made with those behind it that are not much
 * larger (`merge-runs.ts`), so there are few.
 *
 * A run lies in blocks of postings of 19 bytes: the hash (7), the sort (6, from `EARLIEST` on), and twice the row, one more when the posting is
 * dropped (6). What a younger run says of a posting holds, whatever older ones say.
 */
export interface RunPosting {
  readonly hash: number
  readonly sort: number
  /** Twice the row, one more when the posting is dropped. */
  readonly state: number
}

export const rowOf = ({ state }: RunPosting): number => Math.floor(state / 2)
export const isDropped = ({ state }: RunPosting): boolean => state % 2 === 1

/** How a run is read. */
export interface RunBlocks {
  readonly blocks: number
  /** The bytes may be lmdb's own read buffer. */
  block(at: number): DataView
}

export const NO_BLOCK = new DataView(new ArrayBuffer(0))

export const RUN_WIDTH = 19
/** So many fill a page of the file behind its header. */
const RUN_BLOCK = 214
const SORT = 7
const STATE = 13
const WORD = 2 ** 32

export const hashAt = (block: DataView, at: number): number =>
  (block.getUint8(at) * 0x1_0000 + block.getUint16(at + 1)) * WORD + block.getUint32(at + 3)
export const runSortAt = (block: DataView, at: number): number => read48(block, at + SORT) + EARLIEST
export const stateAt = (block: DataView, at: number): number => read48(block, at + STATE)

function read48(block: DataView, at: number): number {
  return block.getUint16(at) * WORD + block.getUint32(at + 2)
}

function write48(block: DataView, at: number, number: number): void {
  block.setUint16(at, Math.floor(number / WORD))
  block.setUint32(at + 2, number % WORD)
}

/** Number of the run (4), of the block (4). */
export function runKey(run: number, block: number): Buffer {
  const key = Buffer.allocUnsafe(8)
  key.writeUInt32BE(run, 0)
  key.writeUInt32BE(block, 4)
  return key
}

/** The block of a run that holds the first hash of each of its blocks. */
export const FENCES = 0xffff_ffff

export function storedRun({ runs }: IndexFile, { number, blocks }: RunInfo): RunBlocks {
  return {
    blocks,
    block(at) {
      return viewOf(peek(runs, runKey(number, at)))
    },
  }
}

export function viewOf(bytes: Uint8Array | undefined): DataView {
  if (bytes === undefined) throw new Error('a run of the index is not whole')
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** Blocks of a run, as its postings come in order. */
export class RunWriter {
  readonly #put: (at: number, bytes: Buffer) => void
  readonly #fences: number[] = []
  #bytes = Buffer.alloc(RUN_BLOCK * RUN_WIDTH)
  #view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length)
  #at = 0
  count = 0

  /** @param put is given a block that nobody else writes into. */
  constructor(put: (at: number, bytes: Buffer) => void) {
    this.#put = put
  }

  get blocks(): number {
    return this.#fences.length
  }

  add({ hash, sort, state }: RunPosting): void {
    if (this.#at === 0) this.#fences.push(hash)
    const high = Math.floor(hash / WORD)
    this.#view.setUint8(this.#at, high >>> 16)
    this.#view.setUint16(this.#at + 1, high & 0xffff)
    this.#view.setUint32(this.#at + 3, hash % WORD)
    write48(this.#view, this.#at + SORT, sort - EARLIEST)
    write48(this.#view, this.#at + STATE, state)
    this.#at += RUN_WIDTH
    this.count++
    if (this.#at === this.#bytes.length) this.#end()
  }

  /** Puts what is left. @returns the first hash of each block */
  close(): Buffer {
    if (this.#at > 0) this.#end()
    const fences = Buffer.alloc(this.#fences.length * 8)
    for (const [at, hash] of this.#fences.entries()) fences.writeDoubleLE(hash, at * 8)
    return fences
  }

  #end(): void {
    this.#put(this.#fences.length - 1, this.#bytes.subarray(0, this.#at))
    this.#bytes = Buffer.alloc(RUN_BLOCK * RUN_WIDTH)
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length)
    this.#at = 0
  }
}

/** A run in memory. */
export type BuiltRun = RunBlocks & { readonly count: number }

/** @param fill adds its postings, in order */
export function buildRun(fill: (writer: RunWriter) => void): BuiltRun {
  const blocks: DataView[] = []
  const writer = new RunWriter((_, bytes) => blocks.push(viewOf(bytes)))
  fill(writer)
  writer.close()
  return { blocks: blocks.length, count: writer.count, block: (at) => blocks[at] ?? NO_BLOCK }
}
