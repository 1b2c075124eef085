import type { Delimiters } from './delimiters.ts'

/**
 * Decodes the escape sequences of a text. Highlighting and layout commands without a character of their own are dropped; what is unknown,
 * local (`\Z..\`), a character set switch or unbalanced stays as it was sent.
 *
 * @see HL7 v2.5.1, section 2.7
 */
export function decodeEscapes(raw: string, delimiters: Delimiters): string {
  const { escape } = delimiters
  let from = escape === '' ? -1 : raw.indexOf(escape)
  if (from === -1) return raw
  let text = raw.slice(0, from)
  while (from !== -1) {
    const end = raw.indexOf(escape, from + 1)
    if (end === -1) return text + raw.slice(from)
    const meaning = meaningOf(raw.slice(from + 1, end), delimiters)
    if (meaning === undefined) {
      // Not a sequence: the second character may begin one.
      text += raw.slice(from, end)
      from = end
      continue
    }
    const next = raw.indexOf(escape, end + 1)
    text += meaning + raw.slice(end + 1, next === -1 ? undefined : next)
    from = next
  }
  return text
}

/** @returns whether a text still switches its character set by `\C2842\` or `\M2442\`: those that are known were decoded with the bytes of the message */
export function switchesByEscapes(raw: string, { escape }: Pick<Delimiters, 'escape'>): boolean {
  return escape !== '' && raw.split(escape).some((part, at) => at > 0 && CHARSET.test(part))
}

const CHARSET = /^(?:C[0-9A-F]{4}|M[0-9A-F]{4}(?:[0-9A-F]{2})?)$/i

/** Encodes a text so that it can stand in a component: delimiters, line ends and control characters become escape sequences. */
export function encodeEscapes(text: string, delimiters: Delimiters): string {
  const { escape } = delimiters
  if (escape === '') return text
  let raw = ''
  for (const character of text.replaceAll('\r\n', '\n')) {
    const letter = LETTERS.find(([, name]) => delimiters[name] === character)?.[0]
    if (letter !== undefined) raw += escape + letter + escape
    else if (character === '\n' || character === '\r') raw += `${escape}.br${escape}`
    else if (character < ' ')
      raw += `${escape}X${character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}${escape}`
    else raw += character
  }
  return raw
}

const LETTERS: readonly (readonly [string, keyof Delimiters])[] = [
  ['F', 'field'],
  ['S', 'component'],
  ['R', 'repetition'],
  ['E', 'escape'],
  ['T', 'subcomponent'],
  ['P', 'truncation'],
]

const HEX = /^X(?:[0-9A-Fa-f]{2})+$/
const LAYOUT = /^\.(br|sp|ce|in|ti|fi|nf|sk)\s*([+-]?\d{0,3})$/

function meaningOf(sequence: string, delimiters: Delimiters): string | undefined {
  if (sequence === 'H' || sequence === 'N') return ''
  if (sequence.length === 1) {
    const name = LETTERS.find(([letter]) => letter === sequence)?.[1]
    return name === undefined || delimiters[name] === '' ? undefined : delimiters[name]
  }
  if (HEX.test(sequence)) return bytesAsText(Buffer.from(sequence.slice(1), 'hex'))
  return layoutText(sequence)
}

function layoutText(sequence: string): string | undefined {
  const [, command, count = ''] = LAYOUT.exec(sequence) ?? []
  if (command === undefined) return undefined
  return (LAYOUT_TEXT[command] ?? '').repeat(command === 'ce' ? 1 : Math.max(1, Number(count)))
}

/** What a layout command leaves in plain text; the others only indent or fill. */
const LAYOUT_TEXT: Readonly<Record<string, string>> = { br: '\n', sp: '\n', ce: '\n', sk: ' ' }

/** Bytes of a hexadecimal sequence: UTF-8 where they are, else Latin-1. */
function bytesAsText(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  return text.includes('\ufffd') ? bytes.toString('latin1') : text
}
