/** Keys of one type that are remembered. */
const ASKED_MOST = 256

/**
 * Turns a key string of one resource type into 64 bits: two multiply-xor lanes, seeded per installation so that nobody can build collisions.
 * The result stands in `hi` and `lo` until the next call (no object per key).
 */
export class KeyHash {
  hi = 0
  lo = 0
  readonly #seedHi: number
  readonly #seedLo: number
  #asked: { readonly type: string; readonly keys: Map<string, { hi: number; lo: number }> } = {
    type: '',
    keys: new Map(),
  }
  /** The lanes behind the type of the last key: most keys come in rows of one type. */
  #type = ''
  #typeHi: number
  #typeLo: number

  constructor(seed: { readonly hi: number; readonly lo: number }) {
    this.#seedHi = seed.hi
    this.#seedLo = seed.lo
    this.#typeHi = endOfType(seed.hi, 0x85ebca6b)
    this.#typeLo = endOfType(seed.lo, 0x27d4eb2f)
  }

  of(type: string, key: string): this {
    return this.ofPart(type, key, { from: 0, end: key.length })
  }

  /** The same for a key that is a part of a text. */
  ofPart(type: string, text: string, { from, end }: { from: number; end: number }): this {
    if (type !== this.#type) this.#begin(type)
    let a = this.#typeHi
    let b = this.#typeLo
    for (let i = from; i < end; i++) {
      const unit = text.charCodeAt(i)
      a = Math.imul(a ^ unit, 0x85ebca6b)
      b = Math.imul(b ^ unit, 0x27d4eb2f)
      a ^= a >>> 15
      b ^= b >>> 13
    }
    const length = end - from
    this.hi = finish(a ^ length)
    this.lo = finish(b ^ Math.imul(length, 0x9e3779b1))
    return this
  }

  /** The same for a key that is asked of many rows: it is remembered for a while. */
  again(type: string, key: string): { readonly hi: number; readonly lo: number } {
    if (type !== this.#asked.type || this.#asked.keys.size >= ASKED_MOST)
      this.#asked = { type, keys: new Map() }
    const known = this.#asked.keys.get(key)
    if (known !== undefined) return known
    const { hi, lo } = this.of(type, key)
    const hash = { hi, lo }
    this.#asked.keys.set(key, hash)
    return hash
  }

  #begin(type: string): void {
    let a = this.#seedHi
    let b = this.#seedLo
    for (let i = 0; i < type.length; i++) {
      const unit = type.charCodeAt(i)
      a = Math.imul(a ^ unit, 0x85ebca6b)
      b = Math.imul(b ^ unit, 0x27d4eb2f)
      a ^= a >>> 15
      b ^= b >>> 13
    }
    this.#type = type
    this.#typeHi = endOfType(a, 0x85ebca6b)
    this.#typeLo = endOfType(b, 0x27d4eb2f)
  }

  /** The lower 53 bits: a Map key that V8 holds as a plain number. The row decides on the full 64. */
  get short(): number {
    return shortHash(this.hi, this.lo)
  }
}

export function shortHash(hi: number, lo: number): number {
  return (hi & 0x1fffff) * 0x1_0000_0000 + (lo >>> 0)
}

/** No unit of a text: a type and a key never read like another type and key. */
function endOfType(lane: number, factor: number): number {
  return Math.imul(lane ^ 0x10000, factor)
}

function finish(lane: number): number {
  let h = lane ^ (lane >>> 16)
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return (h ^ (h >>> 16)) | 0
}
