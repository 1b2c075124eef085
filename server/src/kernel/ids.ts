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
  const time = Math.trunc(nowMs).toString(16).padStart(12, '0')
  const a = POOL.readUInt16BE(used) & 0x0fff
  const b = (POOL.readUInt16BE(used + 2) & 0x3fff) | 0x8000
  const c = POOL.toString('hex', used + 4, used + 10)
  used += 10
  return `${time.slice(0, 8)}-${time.slice(8)}-7${a.toString(16).padStart(3, '0')}-${b.toString(16)}-${c}`
}
