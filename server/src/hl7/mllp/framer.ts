const VT = 0x0b
const FS = 0x1c
const CR = 0x0d

export type FrameEvent =
  | { readonly kind: 'frame'; readonly bytes: Buffer }
  /** The frame went over the bound; `head` is its beginning, for what can be said about it. Nothing follows: the connection has to be closed. */
  | { readonly kind: 'too-large'; readonly head: Buffer }

/**
 * Cuts the byte stream of one socket into MLLP frames (`VT payload FS CR`). Each byte is looked at once, whatever the sizes of the reads.
 *
 * Bytes between frames are skipped and counted. A VT inside a frame begins it anew, because its sender gave the first one up.
 * An FS without CR behind it belongs to the payload.
 * @see HL7 v2.5.1, Appendix C.2 (MLLP)
 */
export class Framer {
  skippedBytes = 0
  restarts = 0
  /** Frames that have begun, ended or not. */
  begun = 0
  readonly #bound: number
  readonly #held = new Collected()
  #state: 'between' | 'inside' | 'behind-fs' | 'ended' = 'between'

  /** @param bound most bytes of one payload. */
  constructor(bound: number) {
    this.#bound = bound
  }

  /** Bytes of the frame that has begun and not ended; `undefined` between frames. */
  get partialBytes(): number | undefined {
    return this.#state === 'inside' || this.#state === 'behind-fs' ? this.#held.size : undefined
  }

  /** Takes the next bytes of the stream and gives what they complete, in order. */
  push(chunk: Buffer): readonly FrameEvent[] {
    const events: FrameEvent[] = []
    let at = 0
    while (at < chunk.length && this.#state !== 'ended') {
      if (this.#state === 'between') at = this.#skip(chunk, at)
      else if (this.#state === 'inside') at = this.#collect(chunk, at)
      else at = this.#closeOrGoOn(chunk, at, events)
      if (this.#held.size > this.#bound) {
        this.#state = 'ended'
        events.push({ kind: 'too-large', head: this.#held.take().subarray(0, HEAD_BYTES) })
      }
    }
    return events
  }

  #skip(chunk: Buffer, at: number): number {
    const begin = chunk.indexOf(VT, at)
    this.skippedBytes += (begin === -1 ? chunk.length : begin) - at
    if (begin === -1) return chunk.length
    this.#state = 'inside'
    this.begun++
    return begin + 1
  }

  #collect(chunk: Buffer, at: number): number {
    let end = at
    while (end < chunk.length && chunk[end] !== FS && chunk[end] !== VT) end++
    // One byte more than the bound is enough to know that it is broken.
    this.#held.add(chunk.subarray(at, Math.min(end, at + this.#bound + 1)))
    if (chunk[end] === FS) this.#state = 'behind-fs'
    if (chunk[end] === VT) {
      this.#held.take()
      this.restarts++
      this.begun++
    }
    return end + 1
  }

  #closeOrGoOn(chunk: Buffer, at: number, events: FrameEvent[]): number {
    if (chunk[at] === CR) {
      this.#state = 'between'
      events.push({ kind: 'frame', bytes: this.#held.take() })
      return at + 1
    }
    this.#held.add(LONE_FS)
    this.#state = 'inside'
    return at
  }
}

const LONE_FS = Buffer.of(FS)
const HEAD_BYTES = 64 * 1024
const LARGEST_BLOCK = 1024 * 1024

/** Gathers bytes in blocks of growing size: a frame that arrives byte by byte costs no object a byte, a large one is never copied over and over. */
class Collected {
  size = 0
  #blocks: Buffer[] = []
  #room = Buffer.alloc(0)

  add(bytes: Buffer): void {
    let rest = bytes
    while (rest.length > 0) {
      if (this.#room.length === 0) this.#grow(rest.length)
      const taken = rest.copy(this.#room)
      this.#room = this.#room.subarray(taken)
      this.size += taken
      rest = rest.subarray(taken)
    }
  }

  #grow(wanted: number): void {
    this.#room = Buffer.allocUnsafeSlow(Math.min(Math.max(wanted, this.size, 1024), LARGEST_BLOCK))
    this.#blocks.push(this.#room)
  }

  /** All bytes so far as one buffer of its own; the collection is empty then. */
  take(): Buffer {
    const [only] = this.#blocks
    const all =
      this.#blocks.length === 1 && only ? only.subarray(0, this.size) : Buffer.concat(this.#blocks, this.size)
    this.size = 0
    this.#blocks = []
    this.#room = Buffer.alloc(0)
    return all
  }
}
