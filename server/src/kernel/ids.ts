import { randomFillSync } from 'node:crypto'

const POOL = Buffer.allocUnsafe(4096)
let used = POOL.length

/**
 * A UUID of version 7: 48 bits of time, then random bits, so that ids that were made later sort later.
 *
 * @param nowMs milliseconds since 1970.
 * @see RFC 9562, section 5.7
 */
export function uuid7(nowMs: number): string {
  if (used + 10 > POOL.length) {
    randomFillSync(POOL)
    used = 0
  }
  putTime(nowMs)
  putByte(14, 0x70 | (random() >> 4))
  putByte(16, random())
  putByte(19, 0x80 | (random() >> 2))
  putByte(21, random())
  for (let at = 24; at < TEXT.length; at += 2) putByte(at, random())
  // A text in one piece: what is joined of pieces takes ten times the memory until somebody looks into it.
  return TEXT.toString('latin1')
}

/** The milliseconds since 1970 that such a UUID was made at; `undefined` for what is none. */
export function timeOf(uuid: string): number | undefined {
  const [, head, tail] =
    /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.exec(uuid) ?? []
  return head === undefined || tail === undefined ? undefined : Number.parseInt(head + tail, 16)
}

const TEXT = Buffer.from('00000000-0000-7000-8000-000000000000', 'latin1')
let lastMs = -1

/** Many ids are made in the same millisecond. */
function putTime(nowMs: number): void {
  const ms = Math.trunc(nowMs)
  if (ms === lastMs) return
  const time = ms.toString(16).padStart(12, '0')
  TEXT.write(`${time.slice(0, 8)}-${time.slice(8)}`, 'latin1')
  lastMs = ms
}

function random(): number {
  return POOL[used++] ?? 0
}

const DIGITS = Buffer.from('0123456789abcdef', 'latin1')

function putByte(at: number, value: number): void {
  TEXT[at] = DIGITS[value >> 4] ?? 0
  TEXT[at + 1] = DIGITS[value & 15] ?? 0
}
