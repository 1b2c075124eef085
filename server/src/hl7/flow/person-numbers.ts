import { limits } from '../../kernel/limits.ts'
import type { Header } from '../mllp/header.ts'
import { shownText } from './shown-text.ts'

/** By segment: the fields whose repetitions are numbers of a person (CX). */
const FIELDS: Readonly<Record<string, readonly number[]>> = { PID: [2, 3, 4], MRG: [1] }

/**
 * The numbers of persons that a message names, so that it is found by them whatever becomes of it: read from the raw bytes, because what nobody could map is
 * looked for most. Only the beginning of a message is looked at, and a bounded count is taken.
 */
export function personNumbers(bytes: Buffer, header: Header | undefined): readonly string[] {
  if (header === undefined) return []
  const { fieldSeparator, encodingCharacters } = header
  const head = bytes.toString('latin1', 0, limits.hl7.numbersBytes)
  const found = new Set<string>()
  for (let at = nextSegment(head, 0); at !== -1; at = nextSegment(head, at)) {
    const fields = FIELDS[head.slice(at, at + 3)]
    if (fields === undefined || head[at + 3] !== fieldSeparator) continue
    const values = lineAt(head, at).split(fieldSeparator)
    for (const field of fields)
      for (const number of firstsOf(values[field] ?? '', encodingCharacters)) found.add(shownText(number))
    if (found.size >= limits.hl7.numbers) break
  }
  return [...found].slice(0, limits.hl7.numbers)
}

const BREAK = /\r\n?|\n/g

/** Where the segment behind this place begins; -1 behind the last one. */
function nextSegment(text: string, from: number): number {
  BREAK.lastIndex = from
  return BREAK.test(text) ? BREAK.lastIndex : -1
}

function lineAt(text: string, at: number): string {
  const next = nextSegment(text, at)
  return text.slice(at, next === -1 ? undefined : next).trimEnd()
}

/** The first component of each repetition; `""` deletes and names nobody. */
function firstsOf(field: string, encodingCharacters: string): readonly string[] {
  const [component = '^', repetition = '~'] = encodingCharacters
  return field
    .split(repetition)
    .map((one) => (one.split(component, 1)[0] ?? '').trim())
    .filter((number) => number !== '' && number !== '""' && number.length <= limits.hl7.numberChars)
}
