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
  const a = 0x70 | ((POOL[used++] ?? 0) >> 4)
  const b = 0x80 | ((POOL[used++] ?? 0) >> 2)
  return `${timeText(nowMs)}-${hex(a)}${byte()}-${hex(b)}${byte()}-${byte()}${byte()}${byte()}${byte()}${byte()}${byte()}`
}

/** The milliseconds since 1970 that such a UUID was made at; `undefined` for what is none. */
export function timeOf(uuid: string): number | undefined {
  const [, head, tail] =
    /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.exec(uuid) ?? []
  return head === undefined || tail === undefined ? undefined : Number.parseInt(head + tail, 16)
}

let lastMs = -1
let lastText = ''

/** Many ids are made in the same millisecond. */
function timeText(nowMs: number): string {
  const ms = Math.trunc(nowMs)
  if (ms !== lastMs) {
    const time = ms.toString(16).padStart(12, '0')
    lastMs = ms
    lastText = `${time.slice(0, 8)}-${time.slice(8)}`
  }
  return lastText
}

const HEX = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, '0'))

function hex(value: number): string {
  return HEX[value] ?? ''
}

function byte(): string {
  return hex(POOL[used++] ?? 0)
}
