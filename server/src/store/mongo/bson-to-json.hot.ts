import { Decimal128 } from 'mongodb'

/**
 * Prints one raw BSON value as JSON bytes without building objects.
 *
 * @param raw a raw document; `type` and `at` say where in it the value stands.
 * @param literals the texts of the doubles, in document order (see `json-to-bson.hot.ts`).
 * @returns bytes of the caller's own.
 */
export function bsonToJson(raw: Buffer, place: Place, literals: readonly string[]): Uint8Array {
  const printer = new Printer(raw, literals)
  printer.value(place.type, place.at)
  return printer.done()
}

export interface Place {
  /** BSON element type. */
  readonly type: number
  /** Offset of the value. */
  readonly at: number
}

const [DOUBLE, STRING, DOCUMENT, ARRAY, BOOLEAN, NULL, INT32, INT64, DECIMAL] = [
  1, 2, 3, 4, 8, 10, 16, 18, 19,
] as const
const HEX = '0123456789abcdef'
/** The short escapes by character code; other control characters are written as \u00XX. */
const SHORT: Readonly<Record<number, string>> = {
  8: 'b',
  9: 't',
  10: 'n',
  12: 'f',
  13: 'r',
  34: '"',
  92: '\\',
}

class Printer {
  readonly #raw: Buffer
  readonly #literals: readonly string[]
  #out: Buffer
  #length = 0
  #literal = 0
  #at = 0

  constructor(raw: Buffer, literals: readonly string[]) {
    this.#raw = raw
    this.#literals = literals
    this.#out = Buffer.allocUnsafe(raw.length + 256)
  }

  done(): Uint8Array {
    return this.#out.subarray(0, this.#length)
  }

  /** Leaves `#at` behind the value. */
  value(type: number, at: number): void {
    switch (type) {
      case STRING: {
        const end = at + 4 + this.#raw.readInt32LE(at) - 1
        this.#string(at + 4, end)
        this.#at = end + 1
        return
      }
      case DOCUMENT:
        this.#members(at, true)
        return
      case ARRAY:
        this.#members(at, false)
        return
      case BOOLEAN:
        this.#ascii(this.#raw[at] === 1 ? 'true' : 'false')
        this.#at = at + 1
        return
      case NULL:
        this.#ascii('null')
        this.#at = at
        return
      default:
        this.#number(type, at)
    }
  }

  #number(type: number, at: number): void {
    switch (type) {
      case INT32:
        this.#ascii(String(this.#raw.readInt32LE(at)))
        this.#at = at + 4
        return
      case INT64:
        this.#ascii(String(this.#raw.readBigInt64LE(at)))
        this.#at = at + 8
        return
      case DECIMAL:
        this.#ascii(decimalText(this.#raw, at))
        this.#at = at + 16
        return
      case DOUBLE:
        // A double without a literal was written by another program: its shortest text is the best there is.
        this.#ascii(this.#literals[this.#literal++] ?? String(this.#raw.readDoubleLE(at)))
        this.#at = at + 8
        return
      default:
        throw new TypeError(`A resource holds a BSON value of type ${type}, which JSON does not have.`)
    }
  }

  #members(start: number, named: boolean): void {
    this.#byte(named ? 123 : 91)
    let at = start + 4
    let first = true
    for (let type = this.#raw[at] ?? 0; type !== 0; type = this.#raw[at] ?? 0) {
      if (!first) this.#byte(44)
      first = false
      const nameEnd = this.#raw.indexOf(0, at + 1)
      if (named) {
        this.#string(at + 1, nameEnd)
        this.#byte(58)
      }
      this.value(type, nameEnd + 1)
      at = this.#at
    }
    this.#byte(named ? 125 : 93)
    this.#at = at + 1
  }

  /** Writes the UTF-8 bytes from `start` to `end` as a JSON string: runs are copied, few bytes are escaped. */
  #string(start: number, end: number): void {
    this.#room(end - start + 2)
    this.#byte(34)
    let run = start
    for (let at = start; at < end; at++) {
      const code = this.#raw[at] ?? 0
      if (code >= 32 && code !== 34 && code !== 92) continue
      this.#copy(run, at)
      this.#escape(code)
      run = at + 1
    }
    this.#copy(run, end)
    this.#byte(34)
  }

  #escape(code: number): void {
    const short = SHORT[code]
    this.#ascii(short === undefined ? `\\u00${HEX[code >> 4]}${HEX[code & 15]}` : `\\${short}`)
  }

  #copy(from: number, to: number): void {
    this.#room(to - from)
    this.#raw.copy(this.#out, this.#length, from, to)
    this.#length += to - from
  }

  #ascii(text: string): void {
    this.#room(text.length)
    for (let i = 0; i < text.length; i++) this.#out[this.#length++] = text.charCodeAt(i)
  }

  #byte(code: number): void {
    this.#room(1)
    this.#out[this.#length++] = code
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#out.length) return
    const larger = Buffer.allocUnsafe((this.#length + bytes) * 2)
    this.#out.copy(larger, 0, 0, this.#length)
    this.#out = larger
  }
}

/** Decimal128 without exponent and below 2^53, which nearly all are, is printed here; the rest by the driver's own code. */
function decimalText(raw: Buffer, at: number): string {
  const low = raw.readUInt32LE(at)
  const middle = raw.readUInt32LE(at + 4)
  const top = raw.readUInt32LE(at + 12)
  const exponent = ((top >>> 17) & 0x3fff) - 6176
  const small = middle < 0x200000 && raw.readUInt32LE(at + 8) === 0 && (top & 0x1ffff) === 0
  const digits = small ? String(middle * 0x1_0000_0000 + low) : ''
  const plain = small && exponent <= 0 && exponent > -30 && digits.length - 1 + exponent >= -6
  if (!plain) return new Decimal128(Uint8Array.from(raw.subarray(at, at + 16))).toString()
  const sign = top >>> 31 === 1 ? '-' : ''
  if (exponent === 0) return sign + digits
  const padded = digits.padStart(1 - exponent, '0')
  return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`
}
