import type { JsonObject, JsonValue } from '../../kernel/json.ts'

type Element = JsonValue | undefined

/** Types by which FHIR R4 names the variants of a choice that feeds write: `valueQuantity`, `effectivePeriod`. */
const VARIANT =
  /^([a-z][A-Za-z]*?)(?:Boolean|Integer|Decimal|String|Date|DateTime|Instant|Time|Timing|Period|Range|Ratio|Quantity|CodeableConcept|Reference|Age|SampledData)$/

/** `value` of `valueQuantity`; the name itself when it names no variant. */
export function choiceOf(name: string): string {
  return VARIANT.exec(name)?.[1] ?? name
}

/**
 * Of a choice a feed says one variant at a time: a number takes the place of the text "pending", a period that of its beginning.
 *
 * @param cleared may name a choice as a whole: `value`
 * @returns with all variants that the feed said before and does not say now among those that it deletes
 */
export function withoutOtherVariants<T extends Readonly<{ next: JsonObject; cleared: readonly string[] }>>(
  told: T,
  base: JsonObject | undefined,
): T {
  const said = new Set([...Object.keys(told.next).filter(isVariant).map(choiceOf), ...told.cleared])
  const others = Object.keys(base ?? {}).filter(
    (name) => isVariant(name) && told.next[name] === undefined && said.has(choiceOf(name)),
  )
  return others.length === 0 ? told : { ...told, cleared: [...new Set([...told.cleared, ...others])] }
}

function isVariant(name: string): boolean {
  return choiceOf(name) !== name
}

/** Variants that a merge would put beside a different one of somebody else: that one stays. @returns the choices, with their newcomers */
export function doubleVariants(
  merged: Readonly<Record<string, Element>>,
  current: JsonObject,
): readonly string[] {
  const choices = Map.groupBy(Object.keys(merged).filter(isVariant), choiceOf)
  return [...choices.values()].flatMap((names) =>
    names.length > 1 ? names.filter((name) => current[name] === undefined) : [],
  )
}
