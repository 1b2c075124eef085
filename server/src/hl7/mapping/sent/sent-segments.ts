import { STANDARD_DELIMITERS } from '../../message/delimiters.ts'
import type { Apart } from '../rules/sent-rules.ts'

const { field: FIELD, component: COMPONENT } = STANDARD_DELIMITERS
const NULL = '""'

/** Numbers segments that say the same in one field, where they have no number of their own: who takes the second for the first loses one of them. */
export function toldApart(texts: readonly string[], { segment, by, number }: Apart): readonly string[] {
  const seen = new Map<string, number>()
  return texts.map((text) => {
    const fields = text.split(FIELD)
    if (fields[0] !== segment) return text
    const key = (fields[by] ?? '').split(COMPONENT).slice(0, 3).join(COMPONENT)
    const count = (seen.get(key) ?? 0) + 1
    seen.set(key, count)
    const isNumbered = !['', '1'].includes(fields[number] ?? '')
    return count === 1 || isNumbered ? text : withField(fields, number, String(count)).join(FIELD)
  })
}

/**
 * The message with the null (`""`) in fields that had a value before and have none now: an empty field changes nothing where it arrives.
 *
 * @param names of segments of which a message has one; they are compared, and come back with nulls where the message has none any more
 */
export function withNulls(
  texts: readonly string[],
  before: readonly string[],
  names: readonly string[],
): readonly string[] {
  return names.reduce((all, name) => {
    const had = before.findIndex((text) => nameOf(text) === name)
    const old = before[had]?.split(FIELD)
    if (old === undefined) return all
    const at = all.findIndex((text) => nameOf(text) === name)
    const fields = at === -1 ? [name] : (all[at]?.split(FIELD) ?? [])
    const gone = old.flatMap((value, number) =>
      value !== '' && value !== NULL && (fields[number] ?? '') === '' ? [number] : [],
    )
    if (gone.length === 0) return all
    const text = gone
      .reduce<readonly string[]>((next, number) => withField(next, number, NULL), fields)
      .join(FIELD)
    if (at !== -1) return all.with(at, text)
    const place = all.findLastIndex((one) => before.slice(0, had).some((two) => nameOf(two) === nameOf(one)))
    return all.toSpliced(place + 1, 0, text)
  }, texts)
}

/**
 * One segment for a group that is gone: all that stood in its fields is deleted, and its number stays.
 *
 * @param before segments of one name
 * @see HL7 v2.5.1, 2.10.4.1 (snapshot mode)
 */
export function emptiedSegment(before: readonly string[]): string {
  const all = before.map((text) => text.split(FIELD))
  const length = Math.max(...all.map((fields) => fields.length))
  const nulls = Array.from({ length: length - 2 }, (_, at) =>
    all.some((fields) => (fields[at + 2] ?? '') !== '') ? NULL : '',
  )
  return [...(all[0] ?? []).slice(0, 2), ...nulls].join(FIELD)
}

function nameOf(text: string): string {
  return text.slice(0, 3)
}

function withField(fields: readonly string[], number: number, value: string): readonly string[] {
  const length = Math.max(fields.length, number + 1)
  return Array.from({ length }, (_, at) => (at === number ? value : (fields[at] ?? '')))
}
