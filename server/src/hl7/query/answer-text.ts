import type { Header } from '../mllp/header.ts'

const STANDARD = '|^~\\&'
const NAMES = 'FSRETP'

/** Writes segments that hold the usual delimiters with those of the message that they answer. */
export function redelimited(text: string, { fieldSeparator, encodingCharacters }: Header): string {
  const wanted = fieldSeparator + encodingCharacters
  if (wanted === STANDARD) return text
  const escape = wanted.charAt(3)
  const plain = (character: string) => {
    const name = wanted.indexOf(character)
    return name === -1 ? character : `${escape}${NAMES.charAt(name)}${escape}`
  }
  return text.replaceAll(/\\([FSRET])\\|[^]/gu, (found, escaped: string | undefined) => {
    if (escaped !== undefined) return plain(STANDARD.charAt(NAMES.indexOf(escaped)))
    const delimiter = STANDARD.indexOf(found)
    return delimiter === -1 ? plain(found) : wanted.charAt(delimiter)
  })
}

/** The segment of a message as its bytes, one character a byte; `undefined` when there is none. */
export function segmentBytes(frame: Buffer, name: string, { fieldSeparator }: Header): string | undefined {
  return frame
    .toString('latin1')
    .split(/[\r\n]+/)
    .find((line) => line.startsWith(`${name}${fieldSeparator}`))
}
