import { fault } from '../../kernel/fault.ts'

/**
 * Encodes a text for the wire. The platform decodes every character set of HL7 table 0211, but encodes UTF-8 only: the tables of the
 * others are turned round at first use.
 *
 * @param label of the Encoding Standard, as `labelOf` gives it.
 * @throws Fault `unprocessable` at `MSH-18` for a character that the set does not have: nothing is ever replaced silently.
 */
export function encodeAs(label: string, text: string): Buffer {
  if (label === 'utf-8') return Buffer.from(text, 'utf8')
  if (isPlain(text)) return Buffer.from(text, 'latin1')
  if (label === 'iso-2022-jp') return encodeSwitching(text)
  const bytes = bytesIn(label)
  const parts: number[] = []
  for (const character of text) {
    const known =
      character <= '\x7f' ? [character.charCodeAt(0)] : (bytes.get(character) ?? beyond(character, label))
    if (known === undefined) throw missing(label)
    parts.push(...known)
  }
  return Buffer.from(parts)
}

/** ASCII without ESC, which some sets switch by. */
function isPlain(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 0x7f || code === ESC) return false
  }
  return true
}

function missing(label: string) {
  return fault('unprocessable', {
    code: 'value',
    text: `The text has a character that ${label} does not have; take UNICODE UTF-8.`,
    at: 'MSH-18',
  })
}

const tables = new Map<string, ReadonlyMap<string, readonly number[]>>()

function bytesIn(label: string): ReadonlyMap<string, readonly number[]> {
  const known = tables.get(label)
  if (known !== undefined) return known
  // The platform takes ASCII for windows-1252.
  const made = label === 'us-ascii' ? new Map<string, readonly number[]>() : turnedRound(label)
  if (label === GB18030) addFourBytes(made)
  tables.set(label, made)
  return made
}

/** Holds every character of Unicode: those that have no two bytes have four, which count. */
const GB18030 = 'gb18030'
const FOUR_BYTES = 39_420
const FIRST_BEYOND = 189_000

function fourBytes(number: number): number[] {
  const tens = Math.floor(number / 10)
  const [first, second] = [Math.floor(tens / 1260), Math.floor(tens / 126) % 10]
  return [0x81 + first, 0x30 + second, 0x81 + (tens % 126), 0x30 + (number % 10)]
}

function addFourBytes(table: Map<string, readonly number[]>): void {
  const all = Array.from({ length: FOUR_BYTES }, (_, number) => fourBytes(number))
  const text = new TextDecoder(GB18030).decode(Uint8Array.from(all.flat()))
  for (const [at, character] of Array.from(text).entries())
    if (!table.has(character)) table.set(character, all[at] ?? [])
}

/** Bytes of what is outside of the basic plane, which no table holds. */
function beyond(character: string, label: string): readonly number[] | undefined {
  const over = (character.codePointAt(0) ?? 0) - 0x1_00_00
  return label === GB18030 && over >= 0 ? fourBytes(FIRST_BEYOND + over) : undefined
}

/** The platform takes some sets of ISO 8859 for those of Windows, and reads 0x80 as the euro sign in Chinese ones: the standards have neither. */
function firstByte(label: string): number {
  if (label.startsWith('iso-8859-')) return 0xa0
  return label.startsWith('gb') ? 0x81 : 0x80
}

function turnedRound(label: string): Map<string, readonly number[]> {
  const decoder = new TextDecoder(label, { fatal: true })
  const table = new Map<string, readonly number[]>()
  const note = (bytes: readonly number[]): boolean => {
    try {
      const text = decoder.decode(Uint8Array.from(bytes))
      // The first of two codes for one character is the usual one.
      if (text.length === String.fromCodePoint(text.codePointAt(0) ?? 0).length && !table.has(text))
        table.set(text, bytes)
      return true
    } catch {
      return false
    }
  }
  for (let first = firstByte(label); first <= 0xff; first++) {
    if (note([first])) continue
    for (let second = 0x30; second <= 0xff; second++) note([first, second])
  }
  return table
}

const ESC = 0x1b
const TO_ASCII = [ESC, 0x28, 0x42]
const TO_KANJI = [ESC, 0x24, 0x42]

/** ASCII and JIS X 0208, switched by escape sequences; the line ends in ASCII, as the standard wants it. */
function encodeSwitching(text: string): Buffer {
  const kanji = bytesIn('euc-jp')
  const parts: number[] = []
  let isKanji = false
  for (const character of text) {
    const wanted = character > '\x7f'
    if (wanted !== isKanji) parts.push(...(wanted ? TO_KANJI : TO_ASCII))
    isKanji = wanted
    if (!wanted) {
      parts.push(character.charCodeAt(0))
      continue
    }
    const [lead, trail] = kanji.get(character) ?? []
    if (lead === undefined || trail === undefined || lead < 0xa1) throw missing('ISO IR87')
    parts.push(lead & 0x7f, trail & 0x7f)
  }
  if (isKanji) parts.push(...TO_ASCII)
  return Buffer.from(parts)
}
