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
  const member = membersOf(text).find((each) => each.name === name)
  return member && text.slice(member.valueStart, member.end)
}

/**
 * The object with some members set: new ones stand first, in the order of `set`; all others keep their exact text and order.
 *
 * @param set JSON texts by name; `undefined` removes the member.
 */
export function withMembers(text: string, set: Readonly<Record<string, string | undefined>>): string {
  const parts = Object.entries(set).flatMap(([name, value]) =>
    value === undefined ? [] : [`${JSON.stringify(name)}:${value}`],
  )
  for (const { name, start, end } of membersOf(text)) {
    if (!Object.hasOwn(set, name)) parts.push(text.slice(start, end))
  }
  return `{${parts.join(',')}}`
}
