const MARKS = /\p{M}+/gu
const BLANKS = /\s+/g

/**
 * The form in which names and texts are compared: lower case, no accents, single blanks.
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
  return text.normalize('NFD').replace(MARKS, '').replace(BLANKS, ' ').trim().toLowerCase().normalize('NFC')
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
