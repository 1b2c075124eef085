import type { Row } from '../../store/port.ts'
import { endOfString, skipBlank, stringAt } from '../json/walk.hot.ts'
import { readReference } from '../keys/references.ts'
import type { LiteralReference } from '../keys/references.ts'

const NAME = '"reference"'
/** What is looked for: quotes and the letter r are so frequent in JSON that a search for the whole name would stop at every other word. */
const NAME_END = 'ference"'
const BEFORE = NAME.length - NAME_END.length
const BACKSLASH = '\\'

export interface Target {
  readonly type: string
  readonly id: string
  /** Absent: whichever is the current one. */
  readonly version?: string
}

/** The resources that the JSON text of a resource refers to, each once; contained, logical and foreign ones are left out. */
export function referencesIn(bytes: Uint8Array, base: string): readonly Target[] {
  const references = new References(base)
  references.add(bytes)
  return references.targets()
}

/** The same of many resources, most of which refer to what others refer to. */
export class References {
  readonly #base: string
  /** As they are written. */
  readonly #texts = new Set<string>()
  readonly #targets = new Map<string, Target>()

  constructor(base: string) {
    this.#base = base
  }

  add(bytes: Uint8Array): void {
    // Types, ids and the own base are ASCII, so that other letters may come out as any.
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
    for (let at = text.indexOf(NAME_END); at >= 0; at = text.indexOf(NAME_END, at + NAME_END.length)) {
      if (!text.startsWith(NAME, at - BEFORE)) continue
      const colon = skipBlank(text, at + NAME_END.length)
      const start = skipBlank(text, colon + 1)
      if (text[colon] === ':' && text[start] === '"') this.#addText(stringIn(text, start))
    }
  }

  /** `Patient/1`, whatever version is meant */
  names(): readonly string[] {
    return [...new Set(this.targets().map(({ type, id }) => `${type}/${id}`))]
  }

  targets(): readonly Target[] {
    return [...this.#targets.values()]
  }

  #addText(text: string): void {
    if (this.#texts.has(text)) return
    this.#texts.add(text)
    const target = targetOf(readReference(text, this.#base))
    if (target) this.#targets.set(`${target.type}/${target.id}/${target.version ?? ''}`, target)
  }
}

/** What a literal reference names of this server. */
export function targetOf({ type, id, version }: LiteralReference): Target | undefined {
  if (type === undefined || id === undefined) return undefined
  return { type, id, ...(version === undefined ? {} : { version }) }
}

/** @param start position of the opening quote */
function stringIn(text: string, start: number): string {
  const plain = text.slice(start + 1, text.indexOf('"', start + 1))
  return plain.includes(BACKSLASH) ? stringAt(text, start, endOfString(text, start)) : plain
}

/** The lowest and the highest reference that a row has by a reference parameter, `Patient/1` or an address: none, one or two. */
export function outermostReferences(param: string): (row: Row) => readonly string[] {
  const last = `-${param}`
  return (row) => {
    const lowest = row.scalar(param)
    if (lowest === undefined) return []
    const highest = row.scalar(last)
    return highest === undefined ? [lowest] : [lowest, highest]
  }
}
