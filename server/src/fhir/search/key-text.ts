import type { TokenValue } from './values.ts'

/** The key strings of a search value, in the same words as the extractors write them (store/keys.ts). */

export function tokenKey(param: string, { system, code }: TokenValue): string {
  return `${param}=${fold(system === undefined ? code : `${system}|${code}`)}`
}

export function presenceKey(param: string): string {
  return `${param}:missing=false`
}

export function fold(text: string): string {
  return text.toLowerCase()
}

export function foldName(text: string): string {
  return text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase().replaceAll(/\s+/g, ' ').trim()
}
