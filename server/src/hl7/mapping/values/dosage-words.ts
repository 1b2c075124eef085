import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import { objectOf } from '../model/objects.ts'
import { plainText, quantityText, ratioText } from './quantity-words.ts'
import { repeatWords } from './repeat-pattern.ts'

/**
 * A dosage in words, for a place where no field has room for its amounts: what is told of it, or its frequency where no code says it, then
 * how much of it is given, and how fast.
 *
 * @param dosage `Dosage` of FHIR
 */
export function dosageWords(dosage: JsonValue): string {
  const { text, patientInstruction, timing } = objectOf(dosage)
  const told = plainText(text ?? patientInstruction ?? '') || repeatWords(objectOf(timing)['repeat'] ?? {})
  return [told, amountsOf(dosage, doseWords)].filter((part) => part !== '').join('; ')
}

/** The same of one that has fields for its dose, but not for its rate. */
export function rateWords(dosage: JsonValue): string {
  const { text } = objectOf(dosage)
  return [plainText(text ?? ''), amountsOf(dosage, () => '')].filter((part) => part !== '').join('; ')
}

function amountsOf(dosage: JsonValue, doseOf: (amount: JsonObject) => string): string {
  const amounts = (objectOf(dosage)['doseAndRate'] ?? []) as readonly JsonObject[]
  return amounts
    .flatMap((amount) => [doseOf(amount), rateOf(amount)])
    .filter((part) => part !== '')
    .join(', ')
}

function doseWords({ doseQuantity, doseRange }: JsonObject): string {
  return doseRange === undefined ? quantityText(doseQuantity) : rangeWords(doseRange)
}

function rateOf({ rateQuantity, rateRange, rateRatio }: JsonObject): string {
  if (rateRatio !== undefined) return ratioText(rateRatio)
  return rateRange === undefined ? quantityText(rateQuantity) : rangeWords(rateRange)
}

/** `1.50 to 2 mg`, `up to 4 mg`, `from 5 mL/h`. */
function rangeWords(range: JsonValue): string {
  const { low, high } = objectOf(range)
  if (low === undefined) return high === undefined ? '' : `up to ${quantityText(high)}`
  if (high === undefined) return `from ${quantityText(low)}`
  return `${plainText(objectOf(low)['value'] ?? '')} to ${quantityText(high)}`
}
