/** Accents, points and vowel marks that a reader may leave out. Not the vowel signs of other scripts, nor what makes another kana. */
const MARKS =
  /[[\p{Mn}&&[\p{Script=Inherited}\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}]]--[\u3099\u309A]]+/gv
/** What has no look of its own (joiners, soft hyphens), and the line that only stretches an Arabic word. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\u0640]+/gu
const BLANKS = /\s+/g
const APOSTROPHES = /[\u2018\u2019\u02BC\u02B9\u2032]/g
const HYPHENS = /[\u2010-\u2015\u2212]/g
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
 * The form in which names and texts are compared: without case and accents, compatible forms of a letter as one, typographic apostrophes and
 * hyphens as plain ones, single blanks.
 * Stored texts and search values must go through the same function.
 */
export function foldText(text: string): string {
  return isPlain(text) ? text.toLowerCase() : folded(text)
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
      .replace(APOSTROPHES, "'")
      .replace(HYPHENS, '-')
      .replace(BLANKS, ' ')
      .trim()
      // In upper case ß is SS and ı is I: both have the case folding of Unicode then.
      .toUpperCase()
      .toLowerCase()
      .replace(DRAWN_LETTERS, (letter) => BASE_LETTERS[letter] ?? letter)
      .normalize('NFC')
  )
}

/** ASCII without doubled, leading or trailing blanks: most names; nothing but the case is to be folded. */
function isPlain(text: string): boolean {
  let before = 32
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 126 || code < 32 || (code === 32 && before === 32)) return false
    before = code
  }
  return before !== 32
}
