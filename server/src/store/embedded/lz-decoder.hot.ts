/**
 * The inner loop of LZ4 in WebAssembly: JavaScript moves one byte at a time, this moves eight. Its instructions are written out below and put
 * together at start, so that what runs is what is read here.
 */

/** Node has it, but its types come with those of browsers only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

/** The packed bytes, and where the text goes. */
type Places = readonly [at: number, atEnd: number, out: number, outEnd: number]

export interface Decoder {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  /**
   * Distances may reach back to address 0. Up to 8 bytes behind both ends are touched.
   *
   * @returns where the text ends; -1 when the bytes are damaged
   */
  readonly decode: (...places: Places) => number
}

type Code = readonly (number | Code)[]

// Locals: the four parameters, then five more.
const [AT, AT_END, OUT, OUT_END, TOKEN, LENGTH, BYTE, END, FROM] = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const

const I32 = 0x7f
const get = (local: number): Code => [0x20, local]
const set = (local: number, ...value: Code): Code => [value, 0x21, local]
const num = (value: number): Code => [0x41, signed(value)]
const add = (a: Code, b: Code): Code => [a, b, 0x6a]
const sub = (a: Code, b: Code): Code => [a, b, 0x6b]
const and = (a: Code, b: Code): Code => [a, b, 0x71]
const shiftRight = (a: Code, b: Code): Code => [a, b, 0x76]
const equal = (a: Code, b: Code): Code => [a, b, 0x46]
const less = (a: Code, b: Code): Code => [a, b, 0x48]
const greater = (a: Code, b: Code): Code => [a, b, 0x4a]
const atLeast = (a: Code, b: Code): Code => [a, b, 0x4e]
const select = (a: Code, b: Code, condition: Code): Code => [a, b, condition, 0x1b]
const byteAt = (address: Code): Code => [address, 0x2d, 0, 0]
const twoBytesAt = (address: Code): Code => [address, 0x2f, 0, 0]
const putByte = (address: Code, value: Code): Code => [address, value, 0x3a, 0, 0]
const copyEight = (to: Code, from: Code): Code => [to, from, 0x29, 0, 0, 0x37, 0, 0]
const block = (...body: Code): Code => [0x02, 0x40, body, 0x0b]
const loop = (...body: Code): Code => [0x03, 0x40, body, 0x0b]
const when = (condition: Code, ...body: Code): Code => [condition, 0x04, 0x40, body, 0x0b]
/** Leaves so many blocks further out (a loop begins again). */
const leave = (depth: number): Code => [0x0c, depth]
const leaveWhen = (depth: number, condition: Code): Code => [condition, 0x0d, depth]
const damaged = (condition: Code): Code => when(condition, num(-1), 0x0f)
const step = (local: number, by: number): Code => set(local, add(get(local), num(by)))

/** Lengths of 15 go on in further bytes, up to one that is not 255. */
const longer = (): Code =>
  when(
    equal(get(LENGTH), num(15)),
    loop(
      set(BYTE, byteAt(get(AT))),
      step(AT, 1),
      set(LENGTH, add(get(LENGTH), get(BYTE))),
      leaveWhen(0, and(equal(get(BYTE), num(255)), less(get(AT), get(AT_END)))),
    ),
  )

/** `END`: behind what is copied, at most the end of what is wanted. */
const setEnd = (): Code => [
  set(END, add(get(OUT), get(LENGTH))),
  set(END, select(get(END), get(OUT_END), less(get(END), get(OUT_END)))),
]

const copy = (width: 1 | 8): Code =>
  block(
    loop(
      leaveWhen(1, atLeast(get(OUT), get(END))),
      width === 8 ? copyEight(get(OUT), get(FROM)) : putByte(get(OUT), byteAt(get(FROM))),
      step(OUT, width),
      step(FROM, width),
      leave(0),
    ),
  )

const literals = (): Code => [
  set(LENGTH, shiftRight(get(TOKEN), num(4))),
  longer(),
  setEnd(),
  set(FROM, get(AT)),
  set(AT, add(get(AT), get(LENGTH))),
  damaged(greater(get(AT), get(AT_END))),
  copy(8),
  set(OUT, get(END)),
]

const match = (): Code => [
  set(FROM, sub(get(OUT), twoBytesAt(get(AT)))),
  step(AT, 2),
  set(LENGTH, and(get(TOKEN), num(15))),
  longer(),
  step(LENGTH, 4),
  setEnd(),
  damaged(less(get(FROM), num(0))),
  // What reaches into itself must not be read before it is written.
  when(atLeast(sub(get(OUT), get(FROM)), num(8)), copy(8)),
  copy(1),
  set(OUT, get(END)),
]

const body = (): Code => [
  block(
    loop(
      leaveWhen(1, atLeast(get(OUT), get(OUT_END))),
      leaveWhen(1, atLeast(get(AT), get(AT_END))),
      set(TOKEN, byteAt(get(AT))),
      step(AT, 1),
      literals(),
      leaveWhen(1, atLeast(get(AT), get(AT_END))),
      match(),
      leave(0),
    ),
  ),
  select(num(-1), get(OUT), greater(get(AT), get(AT_END))),
]

export function createDecoder(): Decoder {
  const bytes = moduleOf(body())
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  return exports as Decoder
}

/** One function of four numbers, and a memory. @see WebAssembly Core Specification, section 5.5 */
function moduleOf(code: Code): Uint8Array<ArrayBuffer> {
  const locals = [1, 5, I32]
  const part = (id: number, ...content: Code): Code => [id, sized(content)]
  return Uint8Array.from(
    flat([
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      part(1, 1, 0x60, 4, I32, I32, I32, I32, 1, I32),
      part(3, 1, 0),
      part(5, 1, 0, 1),
      part(7, 2, name('memory'), 2, 0, name('decode'), 0, 0),
      part(10, 1, sized([locals, code, 0x0b])),
    ]),
  )
}

function name(text: string): Code {
  return [text.length, [...Buffer.from(text)]]
}

function sized(content: Code): Code {
  const bytes = flat(content)
  return [unsigned(bytes.length), bytes]
}

function flat(code: Code): number[] {
  return code.flatMap((each) => (typeof each === 'number' ? each : flat(each)))
}

/** LEB128. */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, unsigned(value >>> 7)]
}

function signed(value: number): Code {
  const isLast = value >= -0x40 && value < 0x40
  return isLast ? [value & 0x7f] : [(value & 0x7f) | 0x80, signed(value >> 7)]
}
