import type { JsonObject } from '../../kernel/json.ts'

/** One of several definitions with one url. */
export interface Edition {
  readonly resource: JsonObject
  readonly lastUpdated: number
}

/**
 * What a canonical without a version means: by version where all of them count, else by date, else by when it was written.
 *
 * @see FHIR R4, "Resource References", canonical: "should pick the latest version of the target resource"
 */
export function latestOf<Each extends Edition>(editions: readonly Each[]): Each | undefined {
  const areNumbered = editions.every((each) => NUMBERED.test(textAt(each, 'version')))
  return editions.toSorted(
    (a, b) =>
      (areNumbered ? byNumber(textAt(b, 'version'), textAt(a, 'version')) : 0) ||
      byText(textAt(b, 'date'), textAt(a, 'date')) ||
      b.lastUpdated - a.lastUpdated,
  )[0]
}

function textAt({ resource }: Edition, name: string): string {
  const text = resource[name]
  return typeof text === 'string' ? text : ''
}

const NUMBERED = /^v?(\d{1,15}(?:\.\d{1,15}){0,8})([-+].{1,100})?$/

/** `10.0` stands behind `9.1`, a release behind what is published ahead of it (`2.0.0-ballot`). */
function byNumber(a: string, b: string): number {
  const [first = '', second = ''] = [a, b].map((each) => NUMBERED.exec(each)?.[1])
  const these = first.split('.').map(Number)
  const those = second.split('.').map(Number)
  for (let at = 0; at < Math.max(these.length, those.length); at++) {
    const difference = (these[at] ?? 0) - (those[at] ?? 0)
    if (difference !== 0) return difference
  }
  return Number(isAhead(b)) - Number(isAhead(a))
}

function isAhead(version: string): boolean {
  return NUMBERED.exec(version)?.[2]?.startsWith('-') === true
}

function byText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
