import type { Node } from '../model/node.ts'

/** What begins like a number, a structured one (SN) too. */
const AMOUNT = /^[<>=~+^-]{0,5}\s?\d/

/** A number that stands in a text says nothing without its unit, words say all. */
export function withUnit({ wholeText }: Node, [unit]: readonly Node[]): string {
  const text = wholeText.trim()
  const isAmount = text.length <= LONGEST_AMOUNT && AMOUNT.test(text) && !text.endsWith(unit?.text ?? '')
  return isAmount ? `${text} ${unit?.text ?? ''}` : wholeText
}

const LONGEST_AMOUNT = 64

/** Trimmed, with single blanks, without control characters that JSON texts of FHIR may not hold; nothing when nothing is left. */
export function clean(text: string): string | undefined {
  if (isClean(text)) return text === '' ? undefined : text
  const kept = text.replaceAll(CONTROLS, '').replaceAll(/ {2,}/g, ' ').trim()
  return kept === '' ? undefined : kept
}

// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g

export function linesOf(nodes: readonly Node[]): string {
  return nodes.map(({ wholeText }) => wholeText).join('\n')
}

/** Texts of one line or several: what stands below what says what it means, in the columns of a table of resistances. */
export function laidOut(text: string): string | undefined {
  if (isClean(text)) return text === '' ? undefined : text
  const kept = text
    .replaceAll(CONTROLS, '')
    .trimEnd()
    .replace(/^(?:[^\S\n]*\n)+/, '')
  const laid = kept.includes('\n') ? kept : kept.trimStart()
  return laid === '' ? undefined : laid
}

const BLANK = 32
const LAST_ASCII = 127
/** Tab and line ends. */
const INNER_SPACES: ReadonlySet<number> = new Set([9, 10, 13])

/** Asked of every text of a message: no blank at an end, no two in a row, no control character but tabs and line ends inside. */
function isClean(text: string): boolean {
  const last = text.length - 1
  if (last === -1) return true
  if (!isCleanEnd(text, 0) || !isCleanEnd(text, last)) return false
  for (let at = 1; at < last; at++) {
    const code = text.charCodeAt(at)
    if (code > BLANK) continue
    if (code === BLANK ? text.charCodeAt(at + 1) === BLANK : !INNER_SPACES.has(code)) return false
  }
  return true
}

function isCleanEnd(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code > BLANK && (code <= LAST_ASCII || text.trim() === text)
}
