import { fault } from '../../kernel/fault.ts'
import type { Fault } from '../../kernel/fault.ts'

const QUOTE = 34
const COMMA = 44
const OPEN_LIST = 91
const BACKSLASH = 92
const CLOSE_LIST = 93
const OPEN = 123
const CLOSE = 125
/** Makes a curly bracket of a square one. */
const LOWER = 32
/** So many bytes of a string are looked at one by one. */
const FEW = 48

const PLACEHOLDER = Buffer.from('0')

export interface ScanLimits {
  readonly items: number
  readonly itemBytes: number
  readonly headBytes: number
}

/**
 * Cuts the items of one list out of the JSON text of an object while it arrives: every byte is looked at once, nothing is parsed. What is
 * left has a 0 in the place of each item, so that parsing it tells whether the text was JSON.
 */
export class EntryScanner {
  /** Texts of the items, in order. */
  readonly items: Buffer[] = []
  readonly #list: string
  readonly #limits: ScanLimits
  readonly #head: Uint8Array[] = []
  #headBytes = 0
  #piece: Uint8Array[] = []
  #pieceBytes = 0
  #depth = 0
  #inString = false
  #isEscaped = false
  /** The last string at root level: the name of what comes next. */
  #name = ''
  #isInList = false
  #isItem = false

  /** @param list name of the member whose items are cut out. */
  constructor(list: string, limits: ScanLimits) {
    this.#list = list
    this.#limits = limits
  }

  /** @throws Fault `too-large` as soon as a bound is passed */
  push(chunk: Uint8Array): void {
    let start = 0
    for (let at = 0; at < chunk.length; at += 1) {
      if (this.#isItem && this.#depth > 2 && !this.#inString) {
        at = this.#within(chunk, at)
        if (at >= chunk.length) break
      }
      const code = chunk[at] ?? 0
      if (this.#inString) at = this.#inside(chunk, at)
      else if (code > 32) {
        if (this.#begins(code)) {
          this.#take(chunk.subarray(start, at))
          this.#isItem = true
          start = at
        }
        const end = this.#step(code)
        if (end >= 0) {
          this.#take(chunk.subarray(start, at + end))
          this.#finishItem()
          start = at + end
        }
      }
    }
    this.#take(chunk.subarray(start))
  }

  /** The rest of the text, without a byte order mark: `{"resourceType":"Bundle","entry":[0,0]}`. */
  end(): string {
    return new TextDecoder().decode(Buffer.concat(this.#head))
  }

  #begins(code: number): boolean {
    return this.#isInList && !this.#isItem && this.#depth === 2 && code !== COMMA && code !== CLOSE_LIST
  }

  /** Goes on within a string. @returns the position that it has reached */
  #inside(chunk: Uint8Array, at: number): number {
    if (this.#depth === 1 || this.#isEscaped) return this.#stringByte(chunk[at] ?? 0, at)
    return this.#skip(chunk, at)
  }

  /** Most bytes stand inside of an item that is an object or a list. @returns the position of what closes it, or the end of the chunk */
  #within(chunk: Uint8Array, from: number): number {
    let depth = this.#depth
    let at = from
    for (; at < chunk.length; at += 1) {
      const code = chunk[at] ?? 0
      if (code === QUOTE) {
        this.#inString = true
        at = this.#skip(chunk, at + 1)
      } else if ((code | LOWER) === OPEN) depth += 1
      else if ((code | LOWER) === CLOSE) {
        if (depth === 3) break
        depth -= 1
      }
    }
    this.#depth = depth
    return at
  }

  /** @returns the position of the closing quote, or the end of the chunk */
  #skip(chunk: Uint8Array, from: number): number {
    // Most strings are short: they end before a search for their end has begun.
    const near = Math.min(from + FEW, chunk.length)
    let at = from
    while (at < near) {
      const code = chunk[at]
      if (code === QUOTE) {
        this.#inString = false
        return at
      }
      at += code === BACKSLASH ? 2 : 1
    }
    this.#isEscaped = at > chunk.length
    return at >= chunk.length ? chunk.length : this.#search(chunk, at)
  }

  /** The same for a string that is long. */
  #search(chunk: Uint8Array, from: number): number {
    for (let at = from; ;) {
      const quote = chunk.indexOf(QUOTE, at)
      const stop = quote < 0 ? chunk.length : quote
      let backslashes = 0
      while (stop - 1 - backslashes >= at && chunk[stop - 1 - backslashes] === BACKSLASH) backslashes += 1
      const isEscaped = backslashes % 2 === 1
      if (quote < 0) this.#isEscaped = isEscaped
      else if (!isEscaped) this.#inString = false
      if (quote < 0 || !isEscaped) return stop
      at = quote + 1
    }
  }

  #stringByte(code: number, at: number): number {
    if (this.#isEscaped) this.#isEscaped = false
    else if (code === BACKSLASH) this.#isEscaped = true
    else if (code === QUOTE) this.#inString = false
    if (this.#inString && this.#depth === 1 && this.#name.length <= this.#list.length)
      this.#name += String.fromCharCode(code)
    return at
  }

  /** @returns where the item ends, seen from this byte: 0 before it, 1 behind it; -1 where none ends */
  #step(code: number): -1 | 0 | 1 {
    if (code === CLOSE || code === CLOSE_LIST) return this.#close()
    if (code === QUOTE) this.#openString()
    else if (code === OPEN || code === OPEN_LIST) this.#open(code)
    else if (code === COMMA && this.#isItem && this.#depth === 2) return 0
    return -1
  }

  #openString(): void {
    this.#inString = true
    if (this.#depth === 1) this.#name = ''
  }

  #open(code: number): void {
    this.#depth += 1
    if (code === OPEN_LIST && this.#depth === 2 && this.#name === this.#list) this.#isInList = true
  }

  #close(): -1 | 0 | 1 {
    this.#depth -= 1
    if (!this.#isInList) return -1
    if (this.#depth === 2) return this.#isItem ? 1 : -1
    if (this.#depth === 1) {
      this.#isInList = false
      return this.#isItem ? 0 : -1
    }
    return -1
  }

  #take(bytes: Uint8Array): void {
    if (this.#isItem) {
      this.#piece.push(bytes)
      this.#pieceBytes += bytes.length
      if (this.#pieceBytes > this.#limits.itemBytes)
        throw tooLarge(`One item of ${this.#list}`, this.#limits.itemBytes)
      return
    }
    this.#head.push(bytes)
    this.#headBytes += bytes.length
    if (this.#headBytes > this.#limits.headBytes)
      throw tooLarge(`What stands beside ${this.#list}`, this.#limits.headBytes)
  }

  #finishItem(): void {
    this.items.push(Buffer.concat(this.#piece))
    this.#piece = []
    this.#pieceBytes = 0
    this.#isItem = false
    this.#head.push(PLACEHOLDER)
    if (this.items.length > this.#limits.items)
      throw fault('too-large', {
        code: 'too-long',
        text: `The list ${this.#list} may have ${String(this.#limits.items)} items at most`,
      })
  }
}

function tooLarge(what: string, bytes: number): Fault {
  return fault('too-large', { code: 'too-long', text: `${what} may have ${String(bytes)} bytes at most` })
}
