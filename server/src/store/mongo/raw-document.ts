import { bsonToJson, type Place } from './bson-to-json.hot.ts'

/** A raw BSON document: its top-level fields are located once and read on demand. */
export class RawDocument {
  readonly #raw: Buffer
  readonly #places = new Map<string, Place>()

  constructor(raw: Buffer) {
    this.#raw = raw
    for (const [name, place] of elements(raw, 0)) this.#places.set(name, place)
  }

  has(name: string): boolean {
    return this.#places.has(name)
  }

  number(name: string): number {
    const place = this.#places.get(name)
    return place === undefined ? 0 : numberAt(this.#raw, place)
  }

  text(name: string): string {
    const place = this.#places.get(name)
    return place === undefined ? '' : textAt(this.#raw, place.at)
  }

  boolean(name: string): boolean {
    const place = this.#places.get(name)
    return place !== undefined && this.#raw[place.at] === 1
  }

  texts(name: string): string[] {
    const place = this.#places.get(name)
    if (place === undefined) return []
    return [...elements(this.#raw, place.at)].map(([, element]) => textAt(this.#raw, element.at))
  }

  /** Whether an array of strings holds exactly these UTF-8 bytes. */
  holds(name: string, wanted: Buffer): boolean {
    const place = this.#places.get(name)
    if (place === undefined) return false
    for (const [, { at }] of elements(this.#raw, place.at)) {
      const length = this.#raw.readInt32LE(at) - 1
      if (length === wanted.length && this.#raw.compare(wanted, 0, length, at + 4, at + 4 + length) === 0)
        return true
    }
    return false
  }

  /** A field as parsed JSON; for the small ones beside the resource. */
  parsed(name: string): unknown {
    const place = this.#places.get(name)
    if (place === undefined) return undefined
    return plain(this.#raw, place)
  }

  json(name: string, literals: readonly string[]): Uint8Array {
    const place = this.#places.get(name)
    return place === undefined ? new Uint8Array() : bsonToJson(this.#raw, place, literals)
  }
}

/** Bytes that a value takes, by BSON type; -1: a length stands before it. */
const SIZES: Readonly<Record<number, number>> = { 1: 8, 8: 1, 9: 8, 10: 0, 16: 4, 18: 8, 19: 16 }

function* elements(raw: Buffer, start: number): Generator<readonly [string, Place]> {
  let at = start + 4
  for (let type = raw[at] ?? 0; type !== 0; type = raw[at] ?? 0) {
    const nameEnd = raw.indexOf(0, at + 1)
    const value = nameEnd + 1
    yield [raw.toString('utf8', at + 1, nameEnd), { type, at: value }]
    at = value + sizeOf(raw, type, value)
  }
}

function sizeOf(raw: Buffer, type: number, at: number): number {
  const fixed = SIZES[type]
  if (fixed !== undefined) return fixed
  const length = raw.readInt32LE(at)
  if (type === 2) return length + 4
  if (type === 3 || type === 4) return length
  throw new TypeError(`A stored document holds a BSON value of type ${type}, which the hub does not write.`)
}

function numberAt(raw: Buffer, { type, at }: Place): number {
  if (type === 16) return raw.readInt32LE(at)
  return type === 18 ? Number(raw.readBigInt64LE(at)) : raw.readDoubleLE(at)
}

function textAt(raw: Buffer, at: number): string {
  return raw.toString('utf8', at + 4, at + 4 + raw.readInt32LE(at) - 1)
}

function plain(raw: Buffer, place: Place): unknown {
  switch (place.type) {
    case 2:
      return textAt(raw, place.at)
    case 3:
      return Object.fromEntries(
        [...elements(raw, place.at)].map(([name, inner]) => [name, plain(raw, inner)]),
      )
    case 4:
      return [...elements(raw, place.at)].map(([, inner]) => plain(raw, inner))
    case 8:
      return raw[place.at] === 1
    default:
      return numberAt(raw, place)
  }
}
