import { endOfString, endOfValue, skipBlank, stringAt } from './walk.hot.ts'

export interface Place {
  /** Both count from 1, the column in UTF-16 units. */
  readonly line: number
  readonly column: number
}

const SEGMENT = /\.([A-Za-z]\w{0,100})(?:\[(\d{1,7})\])?/g

/**
 * Finds the place of an element in JSON text that `JSON.parse` has accepted.
 *
 * @param path FHIRPath from the resource type down (`Patient.contact[0].name`): a choice is found by any of its variants, a primitive by
 *   its extensions, and for what is not there the place is that of the innermost element above it
 */
export function locate(text: string, path: string): Place {
  let at = skipBlank(text, 0)
  for (const [, name = '', index] of path.matchAll(SEGMENT)) {
    const value = memberAt(text, at, name)
    if (value === undefined) break
    const item = index === undefined ? value : itemAt(text, value, Number(index))
    at = item ?? value
    if (item === undefined) break
  }
  return placeAt(text, at)
}

export function placeAt(text: string, at: number): Place {
  let line = 1
  let start = 0
  for (let end = text.indexOf('\n'); end !== -1 && end < at; end = text.indexOf('\n', end + 1)) {
    line++
    start = end + 1
  }
  return { line, column: at - start + 1 }
}

/** Where the value of a member starts: of the name itself, of a variant of the choice, or of `_name`. */
function memberAt(text: string, object: number, name: string): number | undefined {
  if (text[object] !== '{') return undefined
  let variant: number | undefined
  let at = skipBlank(text, object + 1)
  while (text[at] === '"') {
    const end = endOfString(text, at)
    const value = skipBlank(text, skipBlank(text, end) + 1)
    const key = stringAt(text, at, end)
    if (key === name) return value
    if (key === `_${name}` || isVariant(key, name)) variant ??= value
    at = nextAfter(text, value)
  }
  return variant
}

function itemAt(text: string, array: number, index: number): number | undefined {
  if (text[array] !== '[') return undefined
  let at = skipBlank(text, array + 1)
  for (let i = 0; at < text.length && text[at] !== ']'; i++) {
    if (i === index) return at
    at = nextAfter(text, at)
  }
  return undefined
}

function nextAfter(text: string, value: number): number {
  const at = skipBlank(text, endOfValue(text, value))
  return text[at] === ',' ? skipBlank(text, at + 1) : at
}

function isVariant(key: string, name: string): boolean {
  const plain = key.startsWith('_') ? key.slice(1) : key
  return plain.startsWith(name) && /^[A-Z]/.test(plain.slice(name.length))
}
