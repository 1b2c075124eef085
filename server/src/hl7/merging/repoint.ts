/** Where in a text of JSON references to a resource stand. The text stays as it is otherwise, every digit included. */
function pattern(reference: string): RegExp {
  return new RegExp(`("reference"\\s*:\\s*")${reference.replaceAll('.', '\\.')}(?=["/])`, 'g')
}

export interface Repointed {
  readonly text: string
  /** Which of the references to `to` in the new text were ones to `from`, by number from 0. */
  readonly places: readonly number[]
}

/** Writes one reference in the place of another, in a resource's JSON text. @returns `undefined` when it has none */
export function repoint(text: string, from: string, to: string): Repointed | undefined {
  const places: number[] = []
  let number = 0
  const either = new RegExp(`${pattern(from).source}|${pattern(to).source}`, 'g')
  const changed = text.replaceAll(either, (found: string, start: string | undefined) => {
    if (start === undefined) {
      number += 1
      return found
    }
    places.push(number)
    number += 1
    return start + to
  })
  return places.length === 0 ? undefined : { text: changed, places }
}

/** Takes it back: only the references at `places`, and only while there are as many as there were. */
export function restore(
  text: string,
  { from, to, places, total }: { from: string; to: string; places: readonly number[]; total: number },
): string | undefined {
  if (countReferences(text, to) !== total) return undefined
  const own = new Set(places)
  let number = -1
  return text.replaceAll(pattern(to), (found: string, start: string) => {
    number += 1
    return own.has(number) ? start + from : found
  })
}

export function countReferences(text: string, reference: string): number {
  return text.match(pattern(reference))?.length ?? 0
}
