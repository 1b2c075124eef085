import { endOfValue, skipBlank } from './walk.hot.ts'

/** Indents JSON text by two blanks (`_pretty=true`); strings and number literals stay exactly as they are. */
export function indent(text: string): string {
  const out: string[] = []
  let depth = 0
  for (let at = skipBlank(text, 0); at < text.length; at = skipBlank(text, at)) {
    const token = tokenAt(text, at)
    if (CLOSES.has(token)) depth -= 1
    if (OPENS.has(token)) depth += 1
    const line = `\n${'  '.repeat(depth)}`
    if (CLOSES.has(token)) out.push(line, token)
    else if (token === ':') out.push(': ')
    else out.push(token, BREAKS.has(token) ? line : '')
    at = token === '{}' || token === '[]' ? skipBlank(text, at + 1) + 1 : at + token.length
  }
  return out.join('')
}

const OPENS = new Set(['{', '['])
const CLOSES = new Set(['}', ']'])
const BREAKS = new Set(['{', '[', ','])

function tokenAt(text: string, at: number): string {
  const char = text.charAt(at)
  if (char === '{' || char === '[') {
    const next = text.charAt(skipBlank(text, at + 1))
    return next === '}' || next === ']' ? char + next : char
  }
  return char === '}' || char === ']' || char === ',' || char === ':'
    ? char
    : text.slice(at, endOfValue(text, at))
}
