import { Decimal128, Double, Int32, Long } from 'mongodb'

/** What the driver serializes: maps keep the order of properties, also of those that look like array indexes. */
type BsonValue =
  | string
  | boolean
  | null
  | Int32
  | Long
  | Double
  | Decimal128
  | readonly BsonValue[]
  | ReadonlyMap<string, BsonValue>

export interface Encoded {
  readonly value: BsonValue
  /** Numbers whose text no BSON number prints. They stand in the value as doubles, and nothing else does: the n-th double has the n-th literal. */
  readonly literals: readonly Literal[]
}

export interface Literal {
  readonly path: string
  readonly text: string
}

/**
 * Turns JSON text into BSON values with exact numbers.
 *
 * @throws SyntaxError when the text is no JSON; callers hand in what the hub itself has written
 */
export function jsonToBson(bytes: Uint8Array): Encoded {
  const reader = new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  return { value: reader.whole(), literals: reader.literals }
}

const QUOTE = 34
const BACKSLASH = 92

class Reader {
  readonly literals: Literal[] = []
  readonly #path: (string | number)[] = []
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  whole(): BsonValue {
    const value = this.#value()
    this.#blanks()
    if (this.#at < this.#text.length) throw this.#broken()
    return value
  }

  #value(): BsonValue {
    this.#blanks()
    switch (this.#text.charCodeAt(this.#at)) {
      case QUOTE:
        return this.#string()
      case 123:
        return this.#object()
      case 91:
        return this.#array()
      case 116:
        return this.#word('true', true)
      case 102:
        return this.#word('false', false)
      case 110:
        return this.#word('null', null)
      default:
        return this.#number()
    }
  }

  #object(): BsonValue {
    const map = new Map<string, BsonValue>()
    this.#at++
    if (this.#next(125)) return map
    do {
      this.#blanks()
      if (this.#text.charCodeAt(this.#at) !== QUOTE) throw this.#broken()
      const name = this.#string()
      if (!this.#next(58)) throw this.#broken()
      this.#path.push(name)
      map.set(name, this.#value())
      this.#path.pop()
    } while (this.#next(44))
    if (!this.#next(125)) throw this.#broken()
    return map
  }

  #array(): BsonValue {
    const list: BsonValue[] = []
    this.#at++
    if (this.#next(93)) return list
    do {
      this.#path.push(list.length)
      list.push(this.#value())
      this.#path.pop()
    } while (this.#next(44))
    if (!this.#next(93)) throw this.#broken()
    return list
  }

  #string(): string {
    const start = this.#at++
    let plain = true
    for (;;) {
      const code = this.#text.charCodeAt(this.#at++)
      if (code === QUOTE) break
      if (Number.isNaN(code)) throw this.#broken()
      if (code !== BACKSLASH) continue
      plain = false
      this.#at++
    }
    if (plain) return this.#text.slice(start + 1, this.#at - 1)
    return JSON.parse(this.#text.slice(start, this.#at)) as string
  }

  #number(): BsonValue {
    const start = this.#at
    while (isNumberCode(this.#text.charCodeAt(this.#at))) this.#at++
    if (this.#at === start) throw this.#broken()
    const text = this.#text.slice(start, this.#at)
    const exact = exactNumber(text)
    if (exact !== undefined) return exact
    this.literals.push({ path: this.#path.join('.'), text })
    return new Double(Number(text))
  }

  #word<Value>(word: string, value: Value): Value {
    if (!this.#text.startsWith(word, this.#at)) throw this.#broken()
    this.#at += word.length
    return value
  }

  #next(code: number): boolean {
    this.#blanks()
    if (this.#text.charCodeAt(this.#at) !== code) return false
    this.#at++
    return true
  }

  #blanks(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return
      this.#at++
    }
  }

  #broken(): SyntaxError {
    return new SyntaxError(`The text is no JSON at character ${this.#at}.`)
  }
}

/** `+ - .`, digits, `E e`. */
function isNumberCode(code: number): boolean {
  return (
    (code >= 48 && code <= 57) || code === 45 || code === 46 || code === 43 || code === 69 || code === 101
  )
}

/** Decimal128 holds 34 digits; a longer text (sign and point included) is not tried. */
const DECIMAL_TEXT = 36

function exactNumber(text: string): Int32 | Long | Decimal128 | undefined {
  if (text.length <= 15) {
    const number = Number(text)
    if (String(number) === text && Number.isSafeInteger(number)) {
      return number === (number | 0) ? new Int32(number) : Long.fromNumber(number)
    }
  }
  if (text.length > DECIMAL_TEXT) return undefined
  try {
    const decimal = Decimal128.fromString(text)
    return decimal.toString() === text ? decimal : undefined
  } catch {
    return undefined // more digits than it holds
  }
}
