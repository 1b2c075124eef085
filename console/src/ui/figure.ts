/** A count for people: `12,345` in English, `12 345` in French; Latin digits in every language, as clinical values have them. */
export function figure(count: number, language: string): string {
  return new Intl.NumberFormat(`${language}-u-nu-latn`).format(count)
}
