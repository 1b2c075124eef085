import { expect, it } from 'vitest'

import { Framer, type FrameEvent } from './framer.ts'

const VT = '\x0b'
const END = '\x1c\r'

/** The whole stream at once, by cutting texts: slow, and simple enough to be right. */
function reference(stream: string): string[] {
  const pieces = stream.split(END)
  // What stands behind the last end is no frame; what stands before the last VT of a piece was given up or never begun.
  return pieces
    .slice(0, -1)
    .flatMap((piece) => (piece.includes(VT) ? [piece.slice(piece.lastIndexOf(VT) + 1)] : []))
}

function payloads(events: readonly FrameEvent[]): string[] {
  return events.flatMap((event) => (event.kind === 'frame' ? [event.bytes.toString('latin1')] : []))
}

/** A small generator with a seed (mulberry32), so that a failing case can be run again. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

it('finds the same frames as the simple reference, however the stream is cut into reads', () => {
  const alphabet = ['\x0b', '\x1c', '\r', '\x1c\r', 'MSH|^~\\&|', 'x', '\n', '\xff']
  for (let seed = 1; seed <= 2000; seed++) {
    const below = randomNumbers(seed)
    const stream = Array.from({ length: below(40) }, () => alphabet[below(alphabet.length)]).join('')
    const bytes = Buffer.from(stream, 'latin1')
    const framer = new Framer(1000)
    const found: string[] = []
    for (let at = 0; at < bytes.length;) {
      const next = Math.min(bytes.length, at + 1 + below(9))
      found.push(...payloads(framer.push(bytes.subarray(at, next))))
      at = next
    }
    expect(found, `seed ${seed}`).toEqual(reference(stream))
  }
})

it('keeps what it gave away when the read buffer is used again', () => {
  const framer = new Framer(100)
  const read = Buffer.from(`${VT}one${END}`)
  const [event] = framer.push(read)
  read.fill(0)
  expect(event).toEqual({ kind: 'frame', bytes: Buffer.from('one') })
})

it('counts what lies between frames, and frames that were begun anew', () => {
  const framer = new Framer(100)
  const events = framer.push(Buffer.from(`noise${VT}given up${VT}whole${END}\n\n${VT}`))
  expect(payloads(events)).toEqual(['whole'])
  expect(framer.skippedBytes).toBe(7)
  expect(framer.restarts).toBe(1)
  expect(framer.partialBytes).toBe(0)
})

it('passes a frame of exactly the bound and cuts one that is a byte longer, in one read or in many', () => {
  const fits = Buffer.from(`${VT}${'x'.repeat(1000)}${END}`)
  const over = Buffer.from(`${VT}MSH${'x'.repeat(998)}${END}${VT}next${END}`)
  expect(payloads(new Framer(1000).push(fits))).toHaveLength(1)
  expect(new Framer(1000).push(over).map((event) => event.kind)).toEqual(['too-large'])

  const framer = new Framer(1000)
  const kinds = [...over].flatMap((byte) => framer.push(Buffer.of(byte)).map((event) => event.kind))
  expect(kinds).toEqual(['too-large'])
})

it('cuts a frame that never ends at its bound and holds no more than that', () => {
  const framer = new Framer(1024 * 1024)
  framer.push(Buffer.from(`${VT}MSH|^~\\&|`))
  const read = Buffer.alloc(64 * 1024, 'x')
  let reads = 0
  let events: readonly FrameEvent[] = []
  while (events.length === 0 && reads < 100) {
    events = framer.push(read)
    reads++
  }
  expect(reads).toBe(16)
  expect(events[0]).toMatchObject({ kind: 'too-large' })
  expect(framer.push(read)).toEqual([])
})
