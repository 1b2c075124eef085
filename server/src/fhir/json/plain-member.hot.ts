const BLANK = 32
const QUOTE = 34
const COLON = 58
const BACKSLASH = 92
const OPEN = 123
const CLOSE = 125
/** Makes a curly bracket of a square one. */
const LOWER = 32

/**
 * The text of one member of a JSON object without its layout: the bytes are walked once, and nothing but the member becomes a text.
 *
 * @param bytes of an object that `JSON.parse` has accepted
 * @param name as it stands there, with its quotes
 * @returns `undefined` when there is no such member, when its name is written with escapes, or when its value is no object or list
 */
export function plainMember(bytes: Uint8Array, name: Uint8Array): string | undefined {
  let depth = 0
  for (let at = 0; at < bytes.length; at += 1) {
    const code = bytes[at] ?? 0
    if (code === QUOTE) {
      const end = endOfString(bytes, at)
      const value = depth === 1 && isSame(bytes, at, name) ? valueBehind(bytes, end) : undefined
      if (value !== undefined) return plainValue(bytes, value)
      at = end - 1
    } else if ((code | LOWER) === OPEN) depth += 1
    else if ((code | LOWER) === CLOSE) depth -= 1
  }
  return undefined
}

/** Where the value of a name begins; `undefined` behind a string that is none. */
function valueBehind(bytes: Uint8Array, end: number): number | undefined {
  const at = skipBlank(bytes, end)
  return bytes[at] === COLON ? skipBlank(bytes, at + 1) : undefined
}

function isSame(bytes: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i += 1) if (bytes[at + i] !== name[i]) return false
  return true
}

function skipBlank(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length && (bytes[at] ?? 0) <= BLANK) at += 1
  return at
}

/** @returns the position behind the closing quote */
function endOfString(bytes: Uint8Array, from: number): number {
  let at = from + 1
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
  return at + 1
}

function plainValue(bytes: Uint8Array, from: number): string | undefined {
  if (((bytes[from] ?? 0) | LOWER) !== OPEN) return undefined
  const plain = Buffer.allocUnsafe(bytes.length - from)
  let length = 0
  let depth = 0
  for (let at = from; at < bytes.length; at += 1) {
    const code = bytes[at] ?? 0
    if (code <= BLANK) continue
    plain[length++] = code
    if (code === QUOTE) {
      const end = endOfString(bytes, at)
      for (at += 1; at < end; at += 1) plain[length++] = bytes[at] ?? 0
      at = end - 1
    } else if ((code | LOWER) === OPEN) depth += 1
    else if ((code | LOWER) === CLOSE && --depth === 0) break
  }
  return plain.toString('utf8', 0, length)
}
