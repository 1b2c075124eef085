import { TextDecoder } from 'node:util'

/**
 * Texts that switch between character sets: by the escape sequences of ISO 2022, as MSH-18 announces with several repetitions, or by those of
 * HL7 that spell them (`\C2D47\` for `ESC - G`).
 *
 * @see HL7 v2.5.1, 2.7.2, 2.15.9.18 and table 0211; ISO/IEC 2022; the registry of escape sequences (ISO-IR)
 */

/** One set that a sequence switches to: how bytes of the piece behind it become bytes of an encoding that the platform knows. */
interface CodeSet {
  readonly label: string
  /** Adds the eighth bit, because the sequence puts a set of two bytes into the lower half. */
  readonly isLow?: boolean
  /** Byte in front of each pair. */
  readonly lead?: number
}

const SETS: Readonly<Record<string, CodeSet>> = {
  '(B': { label: 'us-ascii' },
  '(J': { label: 'us-ascii' },
  '(I': { label: 'shift_jis', isLow: true },
  ')I': { label: 'shift_jis' },
  $B: { label: 'euc-jp', isLow: true },
  '$@': { label: 'euc-jp', isLow: true },
  '$(B': { label: 'euc-jp', isLow: true },
  '$(D': { label: 'euc-jp', isLow: true, lead: 0x8f },
  '$(C': { label: 'euc-kr', isLow: true },
  '$)C': { label: 'euc-kr' },
  $A: { label: 'gbk', isLow: true },
  '$(A': { label: 'gbk', isLow: true },
  '$)A': { label: 'gbk' },
  '-A': { label: 'iso-8859-1' },
  '-B': { label: 'iso-8859-2' },
  '-C': { label: 'iso-8859-3' },
  '-D': { label: 'iso-8859-4' },
  '-L': { label: 'iso-8859-5' },
  '-G': { label: 'iso-8859-6' },
  '-F': { label: 'iso-8859-7' },
  '-H': { label: 'iso-8859-8' },
  '-M': { label: 'iso-8859-9' },
  '-b': { label: 'iso-8859-15' },
  '-T': { label: 'windows-874' },
}

const ESC = '\x1b'

/** Whether the bytes hold a sequence of ISO 2022: without one the first declared set holds for everything. */
export function switches(bytes: Buffer): boolean {
  return bytes.includes(0x1b)
}

/** The same of the sequences of HL7, which need no announcement: they say what they mean. */
export function spellsSwitches(bytes: Buffer, escape: string): boolean {
  if (escape === '') return false
  const code = escape.charCodeAt(0)
  for (let at = bytes.indexOf(code); at !== -1; at = bytes.indexOf(code, at + 1))
    if ((bytes[at + 1] === LETTER_C || bytes[at + 1] === LETTER_M) && bytes[at + 2] === DIGIT_2) return true
  return false
}

const LETTER_C = 0x43
const LETTER_M = 0x4d
const DIGIT_2 = 0x32

/** How sequences of HL7 begin. */
function spelledBeginnings(escape: string): readonly string[] {
  return escape === '' ? [] : [`${escape}C2`, `${escape}M2`]
}

/** @returns whether there are more places than `most` where a sequence may begin: each is a piece of its own to decode */
export function switchesMoreThan(bytes: Buffer, escape: string, most: number): boolean {
  let count = 0
  for (const beginning of [ESC, ...spelledBeginnings(escape)]) {
    for (let at = bytes.indexOf(beginning, 0, 'latin1'); at !== -1; count++) {
      if (count >= most) return true
      at = bytes.indexOf(beginning, at + 1, 'latin1')
    }
  }
  return false
}

/** What holds before a sequence switches. */
export interface Beginning {
  /** Label of the first set. */
  readonly base: string
  readonly fieldSeparator: string
  /** Escape character of HL7; empty when there is none. */
  readonly escape: string
}

/**
 * Decodes piece by piece. A segment begins in the first set of MSH-18 again, behind a sequence of HL7 the next field does. One of those whose set
 * is unknown, or whose text is none in it, stays as it was sent.
 *
 * @throws TypeError for bytes that are not in the set which is switched to, or an unknown sequence of ISO 2022.
 */
export function decodeSwitching(bytes: Buffer, beginning: Beginning): string {
  const segments = bytes.toString('latin1').split('\r')
  return segments.map((segment) => decodeSegment(segment, beginning)).join('\r')
}

/** A sequence as it was sent, what it means in ISO 2022, and what stands behind it. */
interface Piece {
  readonly sequence: string
  readonly code: string
  readonly raw: string
}

function decodeSegment(segment: string, beginning: Beginning): string {
  const first: CodeSet = { label: beginning.base }
  let isKept = false
  const texts = piecesOf(segment, beginning).map(({ sequence, code, raw }) => {
    // Back to ASCII is back to the first set, whose lower half it is.
    const set = code === '' || SETS[code]?.label === 'us-ascii' ? first : SETS[code]
    const isBack = set === first
    const wasKept = isKept
    const text = isSpelled({ sequence }) ? spelledPiece(raw, set) : decodePiece(raw, set)
    isKept = text === undefined
    if (text === undefined) return sequence + decodePiece(raw, first)
    return isBack && wasKept ? sequence + text : text
  })
  return texts.join('')
}

/** @returns `undefined` when the set is unknown, its text is none, holds another sequence between its pairs, or no pair at all */
function spelledPiece(raw: string, set: CodeSet | undefined): string | undefined {
  if (set === undefined || (hasPairs(set) && SPELLED.test(raw))) return undefined
  try {
    const text = decodePiece(raw, set)
    return hasPairs(set) && text === raw ? undefined : text
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

const SPELLED = /[CM]2[\dA-F](?:[\dA-F]{2}){1,2}/i

function piecesOf(segment: string, { fieldSeparator, escape }: Beginning): readonly Piece[] {
  const tokens = tokenPattern(escape)
  const marks = new RegExp(`[${ESC}${RegExp.escape(escape)}]`, 'g')
  const pieces: Piece[] = []
  let now = NO_SWITCH
  let from = 0
  let at = 0
  while (at < segment.length) {
    if (now === NO_SWITCH) at = nextMark(segment, at, marks)
    const { sequence, code } = tokenAt(segment, at, tokens)
    const isEnd = segment[at] === fieldSeparator && isSpelled(now)
    if (code === undefined && !isEnd) {
      at += hasPairs(SETS[now.code]) && segment.charAt(at) > ' ' ? 2 : Math.max(1, sequence.length)
      continue
    }
    pieces.push({ ...now, raw: segment.slice(from, at) })
    now = code === undefined ? NO_SWITCH : { sequence, code }
    at += now.sequence.length
    from = at
  }
  return [...pieces, { ...now, raw: segment.slice(from) }]
}

/** @returns the sequence that begins there, empty when none does, and what it means in ISO 2022 when it switches */
function tokenAt(segment: string, at: number, tokens: RegExp) {
  tokens.lastIndex = at
  const [sequence = '', code, spelled] = tokens.exec(segment) ?? []
  return { sequence, code: spelled === undefined ? code : Buffer.from(spelled, 'hex').toString('latin1') }
}

/** Where a sequence may begin next: most of a long text is passed at once. */
function nextMark(segment: string, from: number, marks: RegExp): number {
  marks.lastIndex = from
  return marks.exec(segment)?.index ?? segment.length
}

const NO_SWITCH = { sequence: '', code: '' }

function isSpelled({ sequence }: Pick<Piece, 'sequence'>): boolean {
  return sequence !== '' && !sequence.startsWith(ESC)
}

/** A sequence of ISO 2022, one of HL7 that spells it, or another one of HL7 (`\E\`), behind which none begins with its end. */
function tokenPattern(escape: string): RegExp {
  const iso = `${ESC}(\\$[()]?[A-D@]|[()-][A-Z]|-b)`
  if (escape === '') return new RegExp(iso, 'y')
  const mark = RegExp.escape(escape)
  return new RegExp(`${iso}|${mark}[CM](2[\\dA-Fa-f](?:[\\dA-Fa-f]{2}){1,2})${mark}|${mark}[A-Z]${mark}`, 'y')
}

function hasPairs(set: CodeSet | undefined): boolean {
  return set?.isLow === true && set.label !== 'shift_jis'
}

function decodePiece(piece: string, set: CodeSet | undefined): string {
  if (set === undefined || piece.includes(ESC)) throw new TypeError('an unknown escape sequence')
  const { label, isLow = false, lead } = set
  const bytes = Buffer.from(piece, 'latin1')
  return decoderFor(label).decode(isLow ? raised(bytes, lead) : bytes)
}

const decoders = new Map<string, TextDecoder>()

function decoderFor(label: string): TextDecoder {
  const known = decoders.get(label)
  if (known !== undefined) return known
  const made = new TextDecoder(label, { fatal: true, ignoreBOM: true })
  decoders.set(label, made)
  return made
}

/** Delimiters between two sequences stay what they are only outside of sets of two bytes: HL7 wants ASCII around them. */
function raised(bytes: Buffer, lead: number | undefined): Buffer {
  const raisedBytes = bytes.map((byte) => (byte > 0x20 ? byte | 0x80 : byte))
  if (lead === undefined) return Buffer.from(raisedBytes)
  const pairs: number[] = []
  for (let at = 0; at < raisedBytes.length; at += 2)
    pairs.push(lead, raisedBytes[at] ?? 0, raisedBytes[at + 1] ?? 0)
  return Buffer.from(pairs)
}
