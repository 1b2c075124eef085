import { endOfString, stringAt } from '../json/walk.hot.ts'
import { readReference } from '../keys/references.ts'

const NAME = Buffer.from('"reference"')
const [QUOTE, COLON, BACKSLASH] = [34, 58, '\\'] as const

export interface Target {
  readonly type: string
  readonly id: string
}

/** The resources that the JSON text of a resource refers to, each once; contained, logical and foreign ones are left out. */
export function referencesIn(bytes: Uint8Array, base: string): readonly Target[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const found = new Map<string, Target>()
  for (let at = text.indexOf(NAME); at >= 0; at = text.indexOf(NAME, at + NAME.length)) {
    const colon = skipBlank(text, at + NAME.length)
    const start = skipBlank(text, colon + 1)
    if (text[colon] !== COLON || text[start] !== QUOTE) continue
    const { type, id } = readReference(stringIn(text, start), base)
    if (type !== undefined && id !== undefined) found.set(`${type}/${id}`, { type, id })
  }
  return [...found.values()]
}

/** Types, ids and the own base are ASCII, so that other letters may come out as any. */
function stringIn(text: Buffer, start: number): string {
  const plain = text.toString('latin1', start + 1, text.indexOf(QUOTE, start + 1))
  if (!plain.includes(BACKSLASH)) return plain
  const rest = text.toString('utf8', start)
  return stringAt(rest, 0, endOfString(rest, 0))
}

function skipBlank(text: Buffer, at: number): number {
  let next = at
  while (text[next] === 32 || text[next] === 10 || text[next] === 13 || text[next] === 9) next += 1
  return next
}
