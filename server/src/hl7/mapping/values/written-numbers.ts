import type { JsonObject } from '../../../kernel/json.ts'

interface Context {
  readonly source?: string
}
type Reviver = (key: string, value: unknown, context: Context) => unknown

/** Parses a resource for messages: a decimal whose digits a double would not keep (`7.10`) is the text of it, as it is written in HL7. */
export function parseForText(bytes: Uint8Array): JsonObject {
  const parse = JSON.parse as (text: string, reviver: Reviver) => unknown
  return parse(Buffer.from(bytes).toString('utf8'), exactNumber) as JsonObject
}

const exactNumber: Reviver = (_key, value, { source }) =>
  typeof value === 'number' && source !== undefined && String(value) !== source ? plainDecimal(source) : value

/** `0.0000001` of `1e-7`: numbers of HL7 have no exponent. */
export function plainDecimal(text: string): string {
  const found = /^(-?)(\d+)(?:\.(\d+))?[eE]([+-]?\d+)$/.exec(text)
  if (found === null) return text
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = found
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  if (point >= digits.length) return `${sign}${digits}${'0'.repeat(point - digits.length)}`
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
}
