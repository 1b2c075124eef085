import { endOfString, endOfValue, skipBlank, stringAt } from './walk.hot.ts'

/** One member of a JSON object in its text: `text.slice(start, end)` is `"name": value`, `text.slice(valueStart, end)` the value. */
export interface Member {
  readonly name: string
  readonly start: number
  readonly valueStart: number
  readonly end: number
}

/** @param text a JSON object that `JSON.parse` has accepted. */
export function membersOf(text: string): readonly Member[] {
  const members: Member[] = []
  let at = skipBlank(text, skipBlank(text, 0) + 1)
  while (text[at] === '"') {
    const nameEnd = endOfString(text, at)
    const valueStart = skipBlank(text, skipBlank(text, nameEnd) + 1)
    const end = endOfValue(text, valueStart)
    members.push({ name: stringAt(text, at, nameEnd), start: at, valueStart, end })
    at = nextAfter(text, end)
  }
  return members
}

/** The exact texts of the elements of a JSON array. */
export function elementsOf(text: string): readonly string[] {
  const elements: string[] = []
  let at = skipBlank(text, skipBlank(text, 0) + 1)
  while (at < text.length && text[at] !== ']') {
    const end = endOfValue(text, at)
    elements.push(text.slice(at, end))
    at = nextAfter(text, end)
  }
  return elements
}

function nextAfter(text: string, end: number): number {
  const at = skipBlank(text, end)
  return text[at] === ',' ? skipBlank(text, at + 1) : at
}

/** The exact text of one member's value. */
export function memberText(text: string, name: string): string | undefined {
  let at = skipBlank(text, skipBlank(text, 0) + 1)
  while (text[at] === '"') {
    const nameEnd = endOfString(text, at)
    const valueStart = skipBlank(text, skipBlank(text, nameEnd) + 1)
    const end = endOfValue(text, valueStart)
    if (stringAt(text, at, nameEnd) === name) return text.slice(valueStart, end)
    at = nextAfter(text, end)
  }
  return undefined
}

/**
 * The object with some members set: new ones stand first, in the order of `set`; all others keep their exact text and order.
 *
 * @param set JSON texts by name; `undefined` removes the member.
 * @param known how many of these names the object has: what stands behind the last of them is not looked at.
 */
export function withMembers(
  text: string,
  set: Readonly<Record<string, string | undefined>>,
  known = Infinity,
): string {
  let result = ''
  for (const name in set) {
    const value = set[name]
    if (value !== undefined) result += `${result === '' ? '' : ','}${JSON.stringify(name)}:${value}`
  }
  let left = known
  let at = skipBlank(text, skipBlank(text, 0) + 1)
  while (left > 0 && text[at] === '"') {
    const nameEnd = endOfString(text, at)
    const end = endOfValue(text, skipBlank(text, skipBlank(text, nameEnd) + 1))
    if (Object.hasOwn(set, stringAt(text, at, nameEnd))) left -= 1
    else result += `${result === '' ? '' : ','}${text.slice(at, end)}`
    at = nextAfter(text, end)
  }
  if (left === 0 && text[at] === '"') return `{${result}${result === '' ? '' : ','}${text.slice(at)}`
  return `{${result}}`
}
