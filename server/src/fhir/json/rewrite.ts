import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { isObject } from './parse.ts'
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

/**
 * The same of a parsed text.
 *
 * @returns the value itself when nothing changed; otherwise it shares with it what did not
 */
export function rewriteValues<Value extends JsonValue>(value: Value, rewrite: Rewrite): Value
export function rewriteValues(value: JsonValue, rewrite: Rewrite): JsonValue {
  return rewritten('', value, rewrite)
}

function rewritten(name: string, value: JsonValue, rewrite: Rewrite): JsonValue {
  if (typeof value === 'string') return rewrite(name, value) ?? value
  if (isObject(value)) return rewrittenMembers(value, rewrite)
  if (!Array.isArray(value)) return value
  const list: readonly JsonValue[] = value
  const items = list.map((item) => rewritten(name, item, rewrite))
  return items.some((item, index) => item !== list[index]) ? items : value
}

function rewrittenMembers(value: JsonObject, rewrite: Rewrite): JsonObject {
  let copy: Record<string, JsonValue | undefined> | undefined
  for (const [name, old] of Object.entries(value)) {
    const now = old === undefined ? undefined : rewritten(name, old, rewrite)
    if (now !== old) (copy ??= { ...value })[name] = now
  }
  return copy ?? value
}
