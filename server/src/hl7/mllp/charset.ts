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
  const names = override === undefined ? declaredCharsets(header) : [override]
  const [declared = ''] = names
  const label = labelOf(declared)
  const isSwitching = switches(bytes) && (names.length > 1 || label === 'iso-2022-jp')
  if (isSwitching || spellsSwitches(bytes, escapeOf(header)))
    return decodeWithSwitches(bytes, header, declared)
  if (label === 'us-ascii' && !isAscii(bytes)) throw undecodable(declared)
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) throw undecodable(declared)
    throw error
  }
}

/**
 * The same check without the text, for what is decoded later.
 *
 * @throws Fault as `decodeMessage` does
 */
export function checkText(bytes: Buffer, header: Header, override?: string): void {
  const isSwitching = switches(bytes) || spellsSwitches(bytes, escapeOf(header))
  const isPlain = override === undefined && header.field(18) === '' && !isSwitching
  if (!isPlain) decodeMessage(bytes, header, override)
  else if (!isUtf8(bytes)) throw undecodable('')
}

function escapeOf({ encodingCharacters }: Header): string {
  return encodingCharacters.charAt(2)
}

function decodeWithSwitches(bytes: Buffer, header: Header, declared: string): string {
  const label = labelOf(declared)
  if (switchesMoreThan(bytes, escapeOf(header), limits.hl7.switches)) throw switchesTooOften()
  // ASCII is the lower half of every set that a message may begin with.
  const base = label === 'iso-2022-jp' || label === 'us-ascii' ? 'utf-8' : label
  try {
    return decodeSwitching(bytes, { base, fieldSeparator: header.fieldSeparator, escape: escapeOf(header) })
  } catch (error) {
    if (error instanceof TypeError) throw undecodable(declared)
    throw error
  }
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
  const label = (LABELS[name] ?? name.replace(/^8859\//, 'iso-8859-')).toLowerCase()
  if (!REFUSED.test(label) && isKnown(label)) return label
  throw fault('unsupported', {
    code: 'code-invalid',
    text: 'The character set in MSH-18 is not supported; send UNICODE UTF-8 or set one for the feed.',
    at: 'MSH-18',
  })
}

function isKnown(label: string): boolean {
  try {
    return new TextDecoder(label).encoding !== ''
  } catch {
    return false
  }
}

function undecodable(declared: string) {
  const name = declared === '' ? 'UTF-8 (none was declared)' : 'the declared character set'
  return fault('malformed', {
    code: 'value',
    text: `The message holds bytes that are not text in ${name}; correct MSH-18 or set the feed's character set.`,
    at: 'MSH-18',
  })
}
