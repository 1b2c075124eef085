import { boundedKey } from './bounded.ts'
import { foldCode } from './folding.ts'

/**
 * Key of a token search value. `system` undefined: any system (`code=x`); empty: only codings without system (`code=|x`); `code` empty:
 * every code of the system (`code=s|`).
 */
export function tokenKey(param: string, code: string, system?: string): string {
  return boundedKey(`${param}=${tokenForm(code, system)}`)
}

/** The part of a token key behind `=`. */
function tokenForm(code: string, system?: string): string {
  return system === undefined ? foldCode(code) : `${system}|${foldCode(code)}`
}

/** Key of `identifier:of-type=system|code|value`. */
export function ofTypeKey(
  param: string,
  type: { readonly system: string; readonly code: string; readonly value: string },
): string {
  return boundedKey(`${param}:of-type=${type.system}|${foldCode(type.code)}|${foldCode(type.value)}`)
}
