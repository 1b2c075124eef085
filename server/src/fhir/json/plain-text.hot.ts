const TAB = 9
const LINE_FEED = 10
const RETURN = 13
const BLANK = 32
const QUOTE = 34
const COMMA = 44
const COLON = 58
const BACKSLASH = 92
const OPEN = 123
const CLOSE = 125
/** Makes a curly bracket of a square one. */
const LOWER = 32

/** Bytes of a JSON text, perhaps not proven to be one. */
export interface Place {
  readonly bytes: Buffer
  readonly from: number
  readonly to: number
}

/**
 * Where the value of a member stands in a JSON object: the bytes are walked once, nothing becomes a text.
 *
 * @param name as it stands there, with its quotes
 * @returns `undefined` when there is no such member, when its name is written with escapes, or when its value is no object
 */
export function placeOfMember(bytes: Buffer, name: Uint8Array): Place | undefined {
  let depth = 0
  for (let at = 0; at < bytes.length; at += 1) {
    const code = bytes[at] ?? 0
    if (code === QUOTE) {
      const end = endOfString(bytes, at)
      const value = depth === 1 && isSame(bytes, at, name) ? valueBehind(bytes, end) : undefined
      if (value !== undefined && bytes[value] === OPEN)
        return { bytes, from: value, to: endOfObject(bytes, value) }
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

function isBlank(code: number): boolean {
  return code === BLANK || code === LINE_FEED || code === TAB || code === RETURN
}

function skipBlank(bytes: Uint8Array, from: number): number {
  let at = from
  while (isBlank(bytes[at] ?? 0)) at += 1
  return at
}

/** @returns the position behind the closing quote */
function endOfString(bytes: Uint8Array, from: number): number {
  let at = from + 1
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
  return Math.min(at + 1, bytes.length)
}

function endOfObject(bytes: Uint8Array, from: number): number {
  let depth = 0
  for (let at = from; at < bytes.length; at += 1) {
    const code = bytes[at] ?? 0
    if (code === QUOTE) at = endOfString(bytes, at) - 1
    else if ((code | LOWER) === OPEN) depth += 1
    else if ((code | LOWER) === CLOSE && --depth === 0) return at + 1
  }
  return bytes.length
}

/** Which strings `plainText` asks about, and what stands in their place. */
export interface StringRewrite {
  /** Values of members with these names, with their quotes, are asked about, those of names with an escape, … */
  readonly names: readonly Uint8Array[]
  /** … and all that begin with one of these bytes (1 at its place). */
  readonly first: Uint8Array
  /** Gets the name of the member that holds a value (also in a list) and the value; `undefined` keeps it. */
  readonly replace: (name: string, value: string) => string | undefined
}

const KEEP: StringRewrite = { names: [], first: new Uint8Array(256), replace: () => undefined }

/** The text of a JSON value without its layout, and with some strings replaced; everything else stays exactly as it is, mistakes too. */
export function plainText(place: Place, rewrite = KEEP): string {
  const { bytes, from, to } = place
  filled = 0
  ;[nameAt, nameEnd, isNameAsked] = [from, from, false]
  makeRoom(to - from)
  for (let at = from; at < to;) {
    const code = bytes[at] ?? 0
    if (code === QUOTE) at = takeString(place, at, rewrite)
    else if (isBlank(code)) at = passLayout(place, at)
    else {
      scratch[filled++] = code
      at += 1
    }
  }
  const text = scratch.toString('utf8', 0, filled)
  if (scratch.length > KEPT_BYTES) scratch = Buffer.allocUnsafeSlow(KEPT_BYTES)
  return text
}

/** The space for longer texts than this does not stay. */
const KEPT_BYTES = 64 * 1024
/** What one text is put together in, and how much of it there is. */
let scratch = Buffer.allocUnsafeSlow(KEPT_BYTES)
let filled = 0
/** Where the last name stands in the source, and whether its values are asked about. */
let [nameAt, nameEnd] = [0, 0]
let isNameAsked = false

/** @returns where the string ends */
function takeString(place: Place, from: number, rewrite: StringRewrite): number {
  const { bytes, to } = place
  const start = filled
  const end = copyString(place, from)
  if (bytes[skipBlank(bytes, end)] === COLON) {
    ;[nameAt, nameEnd] = [from, end]
    isNameAsked = hasEscape || isOneOf(place, from, rewrite.names)
  } else if (isNameAsked || rewrite.first[bytes[from + 1] ?? 0] === 1) {
    const changed = replaced({ bytes, from, to: end }, rewrite)
    if (changed === undefined) return end
    filled = start
    put(changed, to - end)
  }
  return end
}

/** Of the last string that was copied. */
let hasEscape = false

/** @returns where the string ends */
function copyString({ bytes, to }: Place, from: number): number {
  const target = scratch
  let out = filled
  target[out++] = QUOTE
  hasEscape = false
  let at = from + 1
  while (at < to) {
    const code = bytes[at++] ?? 0
    target[out++] = code
    if (code === QUOTE) break
    if (code === BACKSLASH && at < to) {
      hasEscape = true
      target[out++] = bytes[at++] ?? 0
    }
  }
  filled = out
  return at
}

/** @returns where it ends */
function passLayout({ bytes, to }: Place, from: number): number {
  const end = Math.min(skipBlank(bytes, from), to)
  // Without its blank, what is no JSON could become some: `1 2`.
  if (isOfScalar(scratch[filled - 1] ?? COMMA) && isOfScalar(bytes[end] ?? COMMA)) scratch[filled++] = BLANK
  return end
}

function makeRoom(more: number): void {
  if (scratch.length >= filled + more) return
  const larger = Buffer.allocUnsafeSlow((filled + more) * 2)
  scratch.copy(larger, 0, 0, filled)
  scratch = larger
}

/** @param left bytes that are going to stand behind the text */
function put(text: string, left: number): void {
  const json = Buffer.from(JSON.stringify(text), 'utf8')
  makeRoom(json.length + left)
  scratch.set(json, filled)
  filled += json.length
}

/** Digits, signs and letters stand next to each other in numbers and words only. */
function isOfScalar(code: number): boolean {
  return (
    code !== COMMA && code !== COLON && code !== QUOTE && (code | LOWER) !== OPEN && (code | LOWER) !== CLOSE
  )
}

function replaced(value: Place, { replace }: StringRewrite): string | undefined {
  const name = stringAt({ bytes: value.bytes, from: nameAt, to: nameEnd })
  const text = stringAt(value)
  return name === undefined || text === undefined ? undefined : replace(name, text)
}

function isOneOf({ bytes }: Place, from: number, names: readonly Uint8Array[]): boolean {
  for (const name of names) if (isSame(bytes, from, name)) return true
  return false
}

/** `undefined` for what is no JSON string: parsing the text tells what is wrong. */
function stringAt({ bytes, from, to }: Place): string | undefined {
  const text = bytes.toString('utf8', from, to)
  if (!text.includes('\\')) return text.slice(1, -1)
  try {
    return String(JSON.parse(text))
  } catch {
    return undefined
  }
}
