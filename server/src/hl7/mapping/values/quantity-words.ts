import type { JsonValue } from '../../../kernel/json.ts'
import { objectOf } from '../model/objects.ts'
import { plainDecimal } from './written-numbers.ts'

/** `1 mg : 2 mL`: a structured number has one unit. */
export function ratioText(value: JsonValue): string {
  const { numerator, denominator } = objectOf(value)
  return `${quantityText(numerator)} : ${quantityText(denominator)}`
}

export function quantityText(quantity: JsonValue | undefined): string {
  const { comparator = '', value = '', unit = '', code = '' } = objectOf(quantity)
  const words = [`${plainText(comparator)}${plainText(value)}`, plainText(unit) || plainText(code)]
  return words.filter((word) => word !== '').join(' ')
}

/** Text, number or truth as it is written in HL7; nothing else has one. */
export function plainText(value: JsonValue): string {
  if (typeof value === 'number') return plainDecimal(String(value))
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : ''
}
