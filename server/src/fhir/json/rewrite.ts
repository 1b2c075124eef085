import { endOfString, skipBlank, stringAt } from './walk.hot.ts'

/** Gets the name of the member that holds a value (also in a list) and the value; `undefined` keeps it. */
export type Rewrite = (name: string, value: string) => string | undefined

/** Replaces string values in JSON text; everything else stays exactly as it is. */
export function rewriteStrings(text: string, rewrite: Rewrite): string {
  const parts: string[] = []
  let kept = 0
  let name = ''
  for (let at = text.indexOf('"'); at >= 0;) {
    const end = endOfString(text, at)
    const value = stringAt(text, at, end)
    if (text[skipBlank(text, end)] === ':') name = value
    else {
      const changed = rewrite(name, value)
      if (changed !== undefined) {
        parts.push(text.slice(kept, at), JSON.stringify(changed))
        kept = end
      }
    }
    at = text.indexOf('"', end)
  }
  return kept === 0 ? text : parts.join('') + text.slice(kept)
}
