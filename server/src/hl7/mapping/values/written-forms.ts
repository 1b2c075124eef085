import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import { objectOf } from '../model/objects.ts'
import { dosageWords, rateWords } from './dosage-words.ts'
import { plainText, ratioText } from './quantity-words.ts'
import { durationCode, repeatClocks, repeatPattern, repeatWords } from './repeat-pattern.ts'
import { samplesText } from './sampled-data.ts'

/** How a row writes what it has found. @throws SyntaxError when there is no such form */
export function formOf(name: string): (value: JsonValue) => string {
  const form = VALUE_FORMS[name]
  if (form !== undefined) return form
  const write = TEXT_FORMS[name]
  if (write === undefined) throw new SyntaxError(`"${name}" is no form`)
  return (value) => write(plainText(value))
}

/** `4.0-11.0`, `<=5` or `>=60` of an object with `low` and `high`. */
function boundsText(value: JsonValue): string {
  const { low, high } = objectOf(value)
  const [from, to] = [low, high].map((bound) => plainText((bound as JsonObject | undefined)?.['value'] ?? ''))
  if (from === '' || from === undefined) return to === '' || to === undefined ? '' : `<=${to}`
  return to === '' || to === undefined ? `>=${from}` : `${from}-${to}`
}

/** How a text of FHIR is written in HL7. */
const TEXT_FORMS: Readonly<Record<string, (text: string) => string>> = {
  text: (text) => text,
  /** `2026-03-01T09:00:00+02:00` as `20260301090000+0200`; shorter ones as they are. HL7 has four digits behind a second. */
  time: (text) => {
    const [, date = '', clock = '', offset = ''] =
      /^([\d-]+)(?:T([\d:]+(?:\.(?!0+(?:\D|$))\d{1,4})?)[.\d]*)?(Z|[+-]\d\d:\d\d)?$/.exec(text) ?? []
    return `${date.replaceAll('-', '')}${clock.replaceAll(':', '')}${offset === 'Z' ? '+0000' : offset.replace(':', '')}`
  },
  /** The day of a time, for fields that have room for no more. */
  date: (text) => text.slice(0, 10).replaceAll('-', ''),
  /** `09:30:00` as `0930`, `10:20:30` as `102030`. */
  clock: (text) => text.slice(0, 8).replace(/:00$/, '').replaceAll(':', ''),
  yesNo: (text) => (text === 'true' ? 'Y' : 'N'),
  /** `application` of `application/pdf`. */
  head: (text) => text.slice(0, Math.max(text.indexOf('/'), 0)),
  /** The id of a reference or canonical, `pdf` of `application/pdf`. */
  tail: (text) => (text.slice(text.lastIndexOf('/') + 1).split(';')[0] ?? '').trim(),
  /** `urn:oid:1.2.3` as `1.2.3`. */
  oid: (text) => (text.startsWith('urn:oid:') ? text.slice('urn:oid:'.length) : ''),
  /** The name behind the prefix of assigners that the hub has no better name for. */
  assigner: (text) =>
    text.startsWith('urn:oid:')
      ? ''
      : decodeURIComponent(text.slice(text.lastIndexOf(':') + 1)).replace(/^\/\//, ''),
}

/** How an object of FHIR is written in HL7. */
const VALUE_FORMS: Readonly<Record<string, (value: JsonValue) => string>> = {
  bounds: boundsText,
  ratio: ratioText,
  dosage: dosageWords,
  rate: rateWords,
  pattern: repeatPattern,
  words: repeatWords,
  clocks: repeatClocks,
  duration: durationCode,
  samples: samplesText,
}
