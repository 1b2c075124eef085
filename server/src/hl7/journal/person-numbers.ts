import { limits } from '../../kernel/limits.ts'
import type { Header } from '../mllp/header.ts'
import { shownText } from './shown-text.ts'

/** The fields whose repetitions are numbers of a person (CX). */
const PERSONS = [
  { segment: 'PID', fields: [2, 3, 4] },
  { segment: 'MRG', fields: [1] },
] as const
const LAST_FIELD = 4

/**
 * The numbers of persons that a message names, so that it is found by them whatever becomes of it: read from the raw bytes, because what nobody could map is
 * looked for most. Only the beginning of a message is looked at, and a bounded count is taken.
 */
export function personNumbers(bytes: Buffer, header: Header | undefined): readonly string[] {
  if (header === undefined) return []
  const { fieldSeparator, encodingCharacters } = header
  const head = bytes.toString('latin1', 0, limits.hl7.numbersBytes)
  const found = new Set<string>()
  for (const { segment, fields } of PERSONS) {
    const begin = segment + fieldSeparator
    for (let at = head.indexOf(begin); at !== -1; at = head.indexOf(begin, at + 1)) {
      if (!isBreak(head.charCodeAt(at - 1))) continue
      const values = lineAt(head, at).split(fieldSeparator, LAST_FIELD + 1)
      for (const field of fields) addFirsts(found, values[field] ?? '', encodingCharacters)
      if (found.size >= limits.hl7.numbers) return [...found].slice(0, limits.hl7.numbers)
    }
  }
  return [...found]
}

const CR = 0x0d
const LF = 0x0a

function isBreak(code: number): boolean {
  return code === CR || code === LF
}

function lineAt(text: string, at: number): string {
  let end = at
  while (end < text.length && !isBreak(text.charCodeAt(end))) end++
  return text.slice(at, end).trimEnd()
}

/** The first component of each repetition; `""` deletes and names nobody. */
function addFirsts(found: Set<string>, field: string, encodingCharacters: string): void {
  if (field === '') return
  const [component = '^', repetition = '~'] = encodingCharacters
  for (const one of field.split(repetition)) {
    const end = one.indexOf(component)
    const number = (end === -1 ? one : one.slice(0, end)).trim()
    if (number !== '' && number !== '""' && number.length <= limits.hl7.numberChars)
      found.add(shownText(number))
  }
}
