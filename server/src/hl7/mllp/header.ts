/**
 * The MSH segment as bytes, before anything is known about the character set: every text here holds one character a byte (Latin-1),
 * so that what is echoed in an acknowledgement leaves exactly as it came.
 */
export interface Header {
  readonly fieldSeparator: string
  /** MSH-2; the characters that are missing are filled up from the usual `^~\&`. */
  readonly encodingCharacters: string
  /** Raw text of MSH-n, empty when absent. */
  readonly field: (number: number) => string
  /** Component (from 1) of the first repetition of MSH-n. */
  component(field: number, component: number): string
}

const HEADER_BYTES = 16 * 1024
const USUAL = '^~\\&'

/**
 * Reads the header of a message; a byte order mark and blanks ahead of it are skipped.
 *
 * @returns `undefined` when the bytes do not begin with an MSH segment that has a separator.
 */
export function readHeader(bytes: Buffer): Header | undefined {
  // Most begin with their header: the rest of them is not looked at.
  if (bytes[0] === 0x4d && bytes[1] === 0x53 && bytes[2] === 0x48) return headerOf(firstLine(bytes))
  const text = bytes.toString('latin1', 0, HEADER_BYTES).replace(/^(?:\xef\xbb\xbf)?[\s\0]*/, '')
  return text.startsWith('MSH') ? headerOf(text) : undefined
}

/**
 * The trigger event: MSH-9.2. Before 2.3 the header may name none: then it is EVN-1, or the message has only one event.
 *
 * @see HL7 v2.1, 2.4.1.9 and 3.2 (EVN-1)
 */
export function triggerEvent(bytes: Buffer, header: Header): string {
  const named = header.component(9, 2)
  if (named !== '' || !mayLackEvent(header)) return named
  const begin = `EVN${header.fieldSeparator}`
  const lines = bytes.toString('latin1', 0, HEADER_BYTES).split(/[\r\n]+/)
  const [, event = ''] = lines.find((line) => line.startsWith(begin))?.split(header.fieldSeparator) ?? []
  return event.trim()
}

const EARLY: ReadonlySet<string> = new Set(['2.1', '2.2'])

export function mayLackEvent(header: Header): boolean {
  return EARLY.has(header.component(12, 1).trim())
}

/** Finds an MSH segment anywhere in the beginning of bytes that are no message, so that the refusal can name its MSH-10. */
export function findHeader(bytes: Buffer): Header | undefined {
  const text = bytes.toString('latin1', 0, HEADER_BYTES)
  const at = text.search(/(?:^|[\r\n])[^\r\n]{0,64}?MSH[^\w\s]/)
  return at === -1 ? undefined : headerOf(text.slice(text.indexOf('MSH', at)))
}

/** The beginning of a text in UTF-16 or UTF-32, one byte a character, so that a refusal can name its header; `undefined` when it is none. */
export function narrowed(bytes: Buffer): Buffer | undefined {
  const head = bytes.subarray(0, HEADER_BYTES)
  const begin = head.toString('latin1', 0, 16)
  if (/^(?:\xff\xfe\0\0)?M\0{3}S\0{3}H\0/.test(begin) || /^(?:\0\0\xfe\xff)?\0{3}M\0{3}S\0{3}/.test(begin))
    return Buffer.from(head.filter((byte) => byte !== 0 && byte < 0xfe))
  const label = /^(?:\xff\xfe)?M\0S\0H\0/.test(begin)
    ? 'utf-16le'
    : /^(?:\xfe\xff)?\0M\0S\0H/.test(begin)
      ? 'utf-16be'
      : undefined
  return label === undefined ? undefined : Buffer.from(new TextDecoder(label).decode(head), 'latin1')
}

function firstLine(bytes: Buffer): string {
  const end = bytes.indexOf(CR)
  return bytes.toString('latin1', 0, end === -1 ? HEADER_BYTES : Math.min(end, HEADER_BYTES))
}

const CR = 0x0d

function headerOf(text: string): Header | undefined {
  const lineEnd = text.search(/[\r\n]/)
  const line = lineEnd === -1 ? text : text.slice(0, lineEnd)
  const fieldSeparator = line.charAt(3)
  if (!/[^\w\s]/.test(fieldSeparator)) return undefined
  const fields = line.split(fieldSeparator)
  const given = fields[1] ?? ''
  const encodingCharacters = given + USUAL.slice(given.length)
  const field = (number: number) => (number === 1 ? fieldSeparator : (fields[number - 1] ?? ''))
  const repetition = encodingCharacters.charAt(1)
  const component = encodingCharacters.charAt(0)
  return {
    fieldSeparator,
    encodingCharacters,
    field,
    component(number, part) {
      const all = field(number)
      const end = all.indexOf(repetition)
      const first = end === -1 ? all : all.slice(0, end)
      return partOf(first, component, part)
    },
  }
}

/** @param number from 1 */
function partOf(text: string, separator: string, number: number): string {
  let from = 0
  for (let at = 1; at < number; at++) {
    const next = text.indexOf(separator, from)
    if (next === -1) return ''
    from = next + separator.length
  }
  const end = text.indexOf(separator, from)
  return end === -1 ? text.slice(from) : text.slice(from, end)
}
