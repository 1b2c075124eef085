import { isAscii, isUtf8 } from 'node:buffer'

import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { encodeAs } from './encode.ts'
import type { Header } from './header.ts'
import { decodeSwitching, spellsSwitches, switches, switchesMoreThan } from './iso2022.ts'

/** HL7 table 0211 to the labels of the Encoding Standard; names that are labels already need no row. */
const LABELS: Readonly<Record<string, string>> = {
  ASCII: 'us-ascii',
  'US-ASCII': 'us-ascii',
  'ISO IR6': 'us-ascii',
  'ISO IR13': 'shift_jis',
  'ISO IR14': 'us-ascii',
  'ISO IR149': 'euc-kr',
  'ISO IR58': 'gbk',
  'ISO IR159': 'iso-2022-jp',
  'ISO IR87': 'iso-2022-jp',
  'GB 18030-2000': 'gb18030',
  'KS X 1001': 'euc-kr',
  'BIG-5': 'big5',
  UTF8: 'utf-8',
  // The header could be read byte by byte, so it is not UTF-16: of the Unicode encodings only this one is left.
  UNICODE: 'utf-8',
  'UNICODE UTF-8': 'utf-8',
}

/** Encodings in which a frame cannot be told apart from its content, or which mean something else on the web than in HL7. */
const REFUSED = /utf-?16|utf-?32|replacement|x-user-defined/

/**
 * Decodes a message by MSH-18. Nothing is ever replaced silently.
 *
 * Without MSH-18 the standard says US-ASCII; strict UTF-8 is taken then, because it is the same for ASCII and cannot be mistaken for anything else.
 * With several repetitions (`ASCII~ISO IR87`) the first holds until an escape sequence of ISO 2022 switches to another; one of HL7 (`\M2442\`)
 * always does.
 *
 * @param override the feed's own character set, for senders that lie.
 * @throws Fault `unsupported` when the character set is unknown, `malformed` when the bytes are not text in it; both at `MSH-18`.
 * @see HL7 v2.5.1, 2.15.9.18
 */
export function decodeMessage(bytes: Buffer, header: Header, override?: string): string {
  return decode(readingOf(bytes, header, override))
}

/**
 * The same check without the text, for what is decoded later.
 *
 * @throws Fault as `decodeMessage` does
 */
export function checkText(bytes: Buffer, header: Header, override?: string): void {
  const reading = readingOf(bytes, header, override)
  if (reading.label !== 'utf-8' || reading.isSwitching) decode(reading)
  else if (!isUtf8(reading.bytes)) throw undecodable(reading.declared)
}

/** How the bytes of a message are read. */
interface Reading {
  /** Without a byte order mark. */
  readonly bytes: Buffer
  readonly header: Header
  /** The first character set, as it was declared. */
  readonly declared: string
  readonly label: string
  readonly isSwitching: boolean
}

function readingOf(all: Buffer, header: Header, override: string | undefined): Reading {
  const names = override === undefined ? declaredCharsets(header) : [override]
  const [declared = ''] = names
  const label = labelOf(declared)
  const hasMark = isMarked(all)
  const bytes = hasMark ? all.subarray(3) : all
  // The mark says UTF-8, MSH-18 something else.
  if (hasMark && override === undefined && label !== 'utf-8' && !isAscii(bytes)) throw undecodable(declared)
  const isAnnounced = switches(bytes) && (names.length > 1 || label === 'iso-2022-jp')
  const isSwitching = isAnnounced || spellsSwitches(bytes, escapeOf(header))
  return { bytes, header, declared, label, isSwitching }
}

/** Begins with the byte order mark of UTF-8. */
function isMarked(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
}

function decode(reading: Reading): string {
  const { bytes, declared, label, isSwitching } = reading
  if (!isSwitching && label === 'us-ascii' && !isAscii(bytes)) throw undecodable(declared)
  try {
    const decoder = new TextDecoder(label, { fatal: true })
    return spelledInUtf8(isSwitching ? decodeWithSwitches(reading) : decoder.decode(bytes), reading)
  } catch (error) {
    if (error instanceof TypeError) throw undecodable(declared)
    throw error
  }
}

/** Read by those who decode escapes: they have the text alone, and know these bytes in UTF-8 and Latin-1 (`bytesAsText`). */
const READ_LATER: ReadonlySet<string> = new Set(['utf-8', 'us-ascii', 'iso-8859-1'])

/** Bytes of a hexadecimal sequence (`\XD6D0\`) are of the set of the message: they become those of UTF-8. What is no text in the set stays. */
function spelledInUtf8(text: string, { header, label }: Reading): string {
  const escape = escapeOf(header)
  if (escape === '' || READ_LATER.has(label) || !text.includes(`${escape}X`)) return text
  const mark = RegExp.escape(escape)
  // The other sequences are passed over with their ends, which begin none.
  const sequences = new RegExp(`${mark}(?:X((?:[\\dA-Fa-f]{2})+)|[FSRETPHN]|\\.[^${mark}]{0,8})${mark}`, 'g')
  return text.replaceAll(sequences, (sequence, hex?: string) =>
    hex === undefined ? sequence : `${escape}X${inUtf8(hex, label)}${escape}`,
  )
}

function inUtf8(hex: string, label: string): string {
  const bytes = Buffer.from(hex, 'hex')
  try {
    const text = new TextDecoder(label, { fatal: true }).decode(bytes)
    return isAscii(Buffer.from(text)) ? hex : Buffer.from(text).toString('hex').toUpperCase()
  } catch {
    return hex
  }
}

function escapeOf({ encodingCharacters }: Header): string {
  return encodingCharacters.charAt(2)
}

function decodeWithSwitches({ bytes, header, label }: Reading): string {
  if (switchesMoreThan(bytes, escapeOf(header), limits.hl7.switches)) throw switchesTooOften()
  // ASCII is the lower half of every set that a message may begin with.
  const base = label === 'iso-2022-jp' || label === 'us-ascii' ? 'utf-8' : label
  return decodeSwitching(bytes, { base, fieldSeparator: header.fieldSeparator, escape: escapeOf(header) })
}

function switchesTooOften() {
  return fault('too-large', {
    code: 'too-costly',
    text: `The message switches its character set more than ${String(limits.hl7.switches)} times; send it in one, such as UNICODE UTF-8.`,
    at: 'MSH-18',
  })
}

/**
 * The bytes of a text in the character set that its header declares.
 *
 * @throws Fault `unsupported`, `unprocessable` when the set does not have a character; both at `MSH-18`
 */
export function encodeText(text: string, header: Header | undefined, override?: string): Buffer {
  const labels = (override === undefined ? declaredCharsets(header) : [override]).map((name) => labelOf(name))
  // Of several the one that holds the others, too.
  return encodeAs(labels.find((label) => label === 'iso-2022-jp') ?? labels[0] ?? 'utf-8', text)
}

function declaredCharsets(header: Header | undefined): readonly string[] {
  const text = header?.field(18) ?? ''
  // Null is nothing that a message could be in.
  return (text === '""' ? '' : text).split(header?.encodingCharacters.charAt(1) ?? '~')
}

function labelOf(declared: string): string {
  const name = declared.trim().toUpperCase()
  if (name === '') return 'utf-8'
  const label = (LABELS[name] ?? name.replace(PART, 'iso-8859-').replace(REGISTERED, 'iso-ir-')).toLowerCase()
  if (!REFUSED.test(label) && isKnown(label)) return label
  throw fault('unsupported', {
    code: 'code-invalid',
    text: 'The character set in MSH-18 is not supported; send UNICODE UTF-8 or set one for the feed.',
    at: 'MSH-18',
  })
}

/** `8859/1` of the table, `8859-1` and `ISO 8859/1` of senders. */
const PART = /^(?:ISO[ _-]?)?8859[/-]/
/** `ISO IR100`, by the number in the registry. */
const REGISTERED = /^ISO[ _]IR ?/

function isKnown(label: string): boolean {
  if (KNOWN.has(label)) return true
  try {
    void new TextDecoder(label)
  } catch {
    return false
  }
  KNOWN.add(label)
  return true
}

/** The Encoding Standard has about two hundred labels; asking for a decoder each time costs more than the rest of the check. */
const KNOWN = new Set<string>()

function undecodable(declared: string) {
  const name = declared === '' ? 'UTF-8 (none was declared)' : 'the declared character set'
  return fault('malformed', {
    code: 'value',
    text: `The message holds bytes that are not text in ${name}; correct MSH-18 or set the feed's character set.`,
    at: 'MSH-18',
  })
}
