import { endOfString, skipBlank, stringAt } from '../json/walk.hot.ts'
import { readReference } from '../keys/references.ts'

const NAME = '"reference"'

export interface Target {
  readonly type: string
  readonly id: string
}

/** The resources that the JSON text of a resource refers to, each once; contained, logical and foreign ones are left out. */
export function referencesIn(bytes: Uint8Array, base: string): readonly Target[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  const found = new Map<string, Target>()
  for (let at = text.indexOf(NAME); at >= 0; at = text.indexOf(NAME, at + NAME.length)) {
    const colon = skipBlank(text, at + NAME.length)
    const start = skipBlank(text, colon + 1)
    if (text[colon] !== ':' || text[start] !== '"') continue
    const { type, id } = readReference(stringAt(text, start, endOfString(text, start)), base)
    if (type !== undefined && id !== undefined) found.set(`${type}/${id}`, { type, id })
  }
  return [...found.values()]
}
