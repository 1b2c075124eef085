import { boundedKey } from './bounded.ts'
import { isCaseSensitive } from './code-systems.ts'
import { foldCode } from './folding.ts'

/**
 * Key of a token search value. `system` undefined: any system (`code=x`); empty: only codings without system (`code=|x`); `code` empty:
 * every code of the system (`code=s|`).
 */
export function tokenKey(param: string, code: string, system?: string): string {
  return boundedKey(`${param}=${tokenForm(code, system)}`)
}

/** The part of a token key behind `=`. Case counts where the system says so, and is folded where it is unknown. */
export function tokenForm(code: string, system?: string): string {
  if (system === undefined) return barless(foldCode(code))
  return `${system}|${barless(isCaseSensitive(system) ? code : foldCode(code))}`
}

/** A bar inside of a code separates nothing: the code `s|c` (`code=s\|c`) is not the code `c` of the system `s`. */
function barless(code: string): string {
  return code.includes('|') ? code.replaceAll('|', BAR) : code
}

/** Of those characters that mean nothing to anybody. */
const BAR = '\uE07C'

/** `system|code|value` of `identifier:of-type`. */
export function ofTypeForm(type: {
  readonly system: string
  readonly code: string
  readonly value: string
}): string {
  return `${tokenForm(type.code, type.system)}|${tokenForm(type.value)}`
}
