import { createHash } from 'node:crypto'

import { limits } from '../../kernel/limits.ts'

const HASH_CHARS = 22

/**
 * A key of at most `limits.store.keyBytes` bytes: a longer one is cut and ends in a hash of the whole, so that different keys stay
 * different. Search values go through the same function.
 */
export function boundedKey(key: string): string {
  const most = limits.store.keyBytes
  // A UTF-16 unit takes at most three bytes.
  if (key.length * 3 <= most || Buffer.byteLength(key) <= most) return key
  const hash = createHash('sha256').update(key).digest('base64url').slice(0, HASH_CHARS)
  return `${startOf(key, most - HASH_CHARS - 1)}#${hash}`
}

/** A text of a name key: long ones are only cut, so that prefix scans still find them. */
export function boundedText(text: string): string {
  const most = limits.store.keyBytes
  return text.length * 3 <= most || Buffer.byteLength(text) <= most ? text : startOf(text, most)
}

/** Whether `boundedText` may have cut this text: at most three bytes short of the bound it ends with a whole character. */
export function mayBeCut(text: string): boolean {
  const least = limits.store.keyBytes - 3
  return text.length * 3 >= least && Buffer.byteLength(text) >= least
}

/** The longest start of `text` that takes at most `bytes` bytes and does not cut a character. */
function startOf(text: string, bytes: number): string {
  const buffer = Buffer.from(text)
  let end = bytes
  while (end > 0 && ((buffer[end] ?? 0) & 0xc0) === 0x80) end--
  return buffer.toString('utf8', 0, end)
}
