const VT = 0x0b
const FS = 0x1c
const CR = 0x0d
const LF = 0x0a

export type FrameEvent =
  | { readonly kind: 'frame'; readonly bytes: Buffer }
  /** The frame went over the bound; `head` is its beginning, for what can be said about it. Nothing follows: the connection has to be closed. */
  | { readonly kind: 'too-large'; readonly head: Buffer }

/** `strict`: FS CR ends a frame. `lenient`: any FS does, for senders that end with FS LF or a lone FS. */
export type Framing = 'strict' | 'lenient'

/**
 * Cuts the byte stream of one socket into MLLP frames (`VT payload FS CR`). Each byte is looked at once, whatever the sizes of the reads.
 *
 * Bytes between frames are skipped and counted. A VT inside a frame begins it anew, because its sender gave the first one up.
 * An FS without CR behind it belongs to the payload, unless the feed is `lenient`.
 * @see HL7 v2.5.1, Appendix C.2 (MLLP)
 */
export class Framer {
  skippedBytes = 0
  restarts = 0
  /** Frames that have begun, ended or not. */
  begun = 0
  readonly #bound: number
  readonly #isLenient: boolean
  readonly #held = new Collected()
  #state: 'between' | 'inside' | 'behind-fs' | 'ended' = 'between'

  /** @param bound most bytes of one payload. */
  constructor(bound: number, framing: Framing = 'strict') {
    this.#bound = bound
    this.#isLenient = framing === 'lenient'
  }

  /** Bytes of the frame that has begun and not ended; `undefined` between frames. */
  get partialBytes(): number | undefined {
    return this.#state === 'inside' || this.#state === 'behind-fs' ? this.#held.size : undefined
  }

  /** Takes the next bytes of the stream and gives what they complete, in order. */
  push(chunk: Buffer): readonly FrameEvent[] {
    const events: FrameEvent[] = []
    const marks: Marks = { chunk, begin: -1, end: -1 }
    let at = 0
    while (at < chunk.length && this.#state !== 'ended') {
      if (this.#state === 'between') at = this.#skip(chunk, at)
      else if (this.#state === 'inside') at = this.#collect(marks, at, events)
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
    const skipped = (begin === -1 ? chunk.length : begin) - at
    // What may stand behind the FS of a sender that has no fixed end is no garbage.
    this.skippedBytes += this.#isLenient && isEnd(chunk[at]) ? skipped - 1 : skipped
    if (begin === -1) return chunk.length
    this.#state = 'inside'
    this.begun++
    return begin + 1
  }

  #collect(marks: Marks, at: number, events: FrameEvent[]): number {
    const { chunk } = marks
    const begin = nextMark(marks, 'begin', at)
    const end = Math.min(begin, nextMark(marks, 'end', at))
    if (this.#isWhole(chunk, at, end)) {
      this.#state = 'between'
      events.push({ kind: 'frame', bytes: chunk.subarray(at, end) })
      return end + 2
    }
    // One byte more than the bound is enough to know that it is broken.
    this.#held.add(chunk.subarray(at, Math.min(end, at + this.#bound + 1)))
    if (end === chunk.length) return end
    if (end === begin) {
      this.#held.take()
      this.restarts++
      this.begun++
    } else if (this.#isLenient) this.#close(events)
    else this.#state = 'behind-fs'
    return end + 1
  }

  /** Most frames come in one read, which they fill: such a one is not copied. A small part would keep the whole read in memory. */
  #isWhole(chunk: Buffer, at: number, end: number): boolean {
    const size = end - at
    if (this.#held.size > 0 || size > this.#bound || size * 2 < chunk.buffer.byteLength) return false
    return chunk[end] === FS && chunk[end + 1] === CR
  }

  #closeOrGoOn(chunk: Buffer, at: number, events: FrameEvent[]): number {
    if (chunk[at] === CR) {
      this.#close(events)
      return at + 1
    }
    this.#held.add(LONE_FS)
    this.#state = 'inside'
    return at
  }

  #close(events: FrameEvent[]): void {
    if (this.#held.size > this.#bound) return
    this.#state = 'between'
    events.push({ kind: 'frame', bytes: this.#held.take() })
  }
}

/** Where the next VT and FS of a chunk are, so that each byte is looked at once for each of them. */
interface Marks {
  readonly chunk: Buffer
  begin: number
  end: number
}

const CODES = { begin: VT, end: FS } as const

/** @returns the length of the chunk when there is none */
function nextMark(marks: Marks, name: 'begin' | 'end', at: number): number {
  if (marks[name] < at) {
    const found = marks.chunk.indexOf(CODES[name], at)
    marks[name] = found === -1 ? marks.chunk.length : found
  }
  return marks[name]
}

function isEnd(byte: number | undefined): boolean {
  return byte === CR || byte === LF
}

const LONE_FS = Buffer.of(FS)
export const HEAD_BYTES = 64 * 1024
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
