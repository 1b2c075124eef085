import { putBytes } from '../../kernel/short-bytes.ts'
import type { Layout } from './list-layout.ts'

/** One of the chunks that changes make of one: its entry that stands first (the bytes that tell entries apart), and how it is stored. */
export interface Piece {
  readonly first: Buffer
  readonly packed: Buffer
}

/** Changes `from..upTo` (without the last), of a chunk as it is stored. */
export interface ChunkChange {
  readonly from: number
  readonly upTo: number
  /** Of its list: whether it stands under the prefix alone. */
  readonly isFirst: boolean
  readonly stored: Buffer | undefined
}

interface Made extends ChunkChange {
  readonly pieces: readonly Piece[]
}

/** Chunks that changes remember. */
const MADE_MOST = 4

/** What is to change in a list, ascending; of one entry what is dropped comes first. Lists that change in the same way share it. */
export class Changes {
  readonly #layout: Layout
  #bytes: Buffer
  #dropped: boolean[] = []
  readonly #made: Made[] = []

  constructor(layout: Layout, room = 2) {
    this.#layout = layout
    this.#bytes = Buffer.allocUnsafe(layout.width * room)
  }

  get count(): number {
    return this.#dropped.length
  }

  get bytes(): Buffer {
    return this.#bytes
  }

  isDropped(index: number): boolean {
    return this.#dropped[index] === true
  }

  /** @returns where the bytes of one more change are to be written */
  place(isDropped: boolean): number {
    const at = this.count * this.#layout.width
    if (at === this.#bytes.length) {
      const grown = Buffer.allocUnsafe(at * 2)
      this.#bytes.copy(grown)
      this.#bytes = grown
    }
    this.#dropped.push(isDropped)
    return at
  }

  /** @param at where the entry stands in the bytes */
  copy(isDropped: boolean, bytes: Buffer, at: number): void {
    const place = this.place(isDropped)
    putBytes(this.#bytes, place, { bytes, from: at, to: at + this.#layout.width })
  }

  /** @param from index of a change; `upTo` of the one behind the last */
  slice(from: number, upTo: number): Changes {
    if (from === 0 && upTo === this.count) return this
    const part = new Changes(this.#layout, 0)
    part.#bytes = this.#bytes.subarray(from * this.#layout.width, upTo * this.#layout.width)
    part.#dropped = this.#dropped.slice(from, upTo)
    return part
  }

  /** Chunks of lists that have always changed in the same way hold the same bytes: what was made of one holds for the next. */
  madeOf(change: ChunkChange): readonly Piece[] | undefined {
    return this.#made.find((made) => isSame(made, change))?.pieces
  }

  /** @param change its stored bytes are copied */
  remember(change: ChunkChange, pieces: readonly Piece[]): void {
    if (this.#made.length === MADE_MOST) this.#made.shift()
    const stored = change.stored && Buffer.from(change.stored)
    this.#made.push({ ...change, stored, pieces })
  }
}

function isSame(a: ChunkChange, b: ChunkChange): boolean {
  if (a.from !== b.from || a.upTo !== b.upTo || a.isFirst !== b.isFirst) return false
  return a.stored === undefined || b.stored === undefined ? a.stored === b.stored : a.stored.equals(b.stored)
}
