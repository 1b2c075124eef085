import { createDecoder, type Decoder } from './lz-decoder.hot.ts'

const SHORTEST = 4
const FARTHEST = 0xffff
const HASH_BITS = 13
/** So many bytes at the end are always literals, so that a match may be looked for four bytes at a time. */
const TAIL = 5
/** The space for longer texts than this does not stay. */
const KEPT_BYTES = 256 * 1024
const MOST_COUNTED = 2 ** 31 - 1
/** So many literals are copied one by one. */
const FEW = 64
/** A token, a distance and the first bytes of two lengths. */
const SEQUENCE_MOST = 8
/** Memory of the decoder: its pages, and what it may touch behind the ends of its texts. */
const PAGE = 65_536
const SLACK = 16

interface Unpacking {
  readonly bytes: Buffer
  /** Where what is compressed begins; it goes up to the end. */
  readonly from: number
  /** Of the text that was compressed. */
  readonly length: number
  readonly skip: number
  readonly at: number
}

/**
 * The LZ4 block format with a dictionary in front of the text. In JavaScript, because the matches of a dictionary are looked up in a table
 * that is made once: a library loads the dictionary again for each text, which costs more than a short text itself.
 *
 * Token (literals << 4 | match length - 4, 15 goes on in further bytes), literals, distance (2, little-endian), …; the last one has literals
 * only. One text at a time; the space that it works in stays.
 */
export class Lz {
  readonly #dictionary: Buffer
  /** Hash of four bytes of the dictionary -> 1 + their place in it; 0 where there are none. */
  readonly #known = new Int32Array(1 << HASH_BITS)
  /** The same for the text, counted on from text to text: what stands there of earlier ones is too low, so that nothing has to be cleared. */
  readonly #table = new Int32Array(1 << HASH_BITS)
  #counted = 0
  /** The dictionary and the text behind it. */
  #source: Buffer
  #words: DataView
  #packed: Buffer = Buffer.alloc(0)
  #out = 0
  readonly #decoder: Decoder = createDecoder()
  /** What the decoder works in; a new one each time that it grows. */
  #memory = Buffer.alloc(0)

  constructor(dictionary: Buffer) {
    this.#dictionary = dictionary
    this.#source = dictionary
    this.#words = wordsOf(dictionary)
    for (let at = 0; at + SHORTEST <= dictionary.length; at++)
      this.#known[slotOf(this.#words.getInt32(at, true))] = at + 1
  }

  /**
   * @param head stands before the text
   * @returns the compressed text, good until the next call, or `undefined` when that would not be shorter
   */
  compress(text: Uint8Array, head = ''): Buffer | undefined {
    const start = this.#dictionary.length
    // A UTF-16 unit takes at most three bytes.
    const most = start + head.length * 3 + text.length
    if (this.#source.length < most) this.#makeRoom(most)
    const textAt = start + this.#source.write(head, start, 'utf8')
    const end = textAt + text.length
    this.#source.set(text, textAt)
    if (this.#counted + end > MOST_COUNTED) {
      this.#table.fill(0)
      this.#counted = 0
    }
    this.#out = 0
    const packed = this.#pack(start, end) ? this.#packed.subarray(0, this.#out) : undefined
    this.#counted += end
    if (this.#source.length > KEPT_BYTES * 2) this.#makeRoom(KEPT_BYTES / 2)
    return packed
  }

  #makeRoom(bytes: number): void {
    const size = bytes > KEPT_BYTES ? bytes : bytes * 2
    this.#source = Buffer.alloc(size)
    this.#packed = Buffer.alloc(size)
    this.#dictionary.copy(this.#source)
    this.#words = wordsOf(this.#source)
  }

  /**
   * @param length of the text that was compressed; less for its beginning only
   * @throws Error when the bytes are damaged
   */
  decompress(bytes: Buffer, length: number): Buffer {
    const text = Buffer.allocUnsafe(length)
    this.decompressInto(text, { bytes, from: 0, length, skip: 0, at: 0 })
    return text
  }

  /**
   * Puts the text, without so many bytes at its beginning, into the target at a place.
   *
   * @returns where it ends there
   * @throws Error when the bytes are damaged
   */
  decompressInto(target: Buffer, { bytes, from, length, skip, at }: Unpacking): number {
    const out = this.#dictionary.length
    const packed = bytes.length - from
    const start = this.#roomFor(length, packed)
    const memory = this.#memory
    bytes.copy(memory, start, from)
    const end = this.#decoder.decode(start, start + packed, out, out + length)
    if (end !== out + length) throw new Error('a compressed text is damaged')
    memory.copy(target, at, out + skip, end)
    return at + length - skip
  }

  /** Dictionary, text, packed text lie one behind the other. @returns where the packed one begins */
  #roomFor(text: number, packed: number): number {
    const at = this.#dictionary.length + text + SLACK
    const { memory } = this.#decoder
    const missing = at + packed + SLACK - this.#memory.length
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE))
    if (missing > 0 || this.#memory.length === 0) {
      this.#memory = Buffer.from(memory.buffer)
      this.#memory.set(this.#dictionary)
    }
    return at
  }

  #pack(start: number, end: number): boolean {
    const words = this.#words
    const table = this.#table
    const counted = this.#counted
    const last = end - TAIL
    const most = end - start - SEQUENCE_MOST
    let literals = start
    let at = start
    while (at < last) {
      const word = words.getInt32(at, true)
      const slot = slotOf(word)
      const inText = (table[slot] ?? 0) - counted
      const found = (inText > 0 ? inText : (this.#known[slot] ?? 0)) - 1
      table[slot] = counted + at + 1
      if (found < 0 || at - found > FARTHEST || words.getInt32(found, true) !== word) {
        // The longer nothing is found, the farther apart are the places that are looked at.
        at += 1 + ((at - literals) >> 6)
        continue
      }
      const back = this.#matchBefore(found, at, literals)
      const length = back + this.#matchLength(found, at, last)
      at -= back
      if (this.#out + (at - literals) + length / 255 > most) return false
      this.#putSequence(literals, at, { distance: at + back - found, length })
      at += length
      table[slotOf(words.getInt32(at - 2, true))] = counted + at - 1
      literals = at
    }
    if (this.#out + (end - literals) > most) return false
    this.#putLiterals(literals, end)
    return true
  }

  /** How many bytes before a match belong to it, too: they were passed over for want of four equal ones. */
  #matchBefore(found: number, at: number, literals: number): number {
    const source = this.#source
    const most = Math.min(at - literals, found)
    let length = 0
    while (length < most && source[at - length - 1] === source[found - length - 1]) length++
    return length
  }

  #matchLength(found: number, at: number, last: number): number {
    const source = this.#source
    const words = this.#words
    let length = SHORTEST
    while (at + length < last && words.getInt32(found + length) === words.getInt32(at + length)) length += 4
    while (at + length < last && source[found + length] === source[at + length]) length++
    return length
  }

  #putSequence(literals: number, at: number, match: { distance: number; length: number }): void {
    const packed = this.#packed
    const token = this.#out
    this.#putLiterals(literals, at)
    packed[this.#out++] = match.distance & 0xff
    packed[this.#out++] = match.distance >>> 8
    const more = match.length - SHORTEST
    packed[token] = (packed[token] ?? 0) | Math.min(more, 15)
    if (more >= 15) this.#putMore(more - 15)
  }

  #putLiterals(from: number, to: number): void {
    const source = this.#source
    const packed = this.#packed
    const count = to - from
    packed[this.#out++] = Math.min(count, 15) << 4
    if (count >= 15) this.#putMore(count - 15)
    let out = this.#out
    // Few bytes are copied before a call of `copy` has begun.
    if (count > FEW) source.copy(packed, out, from, to)
    else for (let at = from; at < to; at++) packed[out++] = source[at] ?? 0
    this.#out += count
  }

  #putMore(count: number): void {
    let left = count
    for (; left >= 255; left -= 255) this.#packed[this.#out++] = 255
    this.#packed[this.#out++] = left
  }
}

function wordsOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

function slotOf(word: number): number {
  return Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS)
}
