/** Accents, points and vowel marks that a reader may leave out. Not the vowel signs of other scripts, nor what makes another kana. */
const MARKS =
  /[[\p{Mn}&&[\p{Script=Inherited}\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}]]--[\u3099\u309A]]+/gv
/** What has no look of its own (joiners, soft hyphens), and the line that only stretches an Arabic word. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\u0640]+/gu
const BLANKS = /\s+/g
/** Punctuation, and what is typed in its place: accents that stand alone, letters that look like an apostrophe, the minus sign. */
const PUNCTUATION = /[\p{P}`\u02B9\u02BC\u2212]+/gu
/** Nothing but the case is to be folded: most names. */
const PLAIN = /^[A-Za-z0-9$+<=>^|~]+(?: [A-Za-z0-9$+<=>^|~]+)*$/
const ASCII = /^[ -~]*$/
/** Letters that Unicode does not take apart into a base letter and a mark, although readers do. */
const BASE_LETTERS: Readonly<Record<string, string>> = {
  ł: 'l',
  ø: 'o',
  đ: 'd',
  ħ: 'h',
  ŧ: 't',
  æ: 'ae',
  œ: 'oe',
  ς: 'σ',
}
const DRAWN_LETTERS = /[łøđħŧæœς]/g

/**
 * The form in which names and texts are compared: without case, accents and punctuation, compatible forms of a letter as one, single blanks.
 * Stored texts and search values must go through the same function.
 *
 * @returns punctuation only where there is nothing else
 * @see FHIR R4, "Search", string
 */
export function foldText(text: string): string {
  if (PLAIN.test(text)) return text.toLowerCase()
  const whole = ASCII.test(text) ? text.toLowerCase() : folded(text)
  return singleBlanks(whole.replace(PUNCTUATION, '')) || singleBlanks(whole)
}

function singleBlanks(text: string): string {
  return text.replace(BLANKS, ' ').trim()
}

const BETWEEN_PARTS = /[\s\p{Pd}]+(?=[^\s\p{Pd}])/gu
const MOST_PARTS = 8

/** What of a family name begins behind a blank or a hyphen: `quinones` of `Carreno Quinones`. @see FHIR R4, "Search", string */
export function laterParts(text: string): readonly string[] {
  const starts = [...text.matchAll(BETWEEN_PARTS)].slice(0, MOST_PARTS)
  return starts.map(({ index, 0: { length } }) => foldText(text.slice(index + length)))
}

/** The form in which codes are compared: lower case; what a code system says about case is verified on the resource. */
export function foldCode(code: string): string {
  return code.toLowerCase()
}

function folded(text: string): string {
  return (
    text
      .replaceAll('\u00B4', "'") // Taken apart it would be a blank with an accent.
      .normalize('NFKD')
      .replace(MARKS, '')
      .replace(UNSEEN, '')
      // In upper case ß is SS and ı is I: both have the case folding of Unicode then.
      .toUpperCase()
      .toLowerCase()
      .replace(DRAWN_LETTERS, (letter) => BASE_LETTERS[letter] ?? letter)
      .normalize('NFC')
  )
}
