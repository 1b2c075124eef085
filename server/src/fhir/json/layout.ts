import { endOfString, endOfValue, skipBlank } from './walk.hot.ts'

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

/** The text without the blanks between its tokens; strings and number literals stay exactly as they are. */
export function withoutBlanks(text: string): string {
  if (!LAID_OUT.test(text)) return text
  const parts: string[] = []
  let kept = 0
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (code > BLANK) at += 1
    else {
      parts.push(text.slice(kept, at))
      at = skipBlank(text, at + 1)
      kept = at
    }
  }
  parts.push(text.slice(kept))
  return parts.join('')
}

const QUOTE = 34
/** The highest of them; what is below stands nowhere in JSON. */
const BLANK = 32

/** One of these stands in every text that was laid out; line breaks and tabs never stand in a string. */
const LAID_OUT = /[\n\t\r]|": |", | :| \}/
