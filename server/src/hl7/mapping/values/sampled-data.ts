import type { JsonObject, JsonValue } from '../../../kernel/json.ts'

/** Decimals whose digits a double would not keep come as texts. */
type Decimal = number | string

interface Series {
  readonly data?: string
  readonly dimensions?: Decimal
  readonly factor?: Decimal
  readonly origin?: { readonly value?: Decimal }
}

/**
 * The numbers of a SampledData as they were measured: each is multiplied by `factor` and added to `origin`, with all of its digits.
 *
 * @returns the whole series of one dimension as one `point`, else a point for each time with the numbers of all dimensions; nothing where the data
 * hold something else than numbers (`E`, `U`, `L`), which an array of numbers cannot say
 * @see FHIR R4, "SampledData"; HL7 v2.5.1, 7.14.1.3 (NA) and 7.14.1.4 (MA)
 */
export function samplesOf(value: JsonValue): readonly JsonObject[] {
  const series = seriesOf(value)
  const words = wordsOf(series)
  if (!words.every((word) => DECIMAL.test(word))) return []
  const numbers = words.map((word) => measured(word, series))
  const dimensions = Number(series.dimensions ?? 1)
  const width = dimensions > 1 ? dimensions : numbers.length
  return Array.from({ length: Math.ceil(numbers.length / width) }, (_, at) => ({
    point: numbers.slice(at * width, (at + 1) * width),
  }))
}

/** The same in words, whatever they say. */
export function samplesText(value: JsonValue): string {
  const series = seriesOf(value)
  const words = wordsOf(series)
  return words.map((word) => (DECIMAL.test(word) ? measured(word, series) : word)).join(' ')
}

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/

function wordsOf({ data = '' }: Series): readonly string[] {
  return data.trim().split(/\s+/)
}

function measured(word: string, { origin, factor = 1 }: Series): string {
  const zero = origin?.value ?? 0
  if (Number(factor) === 1 && Number(zero) === 0) return word
  const places = Math.max(placesOf(word) + placesOf(factor), placesOf(zero))
  return (Number(word) * Number(factor) + Number(zero)).toFixed(places)
}

function placesOf(number: Decimal): number {
  return String(number).split('.')[1]?.length ?? 0
}

function seriesOf(value: JsonValue): Series {
  return (typeof value === 'object' && value !== null ? value : {}) as Series
}
