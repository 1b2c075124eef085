/** How the entries of a list look in memory, and how a chunk of them is packed. */
export interface Layout {
  /** Bytes of an entry. */
  readonly width: number
  /** How many of them, in front, tell entries apart and compare as the entries do. */
  readonly ordered: number
  /** About how many entries a chunk holds. */
  readonly most: number
  /** Bit 0 of the first byte tells `isFollowed`. */
  readonly pack: (chunk: Chunk) => Buffer
  /** @param packed may be lmdb's shared read buffer. */
  readonly unpack: (packed: Buffer) => Chunk
}

export interface Chunk {
  /** Ascending, each `width` bytes. */
  readonly entries: Buffer
  /** Of the first chunk of a list: whether others follow it. */
  readonly isFollowed: boolean
}

/** Room to write into what is copied at once: a buffer for each chunk would be most of what a merge leaves to the collector. */
export class Scratch {
  #bytes = Buffer.allocUnsafeSlow(4096)

  /** @returns at least so many bytes, which the next call gives again */
  of(length: number): Buffer {
    if (length > this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(length * 2)
    return this.#bytes
  }
}
