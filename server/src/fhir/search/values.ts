import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { COMPARATORS } from './comparison.ts'
import type { Comparator } from './comparison.ts'

/**
 * The alternatives of one parameter value: split at commas that no backslash escapes. The parts keep their escapes.
 *
 * @throws Fault `malformed` above `limits.fhir.orValues` alternatives.
 */
export function alternatives(value: string): readonly string[] {
  const parts = splitAt(value, ',').filter((part) => part !== '')
  if (parts.length > limits.fhir.orValues) {
    throw fault('malformed', {
      code: 'too-costly',
      text: `At most ${String(limits.fhir.orValues)} alternatives are allowed in one parameter`,
    })
  }
  return parts
}

/** @see FHIR R4, "Search", section "Escaping search parameters" */
export function splitAt(value: string, separator: ',' | '|' | '$'): readonly string[] {
  const parts: string[] = []
  let start = 0
  for (let at = 0; at < value.length; at += 1) {
    if (value[at] === '\\') at += 1
    else if (value[at] === separator) {
      parts.push(value.slice(start, at))
      start = at + 1
    }
  }
  return [...parts, value.slice(start)]
}

export function unescaped(value: string): string {
  return value.includes('\\') ? value.replaceAll(/\\([,|$\\])/g, '$1') : value
}

export interface Prefixed {
  readonly comparator: Comparator
  readonly text: string
}

export function prefixed(value: string): Prefixed {
  const comparator = COMPARATORS.find((prefix) => value.startsWith(prefix))
  return comparator ? { comparator, text: value.slice(2) } : { comparator: 'eq', text: value }
}

export interface TokenValue {
  /** Absent: any system; empty: none. */
  readonly system?: string
  readonly code: string
}

/** `code`, `system|code`, `|code`, `system|`. */
export function tokenValue(value: string, param: string): TokenValue {
  const parts = splitAt(value, '|').map(unescaped)
  if (parts.length > 2 || parts.join('|') === '|')
    throw fault('malformed', {
      code: 'value',
      text: `${param}: a token is "code", "system|code", "|code" or "system|"`,
    })
  const [first = '', second] = parts
  return second === undefined ? { code: first } : { system: first, code: second }
}
