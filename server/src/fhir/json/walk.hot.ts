/**
 * Steps over JSON text that `JSON.parse` has accepted, without building anything. Everything that must keep the sender's exact
 * digits and order works on these positions.
 */

const QUOTE = 34
const BACKSLASH = 92

/** @param at position of the opening quote. @returns the position behind the closing one. */
export function endOfString(text: string, at: number): number {
  let end = text.indexOf('"', at + 1)
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end + 1
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1
  return backslashes % 2 === 1
}

export function skipBlank(text: string, at: number): number {
  let next = at
  while (isBlank(text.charCodeAt(next))) next += 1
  return next
}

function isBlank(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9
}

/** @param at position of the first character of a value. @returns the position behind the value. */
export function endOfValue(text: string, at: number): number {
  const first = text.charCodeAt(at)
  if (first === QUOTE) return endOfString(text, at)
  return first === 123 || first === 91 ? endOfContainer(text, at) : endOfScalar(text, at)
}

function endOfContainer(text: string, at: number): number {
  let depth = 0
  let next = at
  for (;;) {
    const code = text.charCodeAt(next)
    if (code === QUOTE) {
      next = endOfString(text, next)
      continue
    }
    if (code === 123 || code === 91) depth += 1
    if (code === 125 || code === 93) depth -= 1
    next += 1
    if (depth === 0) return next
  }
}

function endOfScalar(text: string, at: number): number {
  let next = at
  while (next < text.length) {
    const code = text.charCodeAt(next)
    if (code === 44 || code === 93 || code === 125 || isBlank(code)) return next
    next += 1
  }
  return next
}

/** The text of a string token (quotes included) as a value. */
export function stringAt(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1)
  return inner.includes('\\') ? String(JSON.parse(text.slice(start, end))) : inner
}
