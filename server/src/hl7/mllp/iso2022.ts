/**
 * Texts that switch between character sets by the escape sequences of ISO 2022, as MSH-18 announces with several repetitions.
 *
 * @see HL7 v2.5.1, 2.15.9.18 and table 0211; ISO/IEC 2022; the registry of escape sequences (ISO-IR)
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
const SEQUENCE = new RegExp(`${ESC}(\\$[()]?[A-D@]|[(-][A-Z]|-b)`, 'g')

/** Whether the bytes switch at all: without a sequence the first declared set holds for everything. */
export function switches(bytes: Buffer): boolean {
  return bytes.includes(0x1b)
}

/**
 * Decodes piece by piece. A segment begins in the first set of MSH-18 again.
 *
 * @param base label of the first set.
 * @throws TypeError for bytes that are not in the set which is switched to, or an unknown sequence.
 */
export function decodeSwitching(bytes: Buffer, base: string): string {
  const segments = bytes.toString('latin1').split('\r')
  return segments.map((segment) => decodeSegment(segment, base)).join('\r')
}

function decodeSegment(segment: string, base: string): string {
  let set: CodeSet = { label: base }
  let text = ''
  let at = 0
  for (const match of segment.matchAll(SEQUENCE)) {
    text += decodePiece(segment.slice(at, match.index), set)
    const next = SETS[match[1] ?? '']
    if (next === undefined) throw new TypeError('an unknown escape sequence')
    // Back to ASCII is back to the first set, whose lower half it is.
    set = next.label === 'us-ascii' ? { label: base } : next
    at = match.index + match[0].length
  }
  return text + decodePiece(segment.slice(at), set)
}

function decodePiece(piece: string, { label, isLow = false, lead }: CodeSet): string {
  if (piece.includes(ESC)) throw new TypeError('an unknown escape sequence')
  const bytes = Buffer.from(piece, 'latin1')
  return new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(isLow ? raised(bytes, lead) : bytes)
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
